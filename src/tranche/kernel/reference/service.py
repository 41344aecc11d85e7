"""The reference of an application, read from its OpenAPI document once per process."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from litestar import Litestar

from tranche.kernel.reference.domain import Answer, Area, Content, Parameter, Reference, Route
from tranche.kernel.reference.examples import Examples, curl
from tranche.kernel.reference.fields import Schema, Schemas, text_of
from tranche.kernel.web.document import operations_of, whole_document
from tranche.kernel.web.names import slug

_STATE: Final = "reference"
_AROUND: Final = frozenset({"data", "message", "metadata", "success"})


def find_reference(app: Litestar) -> Reference:
    """The reference of this application."""
    found: Reference | None = app.state.get(_STATE)
    if found is None:
        found = app.state[_STATE] = read_reference(whole_document(app))
    return found


def read_reference(document: Mapping[str, Any]) -> Reference:
    """The reference from a document; areas stand in the order of its tags, routes in that of their addresses."""
    reader = _Reader(document)
    routes: dict[str, list[Route]] = {}
    for path, method, operation in operations_of(dict(document)):
        routes.setdefault(operation["tags"][0], []).append(reader.route(path, method.upper(), operation))
    told = {tag["name"]: tag["description"] for tag in document["tags"]}
    return Reference(
        areas=[
            Area(slug=slug(name), title=name, about=told.get(name, ""), routes=sorted(routes[name], key=_place))
            for name in [*told, *(name for name in routes if name not in told)]
            if name in routes
        ]
    )


def _place(route: Route) -> tuple[str, int]:
    return route.path, ("GET", "POST", "PUT", "PATCH", "DELETE").index(route.method)


class _Reader:
    """Reads one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._schemas = Schemas(document)
        self._examples = Examples(self._schemas)

    def route(self, path: str, method: str, operation: Mapping[str, Any]) -> Route:
        """One operation as the page shows it."""
        body = self._body(operation)
        role = operation.get("x-role", "")
        media, schema = _first(operation.get("requestBody", {}).get("content", {}))
        parameters = [self._parameter(one) for one in operation.get("parameters", ())]
        return Route(
            id=operation["operationId"],
            method=method,
            path=path,
            title=operation["summary"],
            text=text_of(operation.get("description", "")),
            role=role,
            scope=operation.get("x-scope", ""),
            parameters=parameters,
            body=body,
            answers=[
                self._answer(status, answer)
                for status, answer in operation["responses"].items()
                if status.startswith("2")
            ],
            errors=sorted(status for status in operation["responses"] if not status.startswith("2")),
            curl=curl(
                method,
                _filled(path, parameters),
                media=media,
                example=self._examples.value(schema),
                is_open=not role,
                query=[f"{one.field.name}=…" for one in parameters if one.place == "query" and one.field.is_required],
            ),
        )

    def _parameter(self, parameter: Mapping[str, Any]) -> Parameter:
        schema = {**parameter.get("schema", {})}
        schema.pop("pattern", None)  # its description says the same in words
        if "description" in parameter:
            schema["description"] = parameter["description"]
        field = self._schemas.field(parameter["name"], schema, is_required=bool(parameter.get("required")))
        return Parameter(field=field, place=parameter["in"])

    def _body(self, operation: Mapping[str, Any]) -> Content | None:
        media, schema = _first(operation.get("requestBody", {}).get("content", {}))
        return None if media is None else self._content(media, schema)

    def _answer(self, status: str, answer: Mapping[str, Any]) -> Answer:
        contents = [
            self._content(media, content.get("schema", {})) for media, content in answer.get("content", {}).items()
        ]
        return Answer(status=status, phrase=HTTPStatus(int(status)).phrase, contents=contents)

    def _content(self, media: str, schema: Schema) -> Content:
        _, found, _ = self._schemas.core(schema)
        inside = found.get("properties", {})
        is_enveloped = inside.keys() >= _AROUND
        shown: Schema = inside["data"] if is_enveloped else schema
        _, core, _ = self._schemas.core(shown)
        is_json = media.endswith("json")
        return Content(
            media=media,
            fields=list(self._schemas.rows(shown)),
            example=self._examples.json_of(schema) if is_json else "",
            is_enveloped=is_enveloped,
            is_list=core.get("type") == "array",
        )


def _filled(path: str, parameters: Sequence[Parameter]) -> str:
    """The address with something in each place: 1 for a number, else the name in capitals."""
    for one in parameters:
        if one.place == "path":
            value = "1" if one.field.type.startswith("whole number") else one.field.name.upper()
            path = path.replace(f"{{{one.field.name}}}", value)
    return path


def _first(content: Mapping[str, Any]) -> tuple[str | None, Schema]:
    for media, one in content.items():
        return media, one.get("schema", {})
    return None, {}
