"""The request headers of the API, as its description tells them."""

from collections.abc import Iterator
from typing import Any, Final

from litestar.handlers import HTTPRouteHandler

from tranche.kernel.web.auth import BRANCH_HEADER, OPEN, READING
from tranche.kernel.web.idempotency import HEADER as KEY_HEADER
from tranche.kernel.web.idempotency import LONGEST_KEY

# What a route says of itself in its `opt`.
WAITS: Final = "waits"  # it heeds `Prefer: wait=N`
KEEPS_NOTHING: Final = "keeps nothing"  # it is asked by POST and changes nothing that a second request could repeat


def headers_of(handler: HTTPRouteHandler, path: str) -> Iterator[dict[str, Any]]:
    """The headers that a route reads, beside the one by which its caller is known."""
    if handler.opt.get(OPEN):
        return
    yield _header(
        BRANCH_HEADER.title(),
        "The branch to work in; without it that of the API key counts.",
        {"type": "integer", "minimum": 1},
    )
    if handler.http_methods.isdisjoint(READING) and not handler.opt.get(KEEPS_NOTHING):
        yield _header(
            KEY_HEADER,
            "A text of your own: the same request under the same key has one effect.",
            {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": r"^[\x20-\x7e]*$"},
        )
    if handler.opt.get(WAITS):
        yield _header("Prefer", "`wait=N` holds the answer until the end, for N seconds at most.", {"type": "string"})
    if is_stream(path):
        yield _header("Last-Event-ID", "The id of the last event that was seen.", {"type": "string"})


def is_stream(path: str) -> bool:
    """Whether events come from there, for as long as somebody listens."""
    return path.endswith("/events")


def _header(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}
