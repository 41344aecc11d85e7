"""What must always be true of operations, running or ended; `tranche doctor` asks."""

from tranche.kernel.module import Check

CHECKS = (
    Check(
        name="operation counters equal their items",
        sql="""
            WITH outcomes AS (
                SELECT organization_id, operation_id, position,
                    CASE
                        WHEN bool_or(status IN ('pending', 'processing')) THEN 'open'
                        WHEN bool_or(status = 'failed') THEN 'failed'
                        WHEN bool_or(status = 'unknown') THEN 'unknown'
                        WHEN bool_or(status = 'cancelled') THEN 'cancelled'
                        WHEN bool_or(status = 'skipped') THEN 'skipped'
                        ELSE 'succeeded'
                    END AS outcome
                FROM operation_positions
                GROUP BY organization_id, operation_id, position
            ), found AS (
                SELECT organization_id, operation_id,
                    format('total %s, succeeded %s, failed %s, skipped %s, cancelled %s, unknown %s', count(*),
                        count(*) FILTER (WHERE outcome = 'succeeded'), count(*) FILTER (WHERE outcome = 'failed'),
                        count(*) FILTER (WHERE outcome = 'skipped'), count(*) FILTER (WHERE outcome = 'cancelled'),
                        count(*) FILTER (WHERE outcome = 'unknown')) AS counters
                FROM outcomes
                GROUP BY organization_id, operation_id
            ), said AS (
                SELECT organization_id, id,
                    format('total %s, succeeded %s, failed %s, skipped %s, cancelled %s, unknown %s', total, succeeded,
                        failed, skipped, cancelled, unknown) AS counters
                FROM operations
            )
            SELECT o.organization_id, format('operation %s says %s; its items say %s', o.id, o.counters, f.counters)
                AS detail
            FROM said o
            JOIN found f ON f.organization_id = o.organization_id AND f.operation_id = o.id
            WHERE o.counters <> f.counters
            ORDER BY o.organization_id, o.id
        """,
    ),
    Check(
        name="an ended operation has nothing open",
        sql="""
            SELECT o.organization_id, format('operation %s is %s; open items: %s, claims: %s', o.id, o.status,
                i.open, c.claims) AS detail
            FROM operations o
            CROSS JOIN LATERAL (
                SELECT count(*) AS open FROM operation_positions i
                WHERE i.organization_id = o.organization_id AND i.operation_id = o.id
                  AND i.status IN ('pending', 'processing')
            ) AS i
            CROSS JOIN LATERAL (
                SELECT count(*) AS claims FROM operation_claims c
                WHERE c.organization_id = o.organization_id AND c.operation_id = o.id
            ) AS c
            WHERE o.status IN ('cancelled', 'completed', 'completed_with_errors', 'failed') AND i.open + c.claims > 0
            ORDER BY o.organization_id, o.id
        """,
    ),
    Check(
        name="no item of a running operation is left behind",
        sql="""
            SELECT o.organization_id, format('operation %s: item %s of %s is %s, and nobody will come back to it', o.id,
                i.position, i.stage, i.status) AS detail
            FROM operations o
            JOIN operation_positions i ON i.organization_id = o.organization_id AND i.operation_id = o.id
            WHERE o.status IN ('processing', 'paused') AND o.phase_started_at IS NOT NULL
              AND (i.status = 'processing'
                   OR i.status = 'pending' AND i.stage = o.phase AND i.position < o.next_position)
              AND NOT EXISTS (
                SELECT FROM operation_claims c
                WHERE c.organization_id = i.organization_id AND c.operation_id = i.operation_id
                  AND c.phase = i.stage AND i.position BETWEEN c.low AND c.high
              )
            ORDER BY o.organization_id, o.id, i.position
        """,
    ),
)
