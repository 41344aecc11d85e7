"""The operation that takes a snapshot: read, check, index, publish, tidy up; and what the clock starts."""

from functools import partial

from tranche.billing_stops.batch_log import BatchLog
from tranche.billing_stops.bill_stop import BILL_STOP
from tranche.billing_stops.datasets import DataSet
from tranche.billing_stops.domain import NoSource, RunUnderWay, Snapshot, SnapshotStatus, judge
from tranche.billing_stops.endings import ending_by_refusals
from tranche.billing_stops.queries import compare, parts, snapshots
from tranche.billing_stops.reading import ReadPhase, find_run
from tranche.billing_stops.service.run import start
from tranche.billing_stops.service.tell import sentence, tell_age, tell_end
from tranche.billing_stops.service.tidy import drop_old
from tranche.billing_stops.sources.making import Readers
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection
from tranche.kernel.jobs.work import Work
from tranche.kernel.module import Scope, Task
from tranche.kernel.operations.domain import Counts, Operation, Status
from tranche.kernel.operations.handlers import Fatal, Handler, Registry, StreamWork
from tranche.kernel.operations.service import Operations

_SECONDS = 1_800
_COMPARE_SECONDS = 300
_MEMORY = "256MB"
_BY_CLOCK = "schedule"


def make_handler(data_set: DataSet, readers: Readers, log: BatchLog) -> Handler:
    """The kind of operation that takes a snapshot of a data set."""
    return Handler(
        kind=data_set.operation,
        phases=(
            ReadPhase(data_set, readers, log),
            CheckPhase(data_set),
            IndexPhase(data_set),
            PublishPhase(data_set),
            TidyPhase(data_set),
        ),
        finished=partial(_finished, data_set, log),
    )


class CheckPhase:
    """Stream of one step: the summary by one GROUP BY, and whether it may be published."""

    name = "check"
    unit = "rows"

    def __init__(self, data_set: DataSet) -> None:
        self._data_set = data_set

    def work(self, work: StreamWork) -> None:
        """Sum up and judge; what may not be published ends the run, and the old data stay."""
        with work.transaction() as conn, ending_by_refusals():
            run = find_run(conn, self._data_set, work.operation)
            parts.settle_long(conn, seconds=_SECONDS, memory=_MEMORY)
            parts.open_part(conn, snapshot_id=run.id, part=parts.SUMMARY)
            groups = parts.sum_up(conn, self._data_set, snapshot_id=run.id)
            totals = parts.read_totals(conn, self._data_set, snapshot_id=run.id)
            published = snapshots.find_published(conn, data_set=self._data_set.name)
            judge(
                details=run.details_count or 0,
                summed=int(totals.get(self._data_set.measures[0].name, 0)),
                groups=groups,
                previous=published.details_count if published else None,
                is_forced=run.is_forced,
            )
            snapshots.set_summed(conn, snapshot_id=run.id, groups=groups, totals=totals)
            work.progress(conn, done=run.details_count or 0, total=run.details_count)


class IndexPhase:
    """Stream: one index after the other, the primary key first, on parts that nobody reads yet."""

    name = "index"
    unit = "indexes"

    def __init__(self, data_set: DataSet) -> None:
        self._data_set = data_set

    def work(self, work: StreamWork) -> None:
        """Make all that are missing; a second call goes on behind the last one made."""
        done = 0
        try:
            for part in (parts.DETAIL, parts.SUMMARY):
                while self._make_one(work, part, done):
                    done += 1
        except parts.Duplicates as error:
            raise Fatal(self._name_duplicates(work), code="duplicates") from error

    def _make_one(self, work: StreamWork, part: str, done: int) -> bool:
        with work.transaction() as conn:
            run = find_run(conn, self._data_set, work.operation)
            parts.settle_long(conn, seconds=_SECONDS, memory=_MEMORY)
            is_made = parts.index_part(conn, snapshot_id=run.id, part=part)
            work.progress(conn, done=done + is_made, total=None)
        return is_made

    def _name_duplicates(self, work: StreamWork) -> str:
        with work.transaction() as conn:
            run = find_run(conn, self._data_set, work.operation)
            parts.settle_long(conn, seconds=_SECONDS, memory=_MEMORY)
            found = parts.list_duplicates(conn, self._data_set, snapshot_id=run.id)
        return (
            f"The source returned customers more than once under the same account: {', '.join(found)}. Correct the "
            "query or the source. The data of the last run stay."
        )


