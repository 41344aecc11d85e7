"""Putting a job into the queue inside the caller's own transaction."""

from collections.abc import Mapping
from typing import Final, Protocol

from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued

from tranche.kernel.db.pool import Connection

GENERAL: Final = "default"
EXPRESS: Final = "express"  # every worker keeps one thread for these alone, so that they never wait behind long ones


class Queue(Protocol):
    """The port: a job exists if, and only if, the transaction that made it commits."""

    def enqueue(
        self,
        conn: Connection,
        task: str,
        *,
        key: str,
        arguments: Mapping[str, int],
        priority: int = 0,
        express: bool = False,
    ) -> bool:
        """Add a job unless one with this key already waits; returns whether it was added.

        `express` is for what is sure to be short: it has a thread of its own beside the others.
        """


class ProcrastinateQueue:
    """The queue kept by procrastinate in the same database.

    Its app is never opened: it only builds the statement that runs on the caller's connection.
    """

    def __init__(self) -> None:
        self._app = App(connector=SyncPsycopgConnector())

    def enqueue(
        self,
        conn: Connection,
        task: str,
        *,
        key: str,
        arguments: Mapping[str, int],
        priority: int = 0,
        express: bool = False,
    ) -> bool:
        """See Queue. A clash of the key would abort the transaction, so it stays in a savepoint."""
        deferrer = self._app.configure_task(
            task, queue=EXPRESS if express else GENERAL, queueing_lock=key, priority=priority, connection=conn
        )
        try:
            with conn.transaction():
                deferrer.defer(**arguments)
        except AlreadyEnqueued:
            return False
        return True
