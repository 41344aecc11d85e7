"""Every route of the application as it was put together, with who may call it and what it wants."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from litestar import Litestar
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from tranche.kernel.context import Role
from tranche.kernel.web.auth import OPEN, PAGE, SCOPE, Requires

PARAMETER: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method at one address. `role` is the least that may call it; None is open to everybody."""

    method: str
    path: str
    role: Role | None
    scope: str | None
    is_page: bool
    handler: HTTPRouteHandler

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[str]:
        return PARAMETER.findall(self.path)

    @property
    def media(self) -> str | None:
        """How its body is written, None where it takes none."""
        field = self.handler.parsed_data_field
        if field is None:
            return None
        kind = getattr(field.kwarg_definition, "media_type", RequestEncodingType.JSON)
        return str(getattr(kind, "value", kind))

    def fields(self) -> tuple[str, ...]:
        """The names in its form."""
        field = self.handler.parsed_data_field
        return () if field is None else tuple(field.annotation.__struct_encode_fields__)


def routes(app: Litestar) -> list[Route]:
    """All there are, in the order of their addresses; the description of the API is no route of ours."""
    found = (route for one in app.routes if isinstance(one, HTTPRoute) for route in _routes(one))
    return sorted(found, key=lambda route: (route.is_page, route.path, route.method))


def _routes(route: HTTPRoute) -> Iterator[Route]:
    for handler in route.route_handlers:
        for method in sorted(handler.http_methods - {"HEAD", "OPTIONS"}):
            if not route.path_format.startswith("/schema"):
                yield Route(
                    method=method,
                    path=route.path_format,
                    role=_role(handler, method),
                    scope=handler.opt.get(SCOPE),
                    is_page=bool(handler.opt.get(PAGE)),
                    handler=handler,
                )


def _role(handler: HTTPRouteHandler, method: str) -> Role | None:
    if handler.opt.get(OPEN):
        return None
    named: list[Role] = [guard.role for guard in handler.resolve_guards() if isinstance(guard, Requires)]
    if named:
        return max(named, key=list(Role).index)
    return Role.VIEWER if method == "GET" else Role.OPERATOR
