"""What runs have issued, which is not what they have done to the end: printing and sending may fail behind it."""

from collections.abc import Sequence
from typing import Final

from tranche.kernel.db.pool import Connection, Row

# Of an operation `o`. Where nothing follows the issue its own counter says it, and no invoice is counted.
ISSUED: Final = """
    CASE WHEN o.payload @> '{"pdf": true}' OR jsonb_typeof(o.payload -> 'send') = 'object' THEN (
        SELECT count(*) FROM invoices i WHERE i.organization_id = o.organization_id AND i.operation_id = o.id
    ) ELSE o.succeeded END
"""


def list_issued(conn: Connection, *, operation_ids: Sequence[int]) -> list[Row]:
    """Of each run how many invoices it has issued, and whether one of them at least is live."""
    return conn.execute(
        f"""
        SELECT o.id, {ISSUED} AS issued, EXISTS (
            SELECT FROM invoices i
            WHERE i.organization_id = o.organization_id AND i.operation_id = o.id AND i.kind = 'invoice'
              AND i.status = 'issued'
        ) AS is_live
        FROM operations o
        WHERE o.organization_id = current_organization() AND o.id = ANY (%(ids)s)
        ORDER BY o.id
        """,
        {"ids": list(operation_ids)},
    ).fetchall()


def list_order_ids(conn: Connection, *, operation_id: int, stages: Sequence[str], limit: int) -> list[int]:
    """The first orders of a run, in its order; `stages` are those that an order begins in."""
    rows = conn.execute(
        """
        SELECT reference FROM operation_items
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s AND stage = ANY (%(stages)s)
        ORDER BY position LIMIT %(limit)s
        """,
        {"operation_id": operation_id, "stages": list(stages), "limit": limit},
    ).fetchall()
    return [row["reference"] for row in rows]
