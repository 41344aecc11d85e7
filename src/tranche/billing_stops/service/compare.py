"""Comparing two snapshots whose details are kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from tranche.billing_stops.domain import Changes, Snapshot
from tranche.billing_stops.queries import compare as queries
from tranche.billing_stops.queries import parts, snapshots
from tranche.billing_stops.queries.compare import MOVEMENTS, Movement
from tranche.billing_stops.service.look import get_snapshot
from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import NotFound

__all__ = ["MOVEMENTS", "Comparison", "NothingBefore", "compare", "list_movements"]

_SECONDS = 30


class NothingBefore(NotFound):
    """There is no earlier snapshot to compare with."""

    code = "nothing_before"

    def __init__(self) -> None:
        super().__init__("There is no earlier snapshot whose details are kept; there is nothing to compare with yet.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What has changed from the one to the other."""

    base: Snapshot
    snapshot: Snapshot
    changes: Changes


def compare(conn: Connection, *, data_set: str, base_id: int | None, snapshot_id: int | None) -> Comparison:
    """Compare two; the later one is the published one by default, the earlier one the one before it.

    Raises:
        NoData, UnknownSnapshot, SnapshotDropped, NothingBefore
    """
    base, snapshot = _both(conn, data_set=data_set, base_id=base_id, snapshot_id=snapshot_id)
    if snapshot.changes is not None and snapshot.changes.base_id == base.id:
        return Comparison(base=base, snapshot=snapshot, changes=snapshot.changes)
    parts.settle_long(conn, seconds=_SECONDS, memory="64MB")
    changes = queries.count_changes(conn, base_id=base.id, snapshot_id=snapshot.id)
    return Comparison(base=base, snapshot=snapshot, changes=changes)


def list_movements(
    conn: Connection,
    *,
    data_set: str,
    base_id: int,
    snapshot_id: int,
    movement: str,
    after: Sequence[str] | None,
    limit: int,
) -> list[Movement]:
    """The customers of one movement: new, moved, resolved or gone.

    Raises:
        UnknownSnapshot, SnapshotDropped
    """
    base, snapshot = _both(conn, data_set=data_set, base_id=base_id, snapshot_id=snapshot_id)
    parts.settle_long(conn, seconds=_SECONDS, memory="64MB")
    return queries.list_movements(
        conn, base_id=base.id, snapshot_id=snapshot.id, movement=movement, after=after, limit=limit
    )


def _both(
    conn: Connection, *, data_set: str, base_id: int | None, snapshot_id: int | None
) -> tuple[Snapshot, Snapshot]:
    snapshot = get_snapshot(conn, data_set=data_set, snapshot_id=snapshot_id, needs_details=True)
    if base_id is not None:
        return get_snapshot(conn, data_set=data_set, snapshot_id=base_id, needs_details=True), snapshot
    base = snapshots.find_before(conn, snapshot=snapshot, has_details=True)
    if base is None:
        raise NothingBefore
    return base, snapshot
