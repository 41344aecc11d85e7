"""Runs of invoices as document 2's jobs: found, listed, their orders and errors."""

from collections.abc import Sequence
from typing import Final

from tranche.invoicing.domain import Run
from tranche.invoicing.queries import runs
from tranche.invoicing.service.running import DRAW_STAGE, RUN_KIND, RUN_STAGE
from tranche.kernel.db.listing import Choice, count, fetch_page
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations import service as operations
from tranche.kernel.operations.domain import Item, ItemStatus, Operation, OperationNotFound, Status
from tranche.kernel.operations.service import OPERATIONS, operation_of

MOST_ERRORS: Final = 1_000
_MOST_ORDERS: Final = 1_000
_FAILED: Final = (ItemStatus.FAILED, ItemStatus.UNKNOWN)


def get_job(conn: Connection, *, reference: str) -> Operation:
    """One run by its UUID or its number.

    Raises:
        OperationNotFound: there is none, or the operation is of another kind.
    """
    operation = operations.get_by_reference(conn, reference=reference)
    if operation.kind != RUN_KIND:
        raise OperationNotFound.of(reference)
    return operation


def list_jobs(
    conn: Connection, *, statuses: Sequence[Status] | None, limit: int, offset: int
) -> tuple[list[Operation], int]:
    """A page of runs, newest first, and how many there are."""
    choice = Choice({"kind": RUN_KIND, "statuses": None if statuses is None else list(statuses)})
    rows = fetch_page(conn, OPERATIONS, choice, limit=limit, offset=offset)
    return [operation_of(row) for row in rows], count(conn, OPERATIONS, choice)


def look_at_runs(conn: Connection, found: Sequence[Operation]) -> list[Run]:
    """The same operations, each with what it has issued."""
    rows = {row["id"]: row for row in runs.list_issued(conn, operation_ids=[each.id for each in found])}
    return [Run(operation=each, issued=rows[each.id]["issued"], is_live=rows[each.id]["is_live"]) for each in found]


def look_at_run(conn: Connection, operation: Operation) -> Run:
    """See look_at_runs."""
    (run,) = look_at_runs(conn, [operation])
    return run


def list_errors(
    conn: Connection, *, operation_id: int, code: str | None = None, after: int = 0, limit: int
) -> list[Item]:
    """Orders that did not come to their end in a run, and those in doubt, by position behind the position `after`."""
    return operations.list_items(
        conn, operation_id=operation_id, statuses=_FAILED, code=code, after=(after + 1, ""), limit=limit
    )


def list_order_ids(conn: Connection, *, operation_id: int) -> list[int]:
    """The first 1,000 orders of a run, in its order, as the view `batch_job_queue` has them."""
    return runs.list_order_ids(conn, operation_id=operation_id, stages=(DRAW_STAGE, RUN_STAGE), limit=_MOST_ORDERS)
