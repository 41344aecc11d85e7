"""HEAD at the door: the application sees a GET whose client hangs up once the answer has begun."""

import asyncio
from typing import Any

from tranche.kernel.web.heads import answering_head

_START = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]}


async def _ask(app: Any, method: str = "HEAD") -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await asyncio.wait_for(answering_head(app)({"type": "http", "method": method}, receive, send), timeout=10)
    return sent


def test_a_whole_answer_loses_its_body_and_keeps_its_headers() -> None:
    seen: list[str] = []

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        seen.append(scope["method"])
        await send(_START)
        await send({"type": "http.response.body", "body": b"hello"})

    assert asyncio.run(_ask(app)) == [_START, {"type": "http.response.body", "body": b"", "more_body": False}]
    assert [message.get("body") for message in asyncio.run(_ask(app, "GET"))] == [None, b"hello"]
    assert seen == ["GET", "GET"]


def test_a_stream_without_end_is_ended_when_it_has_begun() -> None:
    async def app(_scope: Any, receive: Any, send: Any) -> None:
        gone = asyncio.Event()

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            gone.set()

        watcher = asyncio.create_task(watch())
        await asyncio.sleep(0)
        assert not gone.is_set()
        await send(_START)
        while not gone.is_set():
            await send({"type": "http.response.body", "body": b"piece", "more_body": True})
            await asyncio.sleep(0)
        await watcher

    assert [message["type"] for message in asyncio.run(_ask(app))] == ["http.response.start", "http.response.body"]
