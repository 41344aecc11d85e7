"""What must always be true of snapshots; `tranche doctor` asks."""

from tranche.kernel.module import Check

CHECKS = (
    Check(
        name="at most one snapshot of a source is published, and its parts are there",
        sql="""
            SELECT p.organization_id, format('source %s shows snapshot %s, which is %s%s', p.data_set, p.published_id,
                s.status, CASE WHEN s.has_details AND s.has_summary THEN '' ELSE ' and not kept' END) AS detail
            FROM snapshot_sources p
            LEFT JOIN snapshots s ON s.organization_id = p.organization_id AND s.id = p.published_id
            WHERE p.published_id IS NOT NULL AND NOT coalesce(
                s.data_set = p.data_set AND s.status = 'completed' AND s.has_details AND s.has_summary, false
            )
            UNION ALL
            SELECT s.organization_id, format('snapshot %s of %s is newer than what its source shows', s.id, s.data_set)
            FROM snapshots s
            JOIN snapshot_sources p ON p.organization_id = s.organization_id AND p.data_set = s.data_set
            WHERE s.status = 'completed' AND s.id > coalesce(p.published_id, 0)
        """,
    ),
    Check(
        name="the summary of a published snapshot is that of its details",
        sql="""
            WITH shown AS (
                SELECT s.* FROM snapshot_sources p
                JOIN snapshots s ON s.organization_id = p.organization_id AND s.id = p.published_id
                WHERE p.data_set = 'bill_stop'
            ), summed AS (
                SELECT d.organization_id, d.snapshot_id, d.crp_account_no, count(*) AS total,
                    count(*) FILTER (WHERE d.billing_status = 'Bill Stop Issue') AS stops,
                    coalesce(sum(d.current_balance), 0) AS balance
                FROM bill_stop_detail_rows d
                JOIN shown ON shown.organization_id = d.organization_id AND shown.id = d.snapshot_id
                GROUP BY d.organization_id, d.snapshot_id, d.crp_account_no
            ), kept AS (
                SELECT r.* FROM bill_stop_summary_rows r
                JOIN shown ON shown.organization_id = r.organization_id AND shown.id = r.snapshot_id
            )
            SELECT coalesce(r.organization_id, d.organization_id) AS organization_id,
                format('snapshot %s, account %s: %s of %s stopped in the summary, %s of %s in the details',
                    coalesce(r.snapshot_id, d.snapshot_id), coalesce(r.crp_account_no, d.crp_account_no),
                    r.bill_stop_count, r.total_cpc_count, d.stops, d.total) AS detail
            FROM kept r
            FULL JOIN summed d ON d.organization_id = r.organization_id AND d.snapshot_id = r.snapshot_id
                AND d.crp_account_no = r.crp_account_no
            WHERE (r.total_cpc_count, r.bill_stop_count, r.total_balance) IS DISTINCT FROM (d.total, d.stops, d.balance)
            UNION ALL
            SELECT s.organization_id, format('snapshot %s: rows counted %s, found %s', s.id, s.details_count,
                coalesce(n.total, 0))
            FROM shown s
            LEFT JOIN (SELECT organization_id, snapshot_id, sum(total) AS total FROM summed GROUP BY 1, 2) AS n
                ON n.organization_id = s.organization_id AND n.snapshot_id = s.id
            WHERE s.details_count IS DISTINCT FROM coalesce(n.total, 0)
        """,
    ),
    Check(
        name="a snapshot runs only while its operation does",
        sql="""
            SELECT s.organization_id, format('snapshot %s runs, operation %s is %s', s.id, o.id, o.status) AS detail
            FROM snapshots s
            LEFT JOIN operations o ON o.organization_id = s.organization_id AND o.id = s.operation_id
            WHERE s.status = 'running'
              AND (o.id IS NULL OR o.status IN ('cancelled', 'completed', 'completed_with_errors', 'failed'))
        """,
    ),
    Check(
        name="every part belongs to a snapshot that runs or is kept",
        sql="""
            WITH found AS (
                SELECT c.relname, c.relispartition, split_part(c.relname, '_', 2)::bigint AS id,
                    split_part(c.relname, '_', 3) AS part
                FROM pg_class c
                WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
                  AND c.relname ~ '^snapshot_[0-9]+_(detail|summary)$'
            )
            SELECT s.organization_id, format('table %s belongs to a snapshot that is %s', f.relname,
                coalesce(s.status, 'unknown')) AS detail
            FROM found f
            LEFT JOIN snapshots s ON s.id = f.id
            WHERE NOT coalesce(s.status = 'running' AND NOT f.relispartition OR f.relispartition AND
                CASE f.part WHEN 'detail' THEN s.has_details ELSE s.has_summary END, false)
            UNION ALL
            SELECT s.organization_id, format('snapshot %s lacks its %s', s.id, w.part)
            FROM snapshots s
            CROSS JOIN LATERAL (VALUES ('detail', s.has_details), ('summary', s.has_summary)) AS w (part, is_kept)
            WHERE w.is_kept AND NOT EXISTS (
                SELECT FROM found f WHERE f.id = s.id AND f.part = w.part AND f.relispartition
            )
        """,
    ),
)
