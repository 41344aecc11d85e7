"""Requests that nobody should send, made from the OpenAPI description: for every route, parameter and field."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

LONE_SURROGATE = "\ud800"
_NESTED = b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
_NO_OBJECTS = (b"", b"{", b"[]", b"null", b"NaN", b'"x"', b"1e999", b"\xff\xfe", b'{"a":1,}', _NESTED)
_NO_IDS = ("0", "-1", str(2**31), str(2**63), str(10**40), "abc", "1e3", "1.5", "%00", "%F0%9F%98%80", "..%2F1", "٣")
_FORM = "multipart/form-data"
_BOUNDARY = "a-line-between-parts"
_NO_MAPPINGS = (
    "{", "[]", "null", "NaN", "1e999", '"orderId"', '{"nobodyKnowsThis": "x"}', '{"orderId": 5}',
    '{"orderId": "a\\u0000"}', '{"orderId": "\\ud800"}', '{"orderId": ' + "[" * 40_000,
    '{"orderId": ' + "[" * 10_000 + "]" * 10_000 + "}",
)  # fmt: skip
_RAW = "raw:"
_NO_NUMBERS = (f"{_RAW}1e999", f"{_RAW}-1e999", 10**400)
_NO_MOMENTS = (
    "2000-01-01T00:00:00+16:00",
    "9999-12-31T23:59:59-05:00",
    "0001-01-01T00:00:00+05:00",
    "2026-01-01T00:00:00",
    "2025-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "yesterday",
    "",
)
_NO_DAYS = ("2025-02-29", "1.3.2026", "2026-13-01", "today", "")
_NO_PAGES = ("0", "-1", "1.5", "abc", "", str(2**63), "1e3", "٣")
_OTHER_TYPES: Mapping[str, tuple[object, ...]] = {
    "string": (5, True, [], {}),
    "integer": ("1", 1.5, True, [], {}, 2**63, -(2**63) - 1, 10**400),
    "number": ("1.5", True, [], {}),
    "boolean": ("true", 1, [], {}),
    "array": ({}, "x", 1),
    "object": ([], "x", 1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. `refused` says that nothing but 400 will do, `names` what its errors must point at."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    media: str = "application/json"
    refused: bool = False
    names: str | None = None
    shown: str = field(default="", compare=False)


def requests(description: Mapping[str, Any]) -> Iterator[Request]:
    """All of them; none of the described ones is valid in what it says is refused."""
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            if path.startswith(("/api/", "/functions/")):
                yield from _of_route(description, path, method.upper(), operation)


def _of_route(
    description: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]
) -> Iterator[Request]:
    in_path = [one["name"] for one in operation.get("parameters", []) if one["in"] == "path"]
    unknown = dict.fromkeys(in_path, "999999")
    content = operation.get("requestBody", {}).get("content", {})
    for name in in_path:
        for value in _NO_IDS:
            body = b"{}" if "application/json" in content else None
            yield Request(method=method, path=path.format(**{**unknown, name: value}), body=body)
    plain = path.format(**unknown)
    if method == "GET":
        yield from _queries(plain)
    yield from _parameters(method, plain, operation, is_refused=not in_path and not content)
    if _FORM in content:
        yield from _forms(plain, is_refused=not in_path)
    if "application/json" in content:
        schema = content["application/json"]["schema"]
        # Where all is optional a body may be left out.
        bodies = _NO_OBJECTS if resolved(description, schema).get("required") else _NO_OBJECTS[1:]
        for body in bodies:
            yield Request(method=method, path=plain, body=body, refused=True, shown=repr(body[:20]))
        for sent, names in _values(description, schema):
            body = _written(sent)
            refused = names is not None
            yield Request(method=method, path=plain, body=body, refused=refused, names=names, shown=repr(body[:100]))


def _queries(path: str) -> Iterator[Request]:
    yield Request(method="GET", path=path, query=(("nobodyKnowsThis", "1"),))
    for name in ("page", "limit", "per_page", "size", "sort", "search", "status", "from", "cursor"):
        for value in (*_NO_PAGES, "1001", "name; DROP TABLE orders", "%_\\", "2025-02-29", "2026-01-01"):
            yield Request(method="GET", path=path, query=((name, value),))
        yield Request(method="GET", path=path, query=((name, "1"), (name, "2")))


def _forms(path: str, *, is_refused: bool) -> Iterator[Request]:
    """Uploads without a file, and with mappings that are none."""
    head = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; name="
    file = f'{head}"file"; filename="a.csv"\r\n\r\norderId,quantity\n1,1\n\r\n'
    bodies: list[tuple[str | None, str]] = [
        ("file", f'{head}"mapping"\r\n\r\n{{}}\r\n'),
        ("nobodyKnowsThis", f'{file}{head}"nobodyKnowsThis"\r\n\r\nx\r\n'),
    ]
    bodies += [(None, f'{file}{head}"mapping"\r\n\r\n{text}\r\n') for text in _NO_MAPPINGS]
    for names, body in bodies:
        yield Request(
            method="POST",
            path=path,
            body=f"{body}--{_BOUNDARY}--\r\n".encode(),
            media=f"{_FORM}; boundary={_BOUNDARY}",
            refused=is_refused,
            names=names if is_refused else None,
            shown=body[-100:],
        )


def _parameters(method: str, path: str, operation: Mapping[str, Any], *, is_refused: bool) -> Iterator[Request]:
    """For every parameter of the query what it cannot be. An unknown id in the address may be told before."""
    told = [one for one in operation.get("parameters", []) if one["in"] == "query"]
    needed = {one["name"]: one["schema"].get("enum", ["1"])[0] for one in told if one.get("required")}
    for one in told:
        name = one["name"]
        others = tuple((other, value) for other, value in needed.items() if other != name)
        for values in (*((value,) for value in _no_values(one["schema"])), ("1", "1")):
            yield Request(
                method=method,
                path=path,
                query=(*others, *((name, value) for value in values)),
                refused=is_refused,
                names=name if is_refused else None,
            )


def _no_values(schema: Mapping[str, Any]) -> Iterator[str]:
    if "enum" in schema or "pattern" in schema:
        known = schema.get("enum", ())
        yield from (text for text in ("", "nobodyKnowsThis", "%_\\", "'; DROP TABLE orders") if text not in known)
    elif schema.get("type") == "integer":
        low, high = int(schema["minimum"]) - 1, int(schema["maximum"]) + 1
        yield from (str(low), str(high), "-1", "abc", "1.5", "1e3", "", "٣", str(10**40))
    elif schema.get("type") == "boolean":
        yield from ("", "1", "True", "yes")
    elif schema.get("type") == "number":
        yield from ("", "NaN", "Infinity", "1e999", "0.00001", "abc")
    elif "format" in schema:
        yield from _NO_MOMENTS if schema["format"] == "date-time" else _NO_DAYS
    elif "maxLength" in schema:
        yield "x" * (schema["maxLength"] + 1)


def _written(sent: object) -> bytes:
    """As JSON, with numbers that Python cannot hold."""
    return re.sub(rf'"{_RAW}([^"]*)"', r"\1", json.dumps(sent)).encode()


def _values(description: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Bodies, each with the name that its refusal must point at, "" for no name, None where it may be taken."""
    schema = resolved(description, schema)
    base = sample(description, schema)
    if not isinstance(base, dict):
        return
    yield {**base, "nobodyKnowsThis": 1}, "nobodyKnowsThis"
    for name in schema.get("required", ()):
        yield {key: value for key, value in base.items() if key != name}, name
    for name, shape in schema.get("properties", {}).items():
        for value, names in _instead(name, _kinds(description, shape)):
            yield {**base, name: value}, names
        for value in _no_moments(shapes(description, shape)):
            yield {**base, name: value}, name
        for leaf in shapes(description, shape):
            for value, names in _values(description, leaf) if leaf.get("properties") else ():
                yield {**base, name: value}, names


