"""What must always be true of the stock; `tranche doctor` asks."""

from tranche.kernel.module import Check

_ENDS = """
    SELECT organization_id, from_lot_id AS lot_id, from_branch_id AS branch_id, -quantity AS quantity
    FROM lot_movements WHERE from_lot_id IS NOT NULL OR from_branch_id IS NOT NULL
    UNION ALL
    SELECT organization_id, to_lot_id, to_branch_id, quantity
    FROM lot_movements WHERE to_lot_id IS NOT NULL OR to_branch_id IS NOT NULL
"""

CHECKS = (
    Check(
        name="the stock of every lot and branch is the sum of its movements",
        sql=f"""
            SELECT coalesce(b.organization_id, m.organization_id) AS organization_id,
                format('lot %s in branch %s has %s, its movements make %s', coalesce(b.lot_id, m.lot_id),
                    coalesce(b.branch_id, m.branch_id), coalesce(b.quantity::text, 'no balance'),
                    coalesce(m.quantity::text, 'nothing')) AS detail
            FROM lot_balances b
            FULL JOIN (
                SELECT organization_id, lot_id, branch_id, sum(quantity) AS quantity FROM ({_ENDS}) AS ends
                GROUP BY organization_id, lot_id, branch_id
            ) AS m ON m.organization_id = b.organization_id AND m.lot_id = b.lot_id AND m.branch_id = b.branch_id
            WHERE b.quantity IS DISTINCT FROM m.quantity
        """,
    ),
    Check(
        name="no stock is below nothing, and every quantity is a number",
        sql="""
            SELECT organization_id, format('lot %s in branch %s has %s', lot_id, branch_id, quantity) AS detail
            FROM lot_balances WHERE quantity < 0 OR quantity IN ('NaN', 'Infinity', '-Infinity')
            UNION ALL
            SELECT organization_id, format('movement %s is of %s', id, quantity) FROM lot_movements
            WHERE quantity <= 0 OR quantity IN ('NaN', 'Infinity', '-Infinity')
        """,
    ),
    Check(
        name="a transfer, consolidation or split moves within one item and one branch, and loses nothing",
        sql="""
            SELECT organization_id, format('operation %s (%s): %s items, %s branches, %s movements with one end',
                operation_group_id, min(kind), count(DISTINCT item_id), count(DISTINCT branch_id),
                count(DISTINCT id) FILTER (WHERE is_open)) AS detail
            FROM (
                SELECT m.organization_id, m.id, m.operation_group_id, m.kind, m.item_id, e.branch_id,
                    m.from_lot_id IS NULL OR m.to_lot_id IS NULL AS is_open
                FROM lot_movements m
                CROSS JOIN LATERAL (VALUES (m.from_branch_id), (m.to_branch_id)) AS e (branch_id)
                WHERE m.kind IN ('transfer', 'consolidation', 'split')
            ) AS moved
            GROUP BY organization_id, operation_group_id
            HAVING count(DISTINCT item_id) > 1 OR count(DISTINCT branch_id) > 1 OR bool_or(is_open)
        """,
    ),
    Check(
        name="the lots of a movement are of its item",
        sql="""
            SELECT m.organization_id, format('movement %s is of item %s, its lot %s of item %s', m.id, m.item_id, l.id,
                l.item_id) AS detail
            FROM lot_movements m
            JOIN lots l ON l.organization_id = m.organization_id AND l.id IN (m.from_lot_id, m.to_lot_id)
            WHERE l.item_id <> m.item_id
        """,
    ),
    Check(
        name="what takes a movement back is its opposite",
        sql="""
            SELECT r.organization_id, format('movement %s (%s of %s) does not take back movement %s (%s of %s)', r.id,
                r.kind, r.quantity, m.id, m.kind, m.quantity) AS detail
            FROM lot_movements r
            JOIN lot_movements m ON m.organization_id = r.organization_id AND m.id = r.reverses_id
            WHERE (r.item_id, r.quantity, r.from_lot_id, r.from_branch_id, r.to_lot_id, r.to_branch_id)
                IS DISTINCT FROM (m.item_id, m.quantity, m.to_lot_id, m.to_branch_id, m.from_lot_id, m.from_branch_id)
              OR (r.kind = 'return') <> (m.kind = 'issue')
              OR r.kind = 'return' AND (r.consumer_kind, r.consumer_id)
                IS DISTINCT FROM (m.consumer_kind, m.consumer_id)
        """,
    ),
    Check(
        name="an item with lots is tracked in lots, one with plain stock is tracked",
        sql="""
            SELECT l.organization_id, format('item %s is tracked %s and has lot %s', i.id, i.stock_tracking,
                coalesce(l.number, 'without a number')) AS detail
            FROM lots l JOIN items i ON i.organization_id = l.organization_id AND i.id = l.item_id
            WHERE EXISTS (
                SELECT FROM lot_balances b
                WHERE b.organization_id = l.organization_id AND b.lot_id = l.id AND b.quantity > 0
              )
              AND (i.stock_tracking = 'none' OR (l.number IS NULL) <> (i.stock_tracking = 'plain'))
        """,
    ),
)
