-- The tables of document 1 under its own names, for its published SQL. Times are in the organization's zone.
SET lock_timeout = '5s';

CREATE VIEW order_batch_counts WITH (security_invoker = true) AS
SELECT b.organization_id, b.id,
    CASE WHEN b.status = 'processing' AND o.id IS NOT NULL THEN o.total ELSE b.total_orders END AS total_orders,
    CASE WHEN b.status = 'processing' AND o.id IS NOT NULL THEN o.succeeded ELSE b.successful_orders END
        AS successful_orders,
    CASE WHEN b.status = 'processing' AND o.id IS NOT NULL THEN o.failed ELSE b.failed_orders END AS failed_orders,
    CASE WHEN b.status = 'processing' AND o.id IS NOT NULL THEN o.skipped ELSE b.skipped_orders END AS skipped_orders
FROM order_batches b
LEFT JOIN operations o ON o.organization_id = b.organization_id AND o.id = b.operation_id;

CREATE VIEW batches WITH (security_invoker = true) AS
SELECT b.id, b.user_id AS userid, b.file_name AS filename, b.file_size AS filesize,
    c.total_orders AS totalorders, c.successful_orders AS successfulorders, c.failed_orders AS failedorders,
    b.status,
    (
        SELECT json_build_object('parseErrors', json_agg(json_build_object('row', e.row_number, 'error', e.message)))::text
        FROM (
            SELECT row_number, message FROM import_errors
            WHERE organization_id = b.organization_id AND import_id = b.import_id AND severity = 'error'
            ORDER BY row_number, id LIMIT 1000
        ) AS e
        HAVING count(*) > 0
    ) AS errorlog,
    b.imported_at AT TIME ZONE g.zone AS importedat,
    b.completed_at AT TIME ZONE g.zone AS completedat
FROM order_batches b
JOIN order_batch_counts c ON c.organization_id = b.organization_id AND c.id = b.id
JOIN organizations g ON g.id = b.organization_id
WHERE b.deleted_at IS NULL;
