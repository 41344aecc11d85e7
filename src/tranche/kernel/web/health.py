"""`/livez` says that the process runs, `/readyz` that it can serve; both are open and say nothing else."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from litestar import get
from litestar.handlers import HTTPRouteHandler

from tranche.kernel.errors import Unavailable
from tranche.kernel.web.auth import OPEN
from tranche.kernel.web.json import Out


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """`missing` is None when the server can serve, else a word: `database`, `migrations`, `worker`.

    `has_worker` says whether any worker of the installation has lately said that it lives.
    """

    missing: str | None
    has_worker: bool


Ready: TypeAlias = Callable[[], Readiness]


class Health(Out, frozen=True):
    """The process runs."""

    status: str


class ReadyOut(Out, frozen=True):
    """The server can serve; `worker` is `alive` when any worker was heard within 30 s, else `silent`."""

    status: str
    worker: str


@get("/livez", opt={OPEN: True})
async def livez() -> Health:
    """The process runs."""
    return Health(status="ok")


def readyz(find_missing: Callable[[], Awaitable[Readiness]]) -> HTTPRouteHandler:
    """The route that asks what is missing, as the server says it."""

    @get("/readyz", opt={OPEN: True})
    async def readyz() -> ReadyOut:
        """The process can serve: the database answers, with all its migrations; and whether a worker lives."""
        found = await find_missing()
        if found.missing is not None:
            raise Unavailable("The server cannot serve yet.", code=f"not_ready_{found.missing}", retry_after=2)
        return ReadyOut(status="ok", worker="alive" if found.has_worker else "silent")

    return readyz
