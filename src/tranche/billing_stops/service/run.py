"""Starting a run: one at a time, as an operation."""

from tranche.billing_stops.datasets import DataSet
from tranche.billing_stops.domain import NoSource, RunUnderWay, Snapshot
from tranche.billing_stops.queries import snapshots, sources
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.service import Operations

_TRIES = 3


def start(
    conn: Connection,
    ctx: Context,
    operations: Operations,
    *,
    data_set: DataSet,
    is_forced: bool = False,
    is_full: bool = False,
) -> Snapshot:
    """Make a run and its operation; `is_forced` publishes it also when it has less than half of the rows of the last.

    Raises:
        NoSource: none is set up.
        RunUnderWay: another run is; the refusal names it.
    """
    if sources.find_source(conn, data_set=data_set.name) is None:
        raise NoSource
    run = _insert(conn, data_set=data_set.name, is_forced=is_forced, is_full=is_full)
    operation = operations.start(
        conn,
        ctx,
        kind=data_set.operation,
        label=f"{data_set.title} {run.batch_date:%Y-%m-%d}",
        payload={"snapshotId": run.id},
    )
    snapshots.link_operation(conn, snapshot_id=run.id, operation_id=operation.id)
    audit.record(
        conn,
        ctx,
        action="snapshot.start",
        subject_id=run.id,
        detail={"dataSet": data_set.name, "force": is_forced, "full": is_full},
    )
    started = snapshots.find_snapshot(conn, data_set=data_set.name, snapshot_id=run.id)
    return started or run


def _insert(conn: Connection, *, data_set: str, is_forced: bool, is_full: bool) -> Snapshot:
    for _ in range(_TRIES):  # the one under way may end between the two statements
        run = snapshots.insert_running(conn, data_set=data_set, is_forced=is_forced, is_full=is_full)
        if run is not None:
            return run
        if (under_way := snapshots.find_running(conn, data_set=data_set)) is not None:
            raise RunUnderWay(under_way.id)
    raise RunUnderWay(0)
