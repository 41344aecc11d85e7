"""Requests that nobody should send, made from the OpenAPI description: for every route, parameter and field."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

LONE_SURROGATE = "\ud800"
_NESTED = b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
_NO_OBJECTS = (b"", b"{", b"[]", b"null", b"NaN", b'"x"', b"1e999", b"\xff\xfe", b'{"a":1,}', _NESTED)
_NO_IDS = ("0", "-1", str(2**31), str(2**63), str(10**40), "abc", "1e3", "1.5", "%00", "%F0%9F%98%80", "..%2F1", "٣")
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
    if "application/json" in content:
        schema = content["application/json"]["schema"]
        # Where all is optional a body may be left out.
        bodies = _NO_OBJECTS if resolved(description, schema).get("required") else _NO_OBJECTS[1:]
        for body in bodies:
            yield Request(method=method, path=plain, body=body, refused=True, shown=repr(body[:20]))
        for sent, names in _values(description, schema):
            body = json.dumps(sent).encode()
            refused = names is not None
            yield Request(method=method, path=plain, body=body, refused=refused, names=names, shown=repr(body[:100]))


def _queries(path: str) -> Iterator[Request]:
    yield Request(method="GET", path=path, query=(("nobodyKnowsThis", "1"),))
    for name in ("page", "limit", "per_page", "size", "sort", "search", "status", "from", "cursor"):
        for value in (*_NO_PAGES, "1001", "name; DROP TABLE orders", "%_\\", "2025-02-29", "2026-01-01"):
            yield Request(method="GET", path=path, query=((name, value),))
        yield Request(method="GET", path=path, query=((name, "1"), (name, "2")))


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
        yield "\x00", name
        yield "a\x00b", name
        yield LONE_SURROGATE, ""  # no JSON at all (RFC 8259, section 8.2), so nothing in it has a name
        for text in ("", " ", "x" * 100_000, "a\r\nb", "<script>", "' OR 1=1 --", "%_\\", "../../etc/passwd"):
            yield text, None
    if kinds & {"integer", "number"}:
        for number in (0, -1, 2**31, 2**53 + 1):
            yield number, None


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
