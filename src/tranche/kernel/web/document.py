"""The OpenAPI document as it goes out: areas, names that a generator can use, roles and scopes, kinds of files."""

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.serialization import default_serializer, encode_json

from tranche.kernel.context import Role
from tranche.kernel.web.auth import OPEN, SCOPE, needed_role
from tranche.kernel.web.headers import WAITS, headers_of, is_stream
from tranche.kernel.web.names import nice_names, operation_name, sentence_of, slug

Document = dict[str, Any]

_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_METHODS: Final = frozenset({"get", "put", "post", "patch", "delete"})
_OK, _ACCEPTED, _NO_CONTENT = "200", "202", "204"
_TEXTS: Final = frozenset({"application/json", "text/plain"})
_BINARY: Final = {"type": "string", "format": "binary"}
_REFERENCE: Final = re.compile(r"#/components/schemas/(.+)")
_PLACE: Final = re.compile(r"\{(\w+):\w+\}")
_OTHER: Final = "Other"
_building = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiArea:
    """A part of the API as the reference shows it: all addresses that begin with one of `prefixes`."""

    title: str
    about: str
    prefixes: tuple[str, ...]

    @property
    def slug(self) -> str:
        """Its name in an address."""
        return slug(self.title)


def whole_document(app: Litestar) -> Document:
    """The document of this application, made once."""
    with _building:
        found: Document | None = app.state.get("document")
        if found is None:
            raw = msgspec.json.decode(encode_json(app.openapi_schema.to_schema(), serializer=default_serializer))
            found = app.state["document"] = shape(raw, app, areas=app.state.get("areas", ()))
    return found


def shape(document: Document, app: Litestar, *, areas: Sequence[ApiArea]) -> Document:
    """The framework's document made fit for readers and for generators of clients."""
    handlers = dict(_handlers(app))
    for path, method, operation in operations_of(document):
        handler = handlers.get((method, path))
        _describe(operation, path, handler, areas)
        _settle_body(operation, handler)
        _settle_answers(operation, path, handler)
    _seal_bodies(document)
    document["tags"] = [{"name": area.title, "description": area.about} for area in areas]
    schemas = document["components"]["schemas"]
    names = nice_names(schemas)
    document = _renamed(document, names)
    document["components"]["schemas"] = {
        name: {**schema, "title": name} for name, schema in sorted(document["components"]["schemas"].items())
    }
    return document


def operations_of(document: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation of a document: address, method, and what is said of it."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield path, method, operation


def _describe(operation: dict[str, Any], path: str, handler: HTTPRouteHandler | None, areas: Sequence[ApiArea]) -> None:
    name = handler.handler_name if handler else str(operation["summary"])
    operation["summary"] = sentence_of(name)
    operation["operationId"] = operation_name(path, name)
    operation["tags"] = [_area_of(path, areas)]
    operation.pop("deprecated", None)
    if handler is None or handler.opt.get(OPEN):
        return
    operation["parameters"] = [*operation.get("parameters", []), *headers_of(handler, path)]
    operation["x-role"] = str(
        needed_role(handler) or (Role.VIEWER if handler.http_methods == {"GET"} else Role.OPERATOR)
    )
    if scope := handler.opt.get(SCOPE):
        operation["x-scope"] = scope


def _area_of(path: str, areas: Sequence[ApiArea]) -> str:
    """The area with the longest fitting beginning."""
    fitting = [
        (len(prefix), area.title)
        for area in areas
        for prefix in area.prefixes
        if path == prefix or path.startswith(f"{prefix}/")
    ]
    return max(fitting)[1] if fitting else _OTHER


def _settle_body(operation: dict[str, Any], handler: HTTPRouteHandler | None) -> None:
    """A body for which the route has a default may be left out."""
    field = handler.parsed_data_field if handler else None
    if field is not None and field.has_default:
        operation["requestBody"]["required"] = False


def _settle_answers(operation: dict[str, Any], path: str, handler: HTTPRouteHandler | None) -> None:
    opt = handler.opt if handler else {}
    responses = operation["responses"]
    if opt.get(WAITS) and _ACCEPTED in responses:
        responses.setdefault(_OK, {**responses[_ACCEPTED]})
    for status, answer in responses.items():
        if status.startswith("2"):
            answer["description"] = HTTPStatus(int(status)).phrase
            answer.pop("headers", None)
            answer["content"] = _settled(answer.get("content", {}), path)
    if is_stream(path):
        responses[_NO_CONTENT] = {"description": "What was seen last was the end"}


def _settled(content: dict[str, Any], path: str) -> dict[str, Any]:
    """What an answer holds, where the framework cannot tell."""
    if path.endswith("/export"):
        return {"text/csv": {"schema": {"type": "string"}}, _XLSX: {"schema": _BINARY}}
    if is_stream(path):
        return {"text/event-stream": {"schema": {"type": "string"}}}
    if path.endswith(".xlsx"):
        return {_XLSX: {"schema": _BINARY}}
    return {
        media or "application/octet-stream": about if media in _TEXTS else {"schema": _BINARY}
        for media, about in content.items()
    }


def _seal_bodies(document: Document) -> None:
    """A body takes the fields that it names and no others."""
    for _, _, operation in operations_of(document):
        for about in operation.get("requestBody", {}).get("content", {}).values():
            _seal(document, about["schema"])


def _seal(document: Document, schema: dict[str, Any]) -> None:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        if schema.get("additionalProperties") is False:
            return
    if "properties" in schema:
        schema.setdefault("additionalProperties", False)
    inner = [*schema.get("properties", {}).values(), *schema.get("oneOf", ()), *schema.get("anyOf", ())]
    for one in [*inner, schema["items"]] if "items" in schema else inner:
        _seal(document, one)


def _handlers(app: Litestar) -> Iterator[tuple[tuple[str, str], HTTPRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                for method in handler.http_methods:
                    yield (str(method).lower(), _PLACE.sub(r"{\1}", route.path)), handler


def _renamed(node: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401  # any part of a JSON document
    if isinstance(node, dict):
        renamed = {key: _renamed(value, names) for key, value in node.items()}
        if "schemas" in renamed and "securitySchemes" in renamed:
            renamed["schemas"] = {names.get(name, name): schema for name, schema in renamed["schemas"].items()}
        return renamed
    if isinstance(node, list):
        return [_renamed(value, names) for value in node]
    if isinstance(node, str) and (found := _REFERENCE.fullmatch(node)):
        return f"#/components/schemas/{names.get(found[1], found[1])}"
    return node
