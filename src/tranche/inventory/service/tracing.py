"""Where a lot came from and where it went, down to those who have it now."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from tranche.inventory.domain import Lot
from tranche.inventory.lineage import Edge, Reach, reach_down, reach_up
from tranche.inventory.queries import lineage
from tranche.inventory.service.lots import get_lot
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection

MOST_LOTS: Final = 2_000
_SHOWN_CONSUMERS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A lot of a lineage; `level` counts the steps from the traced lot, below 0 towards where it came from."""

    id: int
    number: str
    level: int
    name: str | None
    supplier_number: str | None
    expires_at: datetime | None
    expires_on: date | None
    is_active: bool
    hold_reason: str | None
    created_at: datetime
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """An invoice, or whatever else took stock; `lot_ids` are the lots of this lineage that it took from."""

    consumer_kind: str
    consumer_id: int
    consumer_label: str
    customer_id: int | None
    customer_name: str | None
    quantity: Decimal
    taken_at: datetime
    lot_ids: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What of a lineage is with consumers."""

    consumers: int
    customers: int
    without_customer: int
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The lineage of a lot; `consumers` are the first of `out.consumers`. `is_cut`: there are more lots than shown."""

    lot: Lot
    nodes: Sequence[Node]
    edges: Sequence[Edge]
    consumers: Sequence[Consumer]
    out: Outside
    is_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A customer who got stock of a lineage; without an id it stands for all consumers without a customer."""

    customer_id: int | None
    name: str | None
    code: str | None
    email: str | None
    phone: str | None
    address: str | None
    quantity: Decimal
    consumers: int
    labels: Sequence[str]
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Remainder:
    """What a branch still has of a lot of a lineage."""

    lot_id: int
    number: str
    branch_id: int
    branch_name: str
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Everything that a recall of a lot must reach: its own and later lots, what is left of them, who got them."""

    lot: Lot
    nodes: Sequence[Node]
    remainders: Sequence[Remainder]
    out: Outside
    is_cut: bool
    recipients: Sequence[Recipient] = field(default_factory=tuple)


def trace(conn: Connection, ctx: Context, *, lot_id: int) -> Trace:
    """The lots that a lot came from and went to, and who consumed them.

    Raises:
        UnknownLot
    """
    lot = get_lot(conn, ctx, lot_id=lot_id)
    below, below_cut = _gather(conn, lot_id, direction="down")
    above, above_cut = _gather(conn, lot_id, direction="up")
    down, up = reach_down(below, start=lot_id), reach_up(above, start=lot_id)
    levels = {**{other: -level for other, level in up.level.items()}, **down.level}
    return Trace(
        lot=lot,
        nodes=_nodes(conn, levels),
        edges=_together(up, down),
        consumers=_consumers(conn, down, limit=_SHOWN_CONSUMERS, offset=0),
        out=Outside(**lineage.count_consumers(conn, since=down.since)),
        is_cut=below_cut or above_cut,
    )


def recall(conn: Connection, ctx: Context, *, lot_id: int, limit: int, offset: int) -> Recall:
    """What a recall must reach, with one page of those who got it, the largest quantity first.

    Raises:
        UnknownLot
    """
    lot = get_lot(conn, ctx, lot_id=lot_id)
    below, is_cut = _gather(conn, lot_id, direction="down")
    down = reach_down(below, start=lot_id)
    recipients = lineage.list_customers(conn, since=down.since, limit=limit, offset=offset)
    return Recall(
        lot=lot,
        nodes=_nodes(conn, down.level),
        remainders=[Remainder(**row) for row in lineage.list_places(conn, lot_ids=list(down.since))],
        out=Outside(**lineage.count_consumers(conn, since=down.since)),
        is_cut=is_cut,
        recipients=[Recipient(**row) for row in recipients],
    )


def _gather(conn: Connection, lot_id: int, *, direction: str) -> tuple[list[Edge], bool]:
    """All edges on one side, level by level; True where there were too many lots to go on."""
    seen, frontier, edges = {lot_id}, [lot_id], list[Edge]()
    while frontier:
        found = lineage.list_edges(conn, lot_ids=frontier, direction=direction, limit=MOST_LOTS * 10)
        edges += found
        ends = {edge.to_lot_id if direction == "down" else edge.from_lot_id for edge in found}
        frontier = sorted(ends - seen)
        seen |= ends
        if len(seen) > MOST_LOTS:
            return edges, True
    return edges, False


def _nodes(conn: Connection, levels: dict[int, int]) -> list[Node]:
    rows = lineage.list_nodes(conn, lot_ids=list(levels))
    return sorted((Node(level=levels[row["id"]], **row) for row in rows), key=lambda node: (node.level, node.id))


def _together(up: Reach, down: Reach) -> list[Edge]:
    edges = {(edge.from_lot_id, edge.to_lot_id): edge for edge in (*up.edges, *down.edges)}
    return [edges[pair] for pair in sorted(edges)]


def _consumers(conn: Connection, down: Reach, *, limit: int, offset: int) -> list[Consumer]:
    rows = lineage.list_consumers(conn, since=down.since, limit=limit, offset=offset)
    return [Consumer(**row) for row in rows]
