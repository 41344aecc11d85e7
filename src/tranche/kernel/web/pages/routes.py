"""Routing a page: `page` for one that is read, `form` for one that is sent; both are shut without a session."""

from collections.abc import Callable
from typing import Any, Final

from litestar import get, post
from litestar.handlers import HTTPRouteHandler

from tranche.kernel.context import Role
from tranche.kernel.web.auth import OPEN, PAGE, requires

_Decorator = Callable[[Callable[..., Any]], HTTPRouteHandler]

ANYBODY: Final = None


def page(path: str, *, role: Role | None = Role.VIEWER) -> _Decorator:
    """A page to read, for who has `role`; `role=ANYBODY` opens it to who is not signed in."""
    return get(path, opt=_opt(role), guards=_guards(role), include_in_schema=False, sync_to_thread=True)


def form(path: str, *, role: Role | None = Role.OPERATOR, opt: dict[str, Any] | None = None) -> _Decorator:
    """A form that is sent. It answers a redirect when all is done, and the page with its faults when it is not.

    A request from another site is refused. `opt={"upload": True}` lets a file come along.
    """
    return post(
        path,
        opt={**_opt(role), **(opt or {})},
        guards=_guards(role),
        include_in_schema=False,
        status_code=200,
        sync_to_thread=True,
    )


def _opt(role: Role | None) -> dict[str, Any]:
    return {PAGE: True, OPEN: role is ANYBODY}


def _guards(role: Role | None) -> list[Any]:
    return [] if role is None else [requires(role)]
