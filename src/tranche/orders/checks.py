"""What must always be true of order batches and orders; `tranche doctor` asks."""

from tranche.kernel.module import Check

CHECKS = (
    Check(
        name="order batch counters equal their orders",
        sql="""
            SELECT b.organization_id, format('batch %s says %s imported orders, %s of them undone, and has %s', b.id,
                b.successful_orders, b.undone_orders, count(o.id)) AS detail
            FROM order_batches b
            LEFT JOIN orders o ON o.organization_id = b.organization_id AND o.batch_id = b.id
            WHERE b.status <> 'processing' AND b.deleted_at IS NULL
            GROUP BY b.organization_id, b.id, b.successful_orders, b.undone_orders
            HAVING count(o.id) > b.successful_orders - b.undone_orders
                OR count(o.id) < b.successful_orders - b.undone_orders AND NOT EXISTS (
                SELECT FROM imports i WHERE i.organization_id = b.organization_id AND i.id > coalesce(b.import_id, 0)
                    AND i.options ->> 'onDuplicate' = 'update'
            )
        """,
    ),
    Check(
        name="an ended order batch has an outcome for every order",
        sql="""
            SELECT organization_id, format('batch %s: %s + %s + %s is not %s', id, successful_orders, failed_orders,
                skipped_orders, total_orders) AS detail
            FROM order_batches
            WHERE status <> 'processing' AND successful_orders + failed_orders + skipped_orders <> total_orders
        """,
    ),
    Check(
        name="an ended order batch says what its operation says",
        sql="""
            SELECT b.organization_id, format('batch %s: %s of %s orders failed; its operation %s has %s of %s', b.id,
                b.failed_orders, b.total_orders, o.id, o.failed + o.cancelled + o.unknown, o.total) AS detail
            FROM order_batches b
            JOIN operations o ON o.organization_id = b.organization_id AND o.id = b.operation_id
            WHERE b.status <> 'processing'
              AND (b.total_orders, b.successful_orders, b.skipped_orders, b.failed_orders)
                <> (o.total, o.succeeded, o.skipped, o.failed + o.cancelled + o.unknown)
        """,
    ),
    Check(
        name="an order batch is processed only while its operation runs",
        sql="""
            SELECT b.organization_id, format('batch %s is processing, operation %s is %s', b.id, o.id, o.status)
                AS detail
            FROM order_batches b
            LEFT JOIN operations o ON o.organization_id = b.organization_id AND o.id = b.operation_id
            WHERE b.status = 'processing'
              AND (o.id IS NULL OR o.status IN ('cancelled', 'completed', 'completed_with_errors', 'failed'))
        """,
    ),
    Check(
        name="an undone order batch says what its undo says",
        sql="""
            SELECT b.organization_id, format('batch %s has %s undone and %s kept orders, undone_at %s; its undo %s is '
                '%s and kept %s, and all took back %s', b.id, b.undone_orders, b.kept_orders, b.undone_at, o.id,
                o.status, o.skipped, u.reversed) AS detail
            FROM order_batches b
            JOIN operations o ON o.organization_id = b.organization_id AND o.id = b.undo_operation_id
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(p.succeeded), 0) AS reversed FROM operations p
                WHERE p.organization_id = b.organization_id AND p.kind = 'order_undo'
                  AND (p.payload ->> 'batchId')::bigint = b.id
            ) AS u
            WHERE b.undone_orders < u.reversed OR (b.undone_at IS NOT NULL) <> (o.status = 'completed')
              OR o.status = 'completed' AND b.kept_orders > o.skipped
        """,
    ),
    Check(
        name="order totals equal their lines",
        sql="""
            SELECT o.organization_id, format('order %s: total %s, %s lines; found %s, %s', o.number, o.total,
                o.line_count, coalesce(sum(l.amount), 0), count(l.line_number)) AS detail
            FROM orders o
            LEFT JOIN order_lines l ON l.organization_id = o.organization_id AND l.order_id = o.id
            GROUP BY o.organization_id, o.id, o.number, o.total, o.line_count
            HAVING o.total <> coalesce(sum(l.amount), 0) OR o.line_count <> count(l.line_number)
        """,
    ),
    Check(
        name="orders of a deleted batch are being removed",
        sql="""
            SELECT b.organization_id, format('batch %s is deleted and still has orders', b.id) AS detail
            FROM order_batches b
            WHERE b.deleted_at IS NOT NULL
              AND EXISTS (SELECT FROM orders o WHERE o.organization_id = b.organization_id AND o.batch_id = b.id)
              AND NOT EXISTS (
                SELECT FROM operations p
                WHERE p.organization_id = b.organization_id AND p.kind = 'order_delete'
                  AND (p.payload ->> 'batchId')::bigint = b.id
                  AND p.status IN ('pending', 'processing', 'paused', 'cancelling')
              )
        """,
    ),
    Check(
        name="a deleted batch keeps no refused rows",
        sql="""
            SELECT b.organization_id, format('batch %s is deleted, and rows of its import %s are still kept', b.id,
                b.import_id) AS detail
            FROM order_batches b
            WHERE b.deleted_at IS NOT NULL
              AND EXISTS (
                SELECT FROM import_rows r WHERE r.organization_id = b.organization_id AND r.import_id = b.import_id
              )
        """,
    ),
)
