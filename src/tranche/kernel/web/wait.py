"""`Prefer: wait=N`: hold an answer until its operation is finished, without holding a thread.

A route that has just made an operation ends with `Waiting(...).answer(...)`, or goes on like this:

    if seconds := preferred_wait(request):
        state = await wait_finished(hub, ctx, operation_id=operation_id, seconds=seconds)
        if state.finished:
            ...  # answer 200 with the finished thing and applied(seconds) among the headers
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from litestar.concurrency import sync_to_thread

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.web.json import JsonResponse, encode
from tranche.kernel.web.requests import AnyRequest
from tranche.kernel.web.stream import Hub, State

LONGEST_WAIT: Final = 30

_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})\"?\s*(?:$|[,;])", re.IGNORECASE)


def preferred_wait(request: AnyRequest) -> int:
    """How many seconds the client would wait, 0 to 30; a preference that cannot be read is ignored (RFC 7240)."""
    match = _WAIT.search(request.headers.get("prefer", ""))
    return min(int(match[1]), LONGEST_WAIT) if match else 0


def applied(seconds: int) -> dict[str, str]:
    """The header that says the preference was honoured."""
    return {"Preference-Applied": f"wait={seconds}"}


async def wait_finished(hub: Hub, ctx: Context, *, operation_id: int, seconds: float) -> State:
    """The operation when it is finished, or as it is after `seconds` or when the server ends.

    Raises:
        NotFound: the organization has no such operation.
        TooMany: the organization has too many streams and waits open.
        Unavailable: the database cannot be reached.
    """
    loop = asyncio.get_running_loop()
    ends = loop.time() + min(seconds, LONGEST_WAIT)
    with hub.follow(ctx.organization_id, operation_id) as subscription:
        state = await subscription.first()
        while not state.finished and not subscription.closed and (left := ends - loop.time()) > 0:
            state = await subscription.after(state.version, seconds=left) or state
        return state


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Where a request waits for an operation that it has started."""

    request: AnyRequest
    ctx: Context
    hub: Hub
    database: Database

    async def answer(
        self, response: JsonResponse[Any], *, operation_id: int | None, ended: Callable[[Connection], object]
    ) -> JsonResponse[Any]:
        """The response as it is, or 200 and what `ended` reads for who prefers to wait, if the operation ends in time.

        Without an operation (an answer that was kept under its Idempotency-Key) nothing is waited for.
        """
        seconds = preferred_wait(self.request)
        if operation_id is None or not seconds:
            return response
        state = await wait_finished(self.hub, self.ctx, operation_id=operation_id, seconds=seconds)
        if not state.finished:
            return response

        def read() -> bytes:
            with self.database.transaction(self.ctx.organization_id) as conn:
                return encode(ended(conn))

        return JsonResponse(
            await sync_to_thread(read),
            status_code=HTTPStatus.OK,
            headers=applied(seconds),
            media_type="application/json",
        )
