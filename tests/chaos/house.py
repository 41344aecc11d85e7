"""One organization over one database: files come in without a server, and what becomes of them is looked up."""

import io
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.chaos.files import OrdersFile
from tests.chaos.scale import SCALE
from tests.chaos.waiting import eventually
from tests.kernel.identity.factories import join
from tranche.imports.domain import Mapping as Columns
from tranche.kernel.db.pool import Database, Row, connect
from tranche.kernel.errors import Unavailable
from tranche.kernel.jobs.queue import ProcrastinateQueue
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import Operations, get_operation
from tranche.kernel.settings import Settings
from tranche.kernel.storage.local import LocalFiles
from tranche.modules import make_modules, make_registry
from tranche.orders import service


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The ids of an import that was begun."""

    operation_id: int
    import_id: int
    batch_id: int


class House:
    """See the file's sentence. `owner_url` sees all organizations; `app_url` is what the product gets."""

    def __init__(self, *, app_url: str, owner_url: str, home: Path) -> None:
        self.app_url = app_url
        self.owner_url = owner_url
        self.home = home
        self.database = Database(app_url, size=4, name="chaos").open()
        self.ctx, self.key = join(self.database, name="Chaos")
        self.files = LocalFiles(home / "files")
        self.modules = make_modules(Settings(home=home), files=self.files)
        self.operations = Operations(ProcrastinateQueue(), make_registry(self.modules))

    def close(self) -> None:
        self.database.close()

    def environment(self, **changes: str) -> dict[str, str]:
        """What a process of this house is told; `changes` are further variables."""
        return {
            "TRANCHE_HOME": str(self.home),
            "DATABASE_URL": self.app_url + SCALE.session,
            **SCALE.timings,
            **changes,
        }

    def upload(self, file: OrdersFile) -> Started:
        """As the upload's route does it, in one transaction."""
        stored = self.files.put(self.ctx.organization_id, io.BytesIO(file.data), limit=1_000_000_000)
        wanted = service.Upload(stored=stored, file_name=file.name, mapping=Columns())
        with self.database.transaction(self.ctx.organization_id) as conn:
            batch, operation = service.upload(conn, self.ctx, self.operations, wanted=wanted)
        return started_by(batch.id, operation)

    def operation(self, started: Started) -> Operation:
        with self.database.transaction(self.ctx.organization_id) as conn:
            return get_operation(conn, operation_id=started.operation_id)

    def wait(self, started: Started, *, seconds: float = 90.0) -> Operation:
        """The operation when it has ended, also across an outage of the database."""

        def ended() -> Operation | None:
            try:
                found = self.operation(started)
            except Unavailable:
                return None
            return found if found.status.is_terminal else None

        return eventually(ended, seconds=seconds, what=f"the end of {started}")

    def resume(self, started: Started) -> None:
        """Go on with paused work, as soon as the database answers."""

        def resumed() -> bool:
            try:
                with self.database.transaction(self.ctx.organization_id) as conn:
                    self.operations.resume(conn, self.ctx, operation_id=started.operation_id)
            except Unavailable:
                return False
            return True

        eventually(resumed, seconds=30, what="an answer of the database")

    def wait_for_commits(self, started: Started, *, orders: int = 1, seconds: float = 60.0) -> Operation:
        """The operation when it has brought in that many orders; it must not have ended."""

        def committing() -> Operation | None:
            found = self.operation(started)
            assert not found.status.is_terminal, f"it ended before the fault could strike: {found}"
            return found if found.phase == "commit" and found.succeeded >= orders else None

        return eventually(committing, seconds=seconds, what="the first orders")

    def rows(self, statement: str, values: Mapping[str, Any] | None = None) -> list[Row]:
        """What the owner finds, over all organizations."""
        with connect(self.owner_url, name="chaos owner") as conn:
            return conn.execute(statement.encode(), values).fetchall()  # without values a % is a %

    def claims(self) -> list[Row]:
        """The claims that exist now, each with the process that holds it."""
        return self.rows(
            """
            SELECT c.operation_id, c.phase, c.low, c.high, c.epoch, c.attempts, c.worker_id, w.pid
            FROM operation_claims c LEFT JOIN workers w ON w.id = c.worker_id ORDER BY c.id
            """
        )


def started_by(batch_id: int, operation: Operation) -> Started:
    """The ids of what an upload began."""
    return Started(operation_id=operation.id, import_id=operation.payload["importId"], batch_id=batch_id)


@contextmanager
def seen_workers(house: House, *, phase: str) -> Iterator[set[UUID]]:
    """Who held a chunk of a phase while the block lasted."""
    seen: set[UUID] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            seen.update(claim["worker_id"] for claim in house.claims() if claim["phase"] == phase)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join(10)
        seen.discard(None)  # a claim that nobody holds
