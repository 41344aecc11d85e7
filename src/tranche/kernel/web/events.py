"""Server-sent events: a response that follows one operation until it is finished."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any, Final

from litestar import Response
from litestar.types import ASGIApp, Receive, Scope, Send

from tranche.kernel.context import Context
from tranche.kernel.web.requests import AnyRequest
from tranche.kernel.web.stream import Hub, Subscription

KEEPALIVE_SECONDS: Final = 15.0
LONGEST_SECONDS: Final = 1_800.0

_KEEPALIVE: Final = b": keep-alive\n\n"
_HELLO: Final = b"retry: 2000\n\n"
_LAST_SEEN = re.compile(r"[0-9]{1,18}")


class EventStream(Response[None]):
    """Streams an operation's states; a route returns it as it is.

    @get("/api/things/{thing_id:int}/events")
    async def events(request: AnyRequest, ctx: NamedDependency[Context], hub: NamedDependency[Hub],
                     thing_id: FromPath[int]) -> EventStream:
        return EventStream(hub, ctx, request, operation_id=thing_id)

    `Last-Event-ID` resumes: what the client has seen is not sent again. When it has seen the end, the
    answer is 204, which tells a browser to stop. A stream lives half an hour at most, so that a revoked
    key does not listen for ever; clients come back by themselves.
    """

    def __init__(self, hub: Hub, ctx: Context, request: AnyRequest, *, operation_id: int) -> None:
        """Nothing is counted or read before the response runs, so that nothing can be left behind."""
        super().__init__(None, media_type="text/event-stream")
        self._app = _Events(hub, ctx, operation_id=operation_id, seen=_last_seen(request.headers))

    def to_asgi_response(self, app: object, request: AnyRequest, **_: Any) -> ASGIApp:  # type: ignore[override] # noqa: ANN401
        """The ASGI application that writes the stream."""
        del app, request
        return self._app


class _Events:
    def __init__(self, hub: Hub, ctx: Context, *, operation_id: int, seen: int) -> None:
        self._hub = hub
        self._ctx = ctx
        self._operation_id = operation_id
        self._seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        with self._hub.follow(self._ctx.organization_id, self._operation_id) as subscription:
            state = await subscription.first()
            if state.finished and self._seen == state.version:
                await send({"type": "http.response.start", "status": 204, "headers": []})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await _write(send, _HELLO)
            watcher = asyncio.create_task(_watch(receive, subscription))
            try:
                await self._pump(subscription, send, seen=self._seen if self._seen <= state.version else -1)
            finally:
                watcher.cancel()

    async def _pump(self, subscription: Subscription, send: Send, *, seen: int) -> None:
        loop = asyncio.get_running_loop()
        ends = loop.time() + LONGEST_SECONDS
        while not subscription.closed and loop.time() < ends:
            state = await subscription.after(seen, seconds=KEEPALIVE_SECONDS)
            if state is not None:
                seen = state.version
                await _write(send, state.frame)
                if state.finished:
                    break
            elif not subscription.closed:
                await _write(send, _KEEPALIVE)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _watch(receive: Receive, subscription: Subscription) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    subscription.close()


async def _write(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


def _last_seen(headers: Mapping[str, str]) -> int:
    text = headers.get("last-event-id", "")
    return int(text) if _LAST_SEEN.fullmatch(text) else -1