class PublishPhase:
    """Stream of one step: both parts join their tables, and the pointer moves, in one transaction."""

    name = "publish"
    unit = "rows"

    def __init__(self, data_set: DataSet) -> None:
        self._data_set = data_set

    def work(self, work: StreamWork) -> None:
        """Publish; a second call finds it done."""
        with work.transaction() as conn:
            run = find_run(conn, self._data_set, work.operation)
            if run.status is SnapshotStatus.COMPLETED:
                return
            parts.attach_part(conn, snapshot_id=run.id, part=parts.DETAIL)
            parts.attach_part(conn, snapshot_id=run.id, part=parts.SUMMARY)
            snapshots.publish(conn, snapshot_id=run.id, data_set=self._data_set.name)
            total = run.details_count or 0
            summary = {"snapshotId": run.id, "details": total, "summary": run.summary_count, "read": run.read_count}
            work.count(conn, total=total, counts=Counts(succeeded=total), summary=summary)
            work.progress(conn, done=total, total=total)


class TidyPhase:
    """Stream: what has changed since the last one, then old parts are dropped; the data are published already."""

    name = "tidy"
    unit = "snapshots"

    def __init__(self, data_set: DataSet) -> None:
        self._data_set = data_set

    def work(self, work: StreamWork) -> None:
        """Compare, then drop one part in each transaction, so that no lock is held for long."""
        with work.transaction() as conn:
            run = find_run(conn, self._data_set, work.operation)
            base = snapshots.find_before(conn, snapshot=run, has_details=True)
            parts.settle_long(conn, seconds=_COMPARE_SECONDS, memory=_MEMORY)
            changes = base and compare.try_count_changes(conn, base_id=base.id, snapshot_id=run.id)
            if changes:
                snapshots.set_changes(conn, snapshot_id=run.id, changes=changes)
        done = 0
        while True:
            with work.transaction() as conn:
                dropped = drop_old(conn, data_set=self._data_set.name, most=1)
                done += dropped
                work.progress(conn, done=done, total=done)
            if not dropped:
                return


def _finished(data_set: DataSet, log: BatchLog, conn: Connection, operation: Operation, status: Status) -> None:
    """The run has the operation's end; a part that nobody will publish is dropped."""
    run = find_run(conn, data_set, operation)
    if status in {Status.FAILED, Status.CANCELLED}:
        error = operation.error or "The run was cancelled."
        if snapshots.fail(conn, snapshot_id=run.id, code=operation.error_code or "cancelled", error=error):
            for part in (parts.DETAIL, parts.SUMMARY):
                parts.drop_part(conn, snapshot_id=run.id, part=part)
    organization_id = operation.organization_id
    tell_end(conn, data_set, organization_id=organization_id, snapshot_id=run.id)
    ended = snapshots.find_snapshot(conn, data_set=data_set.name, snapshot_id=run.id) or run
    log.write(data_set.title, organization_id=organization_id, run_id=run.id, text=sentence(ended))


def make_tasks(handler: Handler, *, cron: str, zone: str) -> tuple[Task, ...]:
    """The nightly run, and the look at the age of what is published."""
    return (
        Task(
            kind=BILL_STOP.schedule,
            name=BILL_STOP.schedule,
            scope=Scope.ORGANIZATION,
            cron=cron,
            zone=zone,
            source="BILL_STOP_BATCH_SCHEDULE with the zone TZ",
            description="Takes a new snapshot for the bill-stop analysis.",
            run=partial(_run_by_clock, handler),
        ),
        Task(
            kind="bill-stop-age",
            name="bill-stop-age",
            scope=Scope.ORGANIZATION,
            cron="15 * * * *",
            description="Alerts when the data of the bill-stop analysis have become too old.",
            run=_look_at_age,
        ),
    )


def _run_by_clock(handler: Handler, work: Work) -> str:
    organization_id = work.require_organization()
    operations = Operations(work.queue, Registry([handler]))
    ctx = Context(organization_id=organization_id, role=Role.OPERATOR, user_name=_BY_CLOCK)
    with work.database.transaction(organization_id) as conn:
        try:
            run = _start(conn, ctx, operations)
        except NoSource:
            return "No source is set up, so there is nothing to run."
        except RunUnderWay as error:
            return error.message
    return f"Started run {run.id}."


def _start(conn: Connection, ctx: Context, operations: Operations) -> Snapshot:
    return start(conn, ctx, operations, data_set=BILL_STOP)


def _look_at_age(work: Work) -> str:
    organization_id = work.require_organization()
    with work.database.transaction(organization_id) as conn:
        is_told = tell_age(conn, BILL_STOP, organization_id=organization_id)
    return "Alerted: the data are too old." if is_told else "Nothing had to be told."
