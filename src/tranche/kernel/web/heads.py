"""HEAD answers what GET would, without a body; of what streams only the beginning is made."""

import asyncio
from collections.abc import Iterable
from typing import Any


def list_methods(taken: Iterable[str]) -> str:
    """The methods that an address takes by its routes, as `Allow` names them: with HEAD where there is GET."""
    methods = set(taken)
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


def answering_head(app: Any) -> Any:  # noqa: ANN401  # ASGI applications; the libraries' types differ
    """The application with HEAD at every address that takes GET.

    The application sees a GET whose client hangs up as soon as the answer begins, which ends exports and streams.
    """

    async def run(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401  # as above
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await app(scope, receive, send)
            return
        begun, received = asyncio.Event(), False

        async def listen() -> Any:  # noqa: ANN401  # as above
            nonlocal received
            if not received:
                received = True
                return await receive()
            await begun.wait()
            return {"type": "http.disconnect"}

        async def tell(message: Any) -> None:  # noqa: ANN401  # as above
            if message["type"] == "http.response.start":
                begun.set()
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        await app({**scope, "method": "GET"}, listen, tell)

    return run
