"""`/livez` says that the process runs, `/readyz` that it can serve; both are open and say nothing else."""

from collections.abc import Callable
from typing import TypeAlias

from litestar import get
from litestar.handlers import HTTPRouteHandler

from tranche.kernel.errors import Unavailable
from tranche.kernel.web.auth import OPEN
from tranche.kernel.web.json import Out
from tranche.kernel.web.threads import Lane

Ready: TypeAlias = Callable[[], str | None]
"""None when the server can serve, else a word for what is missing: `database`, `migrations`."""


class Health(Out, frozen=True):
    """The body of both."""

    status: str


@get("/livez", opt={OPEN: True})
async def livez() -> Health:
    """The process runs."""
    return Health(status="ok")


def readyz(ready: Ready, lane: Lane) -> HTTPRouteHandler:
    """The route that asks `ready`, in a thread that requests cannot keep busy."""

    @get("/readyz", opt={OPEN: True})
    async def readyz() -> Health:
        reason = await lane.run(ready)
        if reason is not None:
            raise Unavailable("The server cannot serve yet.", code=f"not_ready_{reason}", retry_after=2)
        return Health(status="ok")

    return readyz
