"""The first phase of a snapshot: everything, or what has changed, from the source into a part that nobody sees."""

import hashlib
import tempfile
from dataclasses import dataclass
from typing import IO, Final

import msgspec

from tranche.billing_stops.batch_log import BatchLog
from tranche.billing_stops.datasets import DataSet
from tranche.billing_stops.domain import MOST_IN_A_ROW, OVERLAP, NoSource, Refresh, Snapshot, Source, cutoff
from tranche.billing_stops.endings import ending_by_refusals
from tranche.billing_stops.queries import parts, snapshots, sources
from tranche.billing_stops.sources.feed import Feed
from tranche.billing_stops.sources.making import Readers
from tranche.billing_stops.sources.port import Part, Reading, Wanted
from tranche.billing_stops.sources.query_files import read_query
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.handlers import Fatal, Stopped, StreamWork
from tranche.kernel.text import plural

_COPY_SECONDS: Final = 300
_MERGE_SECONDS: Final = 1_800
_MEMORY: Final = "256MB"
_TOLD_ROWS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What one attempt does. `base` is the snapshot that the changes are added to, None for everything."""

    run: Snapshot
    source: Source
    base: Snapshot | None
    recipe: str
    wanted: Wanted
    expected: int | None


class ReadPhase:
    """Stream: parts committed one by one. Another attempt begins anew, because a source has no second same moment."""

    name = "read"
    unit = "rows"

    def __init__(self, data_set: DataSet, readers: Readers, log: BatchLog) -> None:
        self._data_set = data_set
        self._readers = readers
        self._log = log

    def work(self, work: StreamWork) -> None:
        """Read; no transaction of ours is open while the source is waited for."""
        with ending_by_refusals():
            with work.transaction() as conn:
                plan = self._plan(conn, work.operation)
                parts.open_part(conn, snapshot_id=plan.run.id, part=parts.DETAIL)
                work.progress(conn, done=0, total=plan.expected)
            self._tell(work, plan, "started, reads what has changed" if plan.base else "started, reads everything")
            reader = self._readers.make(plan.source, organization_id=work.operation.organization_id)
            with reader.open(plan.wanted) as reading:
                feed = Feed(
                    reading, idle=lambda: _look(work), first_seconds=float(plan.source.settings.timeout_seconds)
                )
                rows = self._merge(work, plan, reading, feed) if plan.base else self._load(work, plan, reading, feed)
            self._tell(work, plan, f"read {plural(rows, 'row')}")

    def _plan(self, conn: Connection, operation: Operation) -> _Plan:
        run = find_run(conn, self._data_set, operation)
        source = sources.find_source(conn, data_set=self._data_set.name)
        if source is None:
            raise Fatal(NoSource().message, code=NoSource.code)
        query = self._query(source, source.settings.query or self._data_set.query)
        changes_name = source.settings.changes_query or self._data_set.changes_query
        changes = self._query(source, changes_name) if changes_name and _is_incremental(run, source) else ""
        recipe = _recipe(source, query, changes)
        published = snapshots.find_published(conn, data_set=self._data_set.name)
        base = published if changes and self._may_build_on(conn, published, recipe) else None
        wanted = Wanted(
            data_set=self._data_set,
            query=changes if base else query,
            cutoff=cutoff(source.settings, batch_date=run.batch_date),
            since=base.as_of - OVERLAP if base and base.as_of else None,
        )
        expected = published.details_count if published and not base else None
        return _Plan(run=run, source=source, base=base, recipe=recipe, wanted=wanted, expected=expected)

    def _query(self, source: Source, name: str) -> str:
        return "" if source.settings.file else read_query(self._readers.home, name)

    def _may_build_on(self, conn: Connection, published: Snapshot | None, recipe: str) -> bool:
        """Only on a snapshot of the same recipe; and now and then everything is read, whatever the source says."""
        if published is None or not published.has_details or published.as_of is None or published.recipe != recipe:
            return False
        return snapshots.count_incremental(conn, data_set=self._data_set.name, most=MOST_IN_A_ROW) < MOST_IN_A_ROW

    def _load(self, work: StreamWork, plan: _Plan, reading: Reading, feed: Feed) -> int:
        rows = 0
        for part in feed:
            _stop_if_asked(work)
            with work.transaction() as conn:
                parts.settle_long(conn, seconds=_COPY_SECONDS, memory=_MEMORY)
                parts.copy_in(
                    conn,
                    self._data_set,
                    snapshot_id=plan.run.id,
                    data=part.data,
                    is_binary=part.is_binary,
                    rows_before=rows,
                )
                rows += part.rows
                work.progress(conn, done=rows, total=plan.expected and max(rows, plan.expected))
            if rows // _TOLD_ROWS > (rows - part.rows) // _TOLD_ROWS:
                self._tell(work, plan, f"has read {plural(rows, 'row')}")
        with work.transaction() as conn:
            self._keep(conn, plan, reading, details=rows, read=rows)
            work.progress(conn, done=rows, total=rows)
        return rows

    def _merge(self, work: StreamWork, plan: _Plan, reading: Reading, feed: Feed) -> int:
        """The changes go to a file first, so that they can be merged in one transaction that waits for nobody."""
        with tempfile.TemporaryFile() as spool:
            kept = [(part.rows, part.is_binary, _spool(spool, part)) for part in feed]
            spool.seek(0)
            with work.transaction() as conn:
                parts.settle_long(conn, seconds=_MERGE_SECONDS, memory=_MEMORY)
                parts.open_changes(conn, self._data_set)
                rows = 0
                for count, is_binary, size in kept:
                    data = spool.read(size)
                    parts.copy_changes(conn, self._data_set, data=data, is_binary=is_binary, rows_before=rows)
                    rows += count
                details = parts.merge_changes(
                    conn,
                    self._data_set,
                    snapshot_id=plan.run.id,
                    base_id=plan.base.id if plan.base else 0,
                    cutoff=plan.wanted.cutoff,
                    is_status_given=reading.is_status_given,
                )
                self._keep(conn, plan, reading, details=details, read=rows)
                work.progress(conn, done=details, total=details)
        return rows

    def _keep(self, conn: Connection, plan: _Plan, reading: Reading, *, details: int, read: int) -> None:
        parts.close_details(conn, snapshot_id=plan.run.id)
        snapshots.set_read(
            conn,
            snapshot_id=plan.run.id,
            as_of=reading.as_of,
            base_id=plan.base.id if plan.base else None,
            recipe=plan.recipe,
            details=details,
            read=read,
        )

    def _tell(self, work: StreamWork, plan: _Plan, text: str) -> None:
        self._log.write(
            self._data_set.title, organization_id=work.operation.organization_id, run_id=plan.run.id, text=text
        )


def find_run(conn: Connection, data_set: DataSet, operation: Operation) -> Snapshot:
    """The run that an operation works on."""
    run = snapshots.find_snapshot(conn, data_set=data_set.name, snapshot_id=operation.payload["snapshotId"])
    if run is None:
        raise Fatal("The run that this operation worked on is gone.", code="run_gone")
    return run


def _is_incremental(run: Snapshot, source: Source) -> bool:
    return source.settings.refresh is Refresh.INCREMENTAL and not run.is_full


def _recipe(source: Source, query: str, changes: str) -> str:
    """By what a snapshot was read: changes may only be added to rows of the same recipe."""
    settings = source.settings
    place = [source.kind, settings.host, settings.port, settings.database, settings.file]
    return hashlib.sha256(msgspec.json.encode([*place, settings.rule, query, changes])).hexdigest()[:32]


def _look(work: StreamWork) -> None:
    """While the source is waited for: is the run still wanted, and still ours?"""
    _stop_if_asked(work)
    with work.transaction():
        return


def _stop_if_asked(work: StreamWork) -> None:
    if work.should_stop():
        raise Stopped


def _spool(spool: IO[bytes], part: Part) -> int:
    return spool.write(part.data)
