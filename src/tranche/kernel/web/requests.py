"""What every request carries beside its body: its id, its caller, its parameters."""

import secrets
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from litestar import Request
from litestar.di import NamedDependency
from litestar.types import Scope

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import FieldError, Invalid, Unauthorized
from tranche.kernel.text import rank

AnyRequest: TypeAlias = Request[Any, Any, Any]

BIGGEST_INTEGER = 2**63 - 1
LONGEST_TEXT = 300

_WIDEST_OFFSET = timedelta(hours=15, minutes=59)


def request_id(scope: Scope) -> str:
    """The id of this request, made when it is first asked for; it stands in logs, errors and X-Request-Id."""
    state = scope.setdefault("state", {})
    if "request_id" not in state:
        state["request_id"] = secrets.token_hex(8)
    return str(state["request_id"])


def provide_context(request: AnyRequest, database: NamedDependency[Database]) -> Context:
    """The caller of this request, as the gate found it; handlers take it as `ctx: NamedDependency[Context]`.

    The database is asked for so that it comes before: what stands side by side the framework resolves in a group of
    tasks, which costs more than all else that is done to a request before its verb.
    """
    del database
    context = request.scope["state"].get("context")
    if not isinstance(context, Context):
        raise Unauthorized("This address needs an API key.")
    return context


def allow_query(request: AnyRequest, allowed: Collection[str]) -> None:
    """Refuse query parameters that the route does not know, and any that is given twice.

    Raises:
        Invalid: names the parameter; of an unknown one it lists those that there are, the nearest first.
    """
    seen: set[str] = set()
    for name, _ in request.query_params.multi_items():
        if name not in allowed:
            known = ", ".join(rank(name, {one: (one,) for one in sorted(allowed)})) or "none"
            raise invalid_parameter(name, f"is not a parameter of this address; it takes: {known}", code="unknown")
        if name in seen:
            raise invalid_parameter(name, "is given more than once", code="duplicate")
        seen.add(name)


def read_whole(request: AnyRequest, name: str, *, least: int = 1, most: int = BIGGEST_INTEGER) -> int | None:
    """A whole number from the query, None when it is absent.

    Raises:
        Invalid: it is no whole number or lies outside its limits.
    """
    text = request.query_params.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(BIGGEST_INTEGER))):
        raise invalid_parameter(name, f"must be a whole number from {least} to {most}")
    value = int(text)
    if not least <= value <= most:
        raise invalid_parameter(name, f"must be a whole number from {least} to {most}")
    return value


def is_moment(value: datetime) -> bool:
    """Whether it says its zone, and is a moment that databases and calendars hold: in UTC of the years 1 to 9999."""
    offset = value.utcoffset()
    if offset is None or abs(offset) > _WIDEST_OFFSET:
        return False
    try:
        value.astimezone(UTC)
    except OverflowError:
        return False
    return True


def read_choice(request: AnyRequest, name: str, *, choices: Collection[str]) -> str | None:
    """One of some fixed words from the query, None when it is absent.

    Raises:
        Invalid: it is another word; the message lists the right ones.
    """
    text = request.query_params.get(name)
    if text is not None and text not in choices:
        raise invalid_parameter(name, f"must be one of {', '.join(filter(None, choices))}")
    return text


def read_text(request: AnyRequest, name: str, *, longest: int = LONGEST_TEXT, least: int = 0) -> str | None:
    """A text from the query, None when it is absent.

    Raises:
        Invalid: it is too long or too short, or holds the character NUL.
    """
    given: str | None = request.query_params.get(name)
    if given is None:
        return None
    if not least <= len(given) <= longest:
        raise invalid_parameter(name, f"must have {least} to {longest} characters")
    if "\0" in given:
        raise invalid_parameter(name, "must not hold the character NUL")
    return given


def read_flag(request: AnyRequest, name: str, *, default: bool = False) -> bool:
    """`true` or `false` from the query.

    Raises:
        Invalid: it is anything else.
    """
    text = read_choice(request, name, choices=("true", "false"))
    return default if text is None else text == "true"


def invalid_parameter(name: str, detail: str, *, code: str = "invalid") -> Invalid:
    """The refusal of one query parameter or header, by its name."""
    return Invalid(f"{name} {detail}.", errors=[FieldError(name, detail, code)])
