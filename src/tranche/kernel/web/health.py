"""`/livez` says that the process runs, `/readyz` that it can serve; both are open and say nothing else."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from litestar import get
from litestar.handlers import HTTPRouteHandler

from tranche.kernel.errors import Unavailable
from tranche.kernel.web.auth import OPEN
from tranche.kernel.web.json import Out

Ready: TypeAlias = Callable[[], str | None]
"""None when the server can serve, else a word for what is missing: `database`, `migrations`."""


class Health(Out, frozen=True):
    """The body of both."""

    status: str


@get("/livez", opt={OPEN: True})
async def livez() -> Health:
    """The process runs."""
    return Health(status="ok")


def readyz(find_missing: Callable[[], Awaitable[str | None]]) -> HTTPRouteHandler:
    """The route that asks what is missing, as `Ready` says it."""

    @get("/readyz", opt={OPEN: True})
    async def readyz() -> Health:
        """The process can serve: the database answers, and all its migrations are there."""
        reason = await find_missing()
        if reason is not None:
            raise Unavailable("The server cannot serve yet.", code=f"not_ready_{reason}", retry_after=2)
        return Health(status="ok")

    return readyz
