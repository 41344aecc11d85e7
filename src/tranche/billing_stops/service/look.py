"""Looking: the published snapshot by default, an older one while its parts are kept, the log, the state."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tranche.billing_stops.bill_stop import ACTIVE, ISSUE
from tranche.billing_stops.domain import NoData, Snapshot, SnapshotDropped, SnapshotStatus, Source, UnknownSnapshot
from tranche.billing_stops.queries import pages, snapshots, sources
from tranche.billing_stops.queries.exporting import EXPORT
from tranche.billing_stops.queries.pages import DETAIL_ORDERS, SUMMARY_ORDERS, DetailRow, SummaryRow
from tranche.kernel.db.listing import Choice, Prefix
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation, OperationNotFound
from tranche.kernel.operations.service import get_operation

__all__ = ["DETAIL_ORDERS", "EXPORT", "STATUSES", "SUMMARY_ORDERS"]

STATUSES = (ISSUE, ACTIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which details: of these statuses, of one CRP, of CPC numbers that begin so."""

    statuses: tuple[str, ...] = (ISSUE,)
    crp: str | None = None
    search: str | None = None
    sort: str = "crp_account_no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """A page; `total` of all that match, where `is_more` says that it was not counted to the end."""

    rows: list[DetailRow]
    total: int
    is_more: bool
    following: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A page of CRP accounts."""

    rows: list[SummaryRow]
    total: int
    following: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What runs now, what ran last, what readers see."""

    source: Source | None
    current: Snapshot | None
    operation: Operation | None
    last: Snapshot | None
    published: Snapshot | None


def get_snapshot(conn: Connection, *, data_set: str, snapshot_id: int | None, needs_details: bool = False) -> Snapshot:
    """The one of this number whose rows are kept, or the published one.

    Raises:
        NoData, UnknownSnapshot, SnapshotDropped
    """
    if snapshot_id is None:
        published = snapshots.find_published(conn, data_set=data_set)
        if published is None:
            raise NoData
        return published
    snapshot = snapshots.find_snapshot(conn, data_set=data_set, snapshot_id=snapshot_id)
    if snapshot is None or snapshot.status is not SnapshotStatus.COMPLETED:
        raise UnknownSnapshot.of(snapshot_id)
    if not (snapshot.has_details if needs_details else snapshot.has_summary):
        raise SnapshotDropped(snapshot_id)
    return snapshot


def list_details(
    conn: Connection, *, snapshot: Snapshot, wanted: Filter, after: Sequence[Any] | None, limit: int
) -> Details:
    """A page of the details.

    Raises:
        SnapshotDropped: they are not kept any more.
    """
    if not snapshot.has_details:
        raise SnapshotDropped(snapshot.id)
    order = DETAIL_ORDERS[wanted.sort]
    rows = pages.list_details(
        conn,
        snapshot_id=snapshot.id,
        batch_date=snapshot.batch_date,
        statuses=wanted.statuses,
        crp=wanted.crp,
        search=wanted.search,
        order=order,
        after=after,
        limit=limit + 1,
    )
    total, is_more = _count(conn, snapshot, wanted)
    return Details(rows=rows[:limit], total=total, is_more=is_more, following=_following(rows, limit, order.columns))


def choose_export(snapshot: Snapshot, wanted: Filter) -> Choice:
    """The details of a snapshot under a filter, for `kernel.web.exports`.

    Raises:
        SnapshotDropped: they are not kept any more.
    """
    if not snapshot.has_details:
        raise SnapshotDropped(snapshot.id)
    return Choice(
        {
            "snapshot_id": snapshot.id,
            "statuses": None if wanted.statuses == STATUSES else list(wanted.statuses),
            "crp": wanted.crp,
            "search": Prefix(wanted.search) if wanted.search else None,
        }
    )


def list_summary(
    conn: Connection, *, snapshot: Snapshot, sort: str, after: Sequence[Any] | None, limit: int
) -> Summary:
    """A page of the summary, by default the most stops first."""
    order = SUMMARY_ORDERS[sort]
    rows = pages.list_summary(
        conn, snapshot_id=snapshot.id, batch_date=snapshot.batch_date, order=order, after=after, limit=limit + 1
    )
    return Summary(
        rows=rows[:limit], total=snapshot.summary_count or 0, following=_following(rows, limit, order.columns)
    )


def read_state(conn: Connection, *, data_set: str) -> State:
    """What an impatient person asks again and again."""
    current = snapshots.find_running(conn, data_set=data_set)
    newest = snapshots.list_snapshots(conn, data_set=data_set, limit=2)
    ended = [one for one in newest if one.status is not SnapshotStatus.RUNNING]
    return State(
        source=sources.find_source(conn, data_set=data_set),
        current=current,
        operation=_operation(conn, current),
        last=ended[0] if ended else None,
        published=snapshots.find_published(conn, data_set=data_set),
    )


def list_history(conn: Connection, *, data_set: str, limit: int, offset: int) -> tuple[list[Snapshot], int]:
    """The batch log, newest first."""
    return (
        snapshots.list_snapshots(conn, data_set=data_set, limit=limit, offset=offset),
        snapshots.count_snapshots(conn, data_set=data_set),
    )


def list_trend(conn: Connection, *, data_set: str, most: int) -> list[Snapshot]:
    """The completed ones, oldest first."""
    return snapshots.list_trend(conn, data_set=data_set, most=most)


def _count(conn: Connection, snapshot: Snapshot, wanted: Filter) -> tuple[int, bool]:
    """Known from the summary unless somebody searches."""
    if wanted.search:
        return pages.count_found(
            conn, snapshot_id=snapshot.id, statuses=wanted.statuses, crp=wanted.crp, search=wanted.search
        )
    if wanted.crp is not None:
        group = pages.find_group(conn, snapshot_id=snapshot.id, batch_date=snapshot.batch_date, crp=wanted.crp)
        counts = {ISSUE: group.bill_stop_count, ACTIVE: group.active_billing_count} if group else {}
    else:
        totals = snapshot.totals or {}
        counts = {ISSUE: int(totals["bill_stop_count"]), ACTIVE: int(totals["active_billing_count"])}
    return sum(counts.get(status, 0) for status in wanted.statuses), False


def _following(rows: Sequence[Any], limit: int, columns: Sequence[str]) -> tuple[Any, ...] | None:
    if len(rows) <= limit:
        return None
    return tuple(getattr(rows[limit - 1], name) for name in columns)


def _operation(conn: Connection, current: Snapshot | None) -> Operation | None:
    if current is None or current.operation_id is None:
        return None
    try:
        return get_operation(conn, operation_id=current.operation_id)
    except OperationNotFound:
        return None
