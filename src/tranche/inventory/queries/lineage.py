"""How lots hang together by their movements, and who consumed them. Movements that were undone cancel out."""

from collections.abc import Mapping, Sequence
from typing import Final

from tranche.inventory.lineage import Edge
from tranche.kernel.db.pool import Connection, Row

_ENDS: Final = {"down": ("from_lot_id", "to_lot_id"), "up": ("to_lot_id", "from_lot_id")}


def list_edges(conn: Connection, *, lot_ids: Sequence[int], direction: str, limit: int) -> list[Edge]:
    """What left these lots for others ("down"), or came into them from others ("up").

    A movement that was undone is met by its reversal, which goes the other way between the same lots.
    """
    near, far = _ENDS[direction]
    rows = conn.execute(
        f"""
        SELECT from_lot_id, to_lot_id, sum(quantity) AS quantity, sum(movements)::bigint AS movements,
            min(id) AS first_id, max(id) AS last_id
        FROM (
            SELECT m.from_lot_id, m.to_lot_id, m.quantity, 1 AS movements, m.id
            FROM lot_movements m
            WHERE m.organization_id = current_organization() AND m.{near} = ANY(%(lots)s)
              AND m.kind IN ('transfer', 'consolidation', 'split')
            UNION ALL
            SELECT m.to_lot_id, m.from_lot_id, -m.quantity, -1, m.reverses_id
            FROM lot_movements m
            WHERE m.organization_id = current_organization() AND m.{far} = ANY(%(lots)s)
              AND m.kind = 'reversal' AND m.from_lot_id <> m.to_lot_id
        ) AS moved
        GROUP BY from_lot_id, to_lot_id HAVING sum(movements) > 0
        ORDER BY from_lot_id, to_lot_id LIMIT %(limit)s
        """,
        {"lots": list(lot_ids), "limit": limit},
    ).fetchall()
    return [Edge(**row) for row in rows]


def list_nodes(conn: Connection, *, lot_ids: Sequence[int]) -> list[Row]:
    """What is shown of each of these lots; `quantity` is what all branches have."""
    return conn.execute(
        """
        SELECT l.id, l.number, l.name, l.supplier_number, l.expires_at, l.expires_on, l.is_active, l.hold_reason,
            l.created_at, coalesce(b.quantity, 0) AS quantity
        FROM lots l
        LEFT JOIN LATERAL (
            SELECT sum(quantity) AS quantity FROM lot_balances
            WHERE organization_id = l.organization_id AND lot_id = l.id
        ) AS b ON true
        WHERE l.organization_id = current_organization() AND l.id = ANY(%(ids)s)
        ORDER BY l.id LIMIT %(limit)s
        """,
        {"ids": list(lot_ids), "limit": len(lot_ids)},
    ).fetchall()


def list_places(conn: Connection, *, lot_ids: Sequence[int]) -> list[Row]:
    """Where these lots still have something."""
    return conn.execute(
        """
        SELECT b.lot_id, l.number, b.branch_id, r.name AS branch_name, b.quantity
        FROM lot_balances b
        JOIN lots l ON l.organization_id = b.organization_id AND l.id = b.lot_id
        JOIN branches r ON r.organization_id = b.organization_id AND r.id = b.branch_id
        WHERE b.organization_id = current_organization() AND b.lot_id = ANY(%(ids)s) AND b.quantity > 0
        ORDER BY l.number, b.branch_id LIMIT 100000
        """,
        {"ids": list(lot_ids)},
    ).fetchall()


# What left the reached lots for consumers after stock had reached them, less what came back of it.
_TAKEN: Final = """
    WITH reached AS (
        SELECT lot_id, since FROM unnest(%(lots)s::bigint[], %(since)s::bigint[]) AS r (lot_id, since)
    ), taken AS (
        SELECT m.consumer_kind, m.consumer_id, m.consumer_label, m.customer_id, m.from_lot_id AS lot_id, m.quantity,
            m.created_at
        FROM reached r JOIN lot_movements m ON m.organization_id = current_organization()
            AND m.from_lot_id = ANY (%(lots)s) AND m.from_lot_id = r.lot_id AND m.id > r.since
        WHERE m.kind = 'issue'
        UNION ALL
        SELECT m.consumer_kind, m.consumer_id, m.consumer_label, m.customer_id, m.to_lot_id, -m.quantity, NULL
        FROM reached r JOIN lot_movements m ON m.organization_id = current_organization()
            AND m.to_lot_id = ANY (%(lots)s) AND m.to_lot_id = r.lot_id AND m.reverses_id > r.since
        WHERE m.kind = 'return'
    ), consumers AS (
        SELECT consumer_kind, consumer_id, max(consumer_label) AS consumer_label, max(customer_id) AS customer_id,
            sum(quantity) AS quantity, min(created_at) AS taken_at, array_agg(DISTINCT lot_id) AS lot_ids
        FROM taken GROUP BY consumer_kind, consumer_id HAVING sum(quantity) > 0
    )
"""


def count_consumers(conn: Connection, *, since: Mapping[int, int]) -> Row:
    """`consumers`, `customers`, `without_customer` (consumers), `quantity` of what is still out."""
    (row,) = conn.execute(
        f"""
        {_TAKEN}
        SELECT count(*) AS consumers, count(DISTINCT customer_id) AS customers,
            count(*) FILTER (WHERE customer_id IS NULL) AS without_customer, coalesce(sum(quantity), 0) AS quantity
        FROM consumers
        """,
        _reached(since),
    ).fetchall()
    return row


def list_consumers(conn: Connection, *, since: Mapping[int, int], limit: int, offset: int) -> list[Row]:
    """Consumers in the order in which they took, with the customer's name."""
    return conn.execute(
        f"""
        {_TAKEN}
        SELECT t.consumer_kind, t.consumer_id, t.consumer_label, t.customer_id, c.name AS customer_name, t.quantity,
            t.taken_at, t.lot_ids
        FROM consumers t
        LEFT JOIN customers c ON c.organization_id = current_organization() AND c.id = t.customer_id
        ORDER BY t.taken_at, t.consumer_kind, t.consumer_id LIMIT %(limit)s OFFSET %(offset)s
        """,
        {**_reached(since), "limit": limit, "offset": offset},
    ).fetchall()


def list_customers(conn: Connection, *, since: Mapping[int, int], limit: int, offset: int) -> list[Row]:
    """Who got it, the largest quantity first; one row without an id for all that has no customer."""
    return conn.execute(
        f"""
        {_TAKEN}
        SELECT t.customer_id, c.name, c.code, c.email, c.phone, c.address, sum(t.quantity) AS quantity,
            count(*) AS consumers, (array_agg(t.consumer_label ORDER BY t.taken_at, t.consumer_id))[1:20] AS labels,
            min(t.taken_at) AS first_at, max(t.taken_at) AS last_at
        FROM consumers t
        LEFT JOIN customers c ON c.organization_id = current_organization() AND c.id = t.customer_id
        GROUP BY t.customer_id, c.name, c.code, c.email, c.phone, c.address
        ORDER BY sum(t.quantity) DESC, t.customer_id NULLS LAST LIMIT %(limit)s OFFSET %(offset)s
        """,
        {**_reached(since), "limit": limit, "offset": offset},
    ).fetchall()


def _reached(since: Mapping[int, int]) -> dict[str, object]:
    return {"lots": list(since), "since": list(since.values())}
