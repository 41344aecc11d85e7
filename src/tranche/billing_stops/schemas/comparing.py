"""The wire contract of snapshots over time, which no document names: camelCase."""

from datetime import date, datetime
from decimal import Decimal

from tranche.billing_stops.domain import Changes, Snapshot
from tranche.billing_stops.queries.compare import Movement
from tranche.billing_stops.schemas.analysis import totals_out
from tranche.kernel.web.json import Out


class MovementOut(Out, frozen=True):
    """One customer of a comparison."""

    crp_account_no: str
    cpc_customer_no: str
    customer_name: str | None
    billing_status_before: str | None
    billing_status_after: str | None
    balance_before: Decimal | None
    balance_after: Decimal | None


class ComparisonOut(Out, frozen=True):
    """Two snapshots: `from` and `to` are their numbers."""

    base_id: int
    base_date: date
    snapshot_id: int
    snapshot_date: date
    new_stops: int
    resolved_stops: int
    gone: int
    balance_moved: Decimal
    bill_stop_count_before: int
    bill_stop_count_after: int


class MovementsOut(Out, frozen=True):
    """A page of the customers of one movement."""

    rows: list[MovementOut]
    next_cursor: str | None


class TrendPointOut(Out, frozen=True):
    """One completed run."""

    snapshot_id: int
    batch_date: date
    finished_at: datetime | None
    total_cpc_count: int
    bill_stop_count: int
    bill_stop_percentage: Decimal
    bill_stop_balance: Decimal


def comparison_out(base: Snapshot, snapshot: Snapshot, changes: Changes) -> ComparisonOut:
    """Two snapshots side by side."""
    return ComparisonOut(
        base_id=base.id,
        base_date=base.batch_date,
        snapshot_id=snapshot.id,
        snapshot_date=snapshot.batch_date,
        new_stops=changes.new_stops,
        resolved_stops=changes.resolved,
        gone=changes.gone,
        balance_moved=changes.balance_moved,
        bill_stop_count_before=totals_out(base).bill_stop_count,
        bill_stop_count_after=totals_out(snapshot).bill_stop_count,
    )


def movement_out(movement: Movement) -> MovementOut:
    """One customer of a comparison."""
    return MovementOut(**{name: getattr(movement, name) for name in MovementOut.__struct_fields__})


def trend_point_out(snapshot: Snapshot) -> TrendPointOut:
    """One completed run."""
    totals = totals_out(snapshot)
    return TrendPointOut(
        snapshot_id=snapshot.id,
        batch_date=snapshot.batch_date,
        finished_at=snapshot.finished_at,
        total_cpc_count=totals.total_cpc_count,
        bill_stop_count=totals.bill_stop_count,
        bill_stop_percentage=totals.bill_stop_percentage,
        bill_stop_balance=totals.bill_stop_balance,
    )
