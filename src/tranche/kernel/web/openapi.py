"""The OpenAPI document: what it is called, how one signs in, what every error looks like."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Response, Router
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, OpenAPIType, Operation, Parameter, Schema, SecurityScheme

from tranche import __version__
from tranche.kernel.web.auth import OPEN, READING
from tranche.kernel.web.document import whole_document
from tranche.kernel.web.errors import PROBLEM_JSON, Problem
from tranche.kernel.web.pagination import LAST_PAGE, MOST_PER_PAGE
from tranche.kernel.web.requests import BIGGEST_INTEGER, LONGEST_TEXT, AnyRequest

LONGEST_CURSOR: Final = 2_000
LONGEST_MAPPING: Final = 4_000

_ALWAYS: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_WHEN_CHANGING: Final = (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
_WITH_BODY: Final = (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


class _Shaped(JsonRenderPlugin):
    """Serves the document as `kernel.web.document` shapes it."""

    def render(self, request: AnyRequest, openapi_schema: dict[str, Any]) -> bytes:
        del openapi_schema
        return msgspec.json.encode(whole_document(request.app))


def openapi_config() -> OpenAPIConfig:
    """Served at /schema/openapi.json, open to everyone."""
    return OpenAPIConfig(
        title="Tranche",
        version=__version__,
        description="Bulk back-office work without a lost item.",
        security=[{"bearer": []}],
        components=Components(
            security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", description="An API key.")}
        ),
        use_handler_docstrings=True,
        render_plugins=[_Shaped()],
        openapi_router=Router(
            "/schema", route_handlers=[], include_in_schema=False, opt={OPEN: True}, after_request=_refuse_pages
        ),
    )


def document_errors(handler: HTTPRouteHandler) -> None:
    """Add the error body to a route's responses; what the route says itself stays."""
    own = dict(handler.responses or {})
    handler.responses = {**{status: _problem(status) for status in _statuses(handler)}, **own}
    if handler.opt.get(OPEN):
        handler.security = [{}]


def answers(status: HTTPStatus, container: Any) -> dict[int, ResponseSpec]:  # noqa: ANN401  # a type, or some
    """The `responses` of a route that answers this too, beside what it says by its type."""
    return {status: ResponseSpec(data_container=container, generate_examples=False, description=status.phrase)}


def refuses(*statuses: HTTPStatus) -> dict[int, ResponseSpec]:
    """The `responses` of a route that has refusals beside the usual ones."""
    return {status: _problem(status) for status in statuses}


def takes(*parameters: Parameter) -> type[Operation]:
    """The `operation_class` of a route that reads these from its query and headers by `kernel.web.requests`."""

    @dataclass
    class Taking(Operation):
        def __post_init__(self) -> None:
            self.parameters = [*(self.parameters or []), *parameters]

    return Taking


def whole(
    name: str, description: str, *, least: int = 1, most: int = BIGGEST_INTEGER, required: bool = False
) -> Parameter:
    """A whole number in the query."""
    schema = Schema(type=OpenAPIType.INTEGER, minimum=least, maximum=most)
    return given(name, description, schema, required=required)


def choice(name: str, description: str, *, choices: Collection[str], required: bool = False) -> Parameter:
    """One of some words in the query."""
    schema = Schema(type=OpenAPIType.STRING, enum=[str(word) for word in choices])
    return given(name, description, schema, required=required)


def text(name: str, description: str, *, longest: int = LONGEST_TEXT) -> Parameter:
    """Any text in the query."""
    return given(name, description, Schema(type=OpenAPIType.STRING, max_length=longest))


def flag(name: str, description: str) -> Parameter:
    """`true` or `false` in the query."""
    return choice(name, description, choices=("true", "false"))


def usual(*names: str) -> Sequence[Parameter]:
    """Parameters that mean the same wherever they stand.

    Raises:
        KeyError: one of them has no usual meaning.
    """
    return [_USUAL[name] for name in names]


def given(name: str, description: str, schema: Schema, *, required: bool = False) -> Parameter:
    """Anything in the query that a schema can tell."""
    return Parameter(name=name, param_in="query", description=description or None, schema=schema, required=required)


_USUAL: Final[Mapping[str, Parameter]] = {
    parameter.name: parameter
    for parameter in (
        whole("page", "The number of the page.", most=LAST_PAGE),
        whole("limit", "How many to a page.", most=MOST_PER_PAGE),
        whole("operationId", "The operation that they belong to."),
        text("cursor", "A page by its place: what the answer names as next.", longest=LONGEST_CURSOR),
        text("mapping", "The mapping as JSON, where it does not stand in the form.", longest=LONGEST_MAPPING),
        text("code", "Only what failed for this reason, by its code."),
        text("column", "Only faults of this column."),
        text("search", "How it begins."),
        text("target", "Only what brings in this kind of thing."),
    )
}


def _statuses(handler: HTTPRouteHandler) -> Sequence[HTTPStatus]:
    changing = handler.http_methods.isdisjoint(READING)
    has_body = handler.parsed_data_field is not None
    return (*_ALWAYS, *(_WHEN_CHANGING if changing else ()), *(_WITH_BODY if has_body else ()))


def _problem(status: HTTPStatus) -> ResponseSpec:
    return ResponseSpec(
        data_container=Problem,
        generate_examples=False,
        description=status.phrase,
        media_type=PROBLEM_JSON,
    )


async def _refuse_pages(response: Response[Any]) -> Response[Any]:
    """The framework answers unknown addresses under /schema with a page; ours are all alike."""
    if response.status_code == HTTPStatus.NOT_FOUND:
        raise NotFoundException
    return response