def _instead(name: str, kinds: set[str]) -> Iterator[tuple[object, str | None]]:
    """Values for a field of these kinds, each with the name that its refusal must point at, as above."""
    for kind in kinds:
        for value in _OTHER_TYPES.get(kind, ()):
            if _kind_of(value) not in kinds or (kind == "integer" and isinstance(value, int)):
                yield value, name
    if "string" in kinds:
        yield from _texts(name)
    if kinds & {"integer", "number"}:
        yield from _numbers(name, kinds)


def _texts(name: str) -> Iterator[tuple[object, str | None]]:
    yield "\x00", name
    yield "a\x00b", name
    yield LONE_SURROGATE, ""  # no JSON at all (RFC 8259, section 8.2), so nothing in it has a name
    for text in ("", " ", "x" * 100_000, "a\r\nb", "<script>", "' OR 1=1 --", "%_\\", "../../etc/passwd"):
        yield text, None


def _numbers(name: str, kinds: set[str]) -> Iterator[tuple[object, str | None]]:
    if "string" not in kinds:
        yield from ((value, name) for value in _NO_NUMBERS)
        yield f"{_RAW}NaN", ""
    for number in (0, -1, 2**31, 2**53 + 1):
        yield number, None


def _no_moments(leaves: list[Mapping[str, Any]]) -> Iterator[str]:
    """What a field that takes a moment or a day, and no other text, cannot be."""
    formats = {leaf.get("format") for leaf in leaves if leaf.get("type") == "string" or "format" in leaf}
    if formats == {"date-time"}:
        yield from _NO_MOMENTS
    elif formats == {"date"}:
        yield from _NO_DAYS


def resolved(description: Mapping[str, Any], shape: Mapping[str, Any]) -> Mapping[str, Any]:
    """The shape itself, where the description only refers to it."""
    while "$ref" in shape:
        shape = description["components"]["schemas"][shape["$ref"].rsplit("/", 1)[-1]]
    return shape


def shapes(description: Mapping[str, Any], shape: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Each of the shapes that will do."""
    shape = resolved(description, shape)
    parts = shape.get("anyOf") or shape.get("oneOf")
    return [leaf for part in parts for leaf in shapes(description, part)] if parts else [shape]


def _kinds(description: Mapping[str, Any], shape: Mapping[str, Any]) -> set[str]:
    kinds: set[str] = set()
    for leaf in shapes(description, shape):
        kind = leaf.get("type") or ("string" if "enum" in leaf else "any")
        kinds |= set(kind) if isinstance(kind, list) else {kind}
    return kinds


def _kind_of(value: object) -> str:
    kinds = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array"))
    return next((kind for python, kind in kinds if isinstance(value, python)), "object")


def sample(description: Mapping[str, Any], shape: Mapping[str, Any]) -> object:
    """The least that such a body may hold."""
    leaf = next(leaf for leaf in shapes(description, shape) if leaf.get("type") != "null")
    if leaf.get("enum"):
        return leaf["enum"][0]
    if leaf.get("properties") is not None:
        return {name: sample(description, leaf["properties"][name]) for name in leaf.get("required", ())}
    kind = leaf.get("type", "string")
    samples: dict[str, object] = {"string": "x", "integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}
    return samples[kind[0] if isinstance(kind, list) else kind]
