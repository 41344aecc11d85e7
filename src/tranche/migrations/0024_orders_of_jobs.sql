-- Document 2's payload names an order once, whatever stages follow its invoice in the same run.
SET lock_timeout = '5s';

CREATE OR REPLACE VIEW batch_job_queue WITH (security_invoker = true) AS
SELECT o.uuid AS id, o.organization_id, 'bulk_invoice_generation'::text AS job_type,
    CASE o.status
        WHEN 'paused' THEN 'processing' WHEN 'cancelling' THEN 'processing' WHEN 'completed_with_errors' THEN 'completed'
        ELSE o.status
    END AS status,
    o.total AS total_items,
    o.succeeded + o.failed + o.skipped + o.unknown AS processed_items,
    o.succeeded AS successful_items,
    o.failed + o.unknown AS failed_items,
    o.skipped AS skipped_items,
    o.priority,
    o.payload || jsonb_build_object('user_id', o.created_by, 'order_ids', (
        SELECT coalesce(jsonb_agg(i.reference ORDER BY i.position), '[]') FROM (
            SELECT reference, position FROM operation_items
            WHERE organization_id = o.organization_id AND operation_id = o.id AND stage IN ('draw', 'invoice')
            ORDER BY position LIMIT 1000
        ) AS i
    )) AS payload,
    (
        SELECT coalesce(jsonb_agg(jsonb_build_object('order_id', i.reference, 'code', i.error_code, 'error', i.error)
            ORDER BY i.position), '[]')
        FROM (
            SELECT reference, position, error_code, error FROM operation_items
            WHERE organization_id = o.organization_id AND operation_id = o.id AND status IN ('failed', 'unknown')
            ORDER BY position, stage LIMIT 1000
        ) AS i
    ) AS errors,
    o.created_at AT TIME ZONE g.zone AS created_at,
    o.started_at AT TIME ZONE g.zone AS started_at,
    o.finished_at AT TIME ZONE g.zone AS completed_at
FROM operations o
JOIN organizations g ON g.id = o.organization_id
WHERE o.kind = 'order_invoices';
