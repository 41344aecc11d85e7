"""The operation that undoes an import in three buckets: reversed, kept because touched since, errored."""

from enum import StrEnum
from typing import Protocol

from tranche.kernel.db.pool import Connection, lengthen_statement_time
from tranche.kernel.errors import Conflict
from tranche.kernel.operations.domain import Counts, Operation, Status
from tranche.kernel.operations.handlers import Handler, Retried, StreamWork
from tranche.kernel.operations.items import ItemPhase, collect_items, retry_items
from tranche.kernel.operations.service import get_operation

COLLECT, UNDO = "collect", "undo"
_SECONDS = 300


class NothingToUndo(Conflict):
    """The import has brought nothing in, or nothing that is its own."""

    code = "nothing_to_undo"


class Outcome(StrEnum):
    """What became of one thing that an import had brought in: the operation's succeeded, skipped and failed."""

    REVERSED = "reversed"
    KEPT = "kept"
    ERRORED = "errored"


class Undoer(Protocol):
    """A target's side of an undo."""

    unit: str

    def collect(self, conn: Connection, operation: Operation) -> None:
        """Fill the TEMP table `wanted_references(reference, label)` with what the import had brought in."""

    def judge(self, conn: Connection, operation: Operation) -> None:
        """Lock what `chunk` refers to, and mark in `verdicts` as skipped, with the reason, what is kept."""

    def remove(self, conn: Connection, operation: Operation) -> None:
        """Remove what has the verdict succeeded."""

    def reopen(self, conn: Connection, operation: Operation) -> None:
        """The undo is retried; refuse with a Conflict where that makes no sense any more."""

    def finished(self, conn: Connection, operation: Operation, status: Status) -> None:
        """The last word, in the transaction that ends the operation."""


def make_undo_handler(kind: str, undoer: Undoer) -> Handler:
    """The kind of operation that undoes imports of this target."""

    def retry(conn: Connection, operation: Operation, code: str | None) -> Retried:
        retried = retry_items(conn, operation, code)
        if retried.phases:
            undoer.reopen(conn, operation)
        return retried

    return Handler(kind=kind, phases=(CollectPhase(undoer), UndoPhase(undoer)), finished=undoer.finished, retry=retry)


class CollectPhase:
    """Stream of one step: what the import had brought in becomes the items of the undo."""

    name = COLLECT

    def __init__(self, undoer: Undoer) -> None:
        self._undoer = undoer
        self.unit = undoer.unit

    def work(self, work: StreamWork) -> None:
        """Collect once; a second call finds it done."""
        with work.transaction() as conn:
            if get_operation(conn, operation_id=work.operation.id).total:
                return
            lengthen_statement_time(conn, seconds=_SECONDS)
            self._undoer.collect(conn, work.operation)
            total = collect_items(conn, operation_id=work.operation.id, stage=UNDO)
            work.count(conn, total=total, counts=Counts(), summary={})
            work.progress(conn, done=total, total=total)


class UndoPhase(ItemPhase):
    """Set phase: each chunk judged and removed in one transaction."""

    def __init__(self, undoer: Undoer) -> None:
        super().__init__(UNDO)
        self._undoer = undoer
        self.unit = undoer.unit

    def judge(self, conn: Connection, operation: Operation) -> None:
        """See Undoer."""
        lengthen_statement_time(conn, seconds=_SECONDS)
        self._undoer.judge(conn, operation)

    def commit(self, conn: Connection, operation: Operation) -> None:
        """See Undoer."""
        self._undoer.remove(conn, operation)
