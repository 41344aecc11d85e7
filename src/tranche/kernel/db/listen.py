"""One connection that listens for notifications, and comes back by itself when it breaks."""

import asyncio
from collections.abc import Callable
from typing import Final

import psycopg
import structlog

from tranche.kernel.db.pool import KEEPALIVES, connect, is_pooled
from tranche.kernel.errors import Invalid

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
_PROBE_SECONDS: Final = 10.0

_log = structlog.get_logger(__name__)


class NowhereToListen(Invalid):
    """Notifications would not arrive."""

    code = "setting"


def require_listening(url: str, *, listen_url: str | None) -> None:
    """Refuse to start behind a pooler without being told where notifications come from.

    Raises:
        NowhereToListen: says what to set.
    """
    if listen_url is not None:
        return
    with connect(url, name="tranche start") as conn:
        pooled = is_pooled(conn)
    if pooled:
        raise NowhereToListen(
            "DATABASE_URL leads through a pooler such as PgBouncer, and in transaction mode no notification passes it. "
            "Set TRANCHE_LISTEN_URL to the direct address of PostgreSQL, as the same role; where the pooler works in "
            "session mode, to the same address as DATABASE_URL."
        )


class Listener:
    """Listens on one channel with one connection, for the whole process."""

    def __init__(self, url: str, *, channel: str, name: str = "tranche listener") -> None:
        """`url` must lead to PostgreSQL itself or to a pooler in session mode."""
        self._url = url
        self._channel = channel
        self._name = name

    async def run(self, *, heard: Callable[[str], None], connected: Callable[[], None]) -> None:
        """Call `heard` with each payload, and `connected` after each (re)connection; ends only when cancelled.

        What was sent while the connection was away is lost: `connected` is the moment to look for oneself.
        """
        pause = _FIRST_PAUSE
        while True:
            try:
                async with await self._connect() as conn:
                    pause = _FIRST_PAUSE
                    connected()
                    await self._hear(conn, heard)
            except (psycopg.Error, OSError) as error:
                _log.warning("listener away", error=type(error).__name__, pause=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _connect(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        conn = await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, application_name=self._name, **KEEPALIVES
        )
        await conn.execute(psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(self._channel)))
        return conn

    async def _hear(self, conn: psycopg.AsyncConnection[tuple[object, ...]], heard: Callable[[str], None]) -> None:
        """Listen, and ask for a sign of life now and then: a dead pooler keeps its TCP connection open."""
        while True:
            async for notice in conn.notifies(timeout=_PROBE_SECONDS):
                heard(notice.payload)
            await asyncio.wait_for(conn.execute("SELECT 1"), timeout=_PROBE_SECONDS)
