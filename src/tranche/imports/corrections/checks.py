"""What must always be true of refused rows; `tranche doctor` asks."""

from tranche.kernel.module import Check

CHECKS = (
    Check(
        name="a refused row has an error",
        sql="""
            SELECT r.organization_id, format('row %s of import %s is kept as refused and has no error', r.row_number,
                r.import_id) AS detail
            FROM import_rows r
            WHERE NOT r.is_dirty
              AND NOT EXISTS (
                SELECT FROM import_errors e
                WHERE e.organization_id = r.organization_id AND e.import_id = r.import_id
                  AND e.row_number = r.row_number AND e.severity = 'error'
              )
            ORDER BY r.organization_id, r.import_id, r.row_number
        """,
    ),
    Check(
        name="a row with an error is kept to be corrected",
        sql="""
            SELECT DISTINCT e.organization_id, e.import_id, e.row_number,
                format('row %s of import %s has an error and was not kept', e.row_number, e.import_id) AS detail
            FROM import_errors e
            JOIN imports i ON i.organization_id = e.organization_id AND i.id = e.import_id
            JOIN operations o ON o.organization_id = i.organization_id AND o.id = i.kept_by
            WHERE e.severity = 'error'
              AND o.status IN ('cancelled', 'completed', 'completed_with_errors', 'failed')
              AND NOT EXISTS (
                SELECT FROM import_rows r
                WHERE r.organization_id = e.organization_id AND r.import_id = e.import_id
                  AND r.row_number = e.row_number
              )
            ORDER BY e.organization_id, e.import_id, e.row_number
        """,
    ),
    Check(
        name="the failed of an import are the groups of its refused rows",
        sql="""
            SELECT i.organization_id, format('import %s: its operation %s says %s failed, %s groups of rows are kept',
                i.id, o.id, o.failed, g.groups) AS detail
            FROM imports i
            JOIN operations o ON o.organization_id = i.organization_id AND o.id = i.kept_by
            CROSS JOIN LATERAL (
                SELECT count(DISTINCT coalesce('k' || r.group_key, 'r' || r.row_number)) AS groups FROM import_rows r
                WHERE r.organization_id = i.organization_id AND r.import_id = i.id
            ) AS g
            WHERE o.status IN ('cancelled', 'completed', 'completed_with_errors', 'failed') AND o.failed <> g.groups
            ORDER BY i.organization_id, i.id
        """,
    ),
    Check(
        name="a row waits for a correction only while one runs or was stopped",
        sql="""
            SELECT r.organization_id, format('row %s of import %s waits to be judged, and no correction is under way',
                r.row_number, r.import_id) AS detail
            FROM import_rows r
            JOIN imports i ON i.organization_id = r.organization_id AND i.id = r.import_id
            LEFT JOIN operations o ON o.organization_id = i.organization_id AND o.id = i.correction_id
            WHERE (r.is_dirty OR r.position IS NOT NULL)
              AND (o.id IS NULL OR o.status IN ('completed', 'completed_with_errors'))
            ORDER BY r.organization_id, r.import_id, r.row_number
        """,
    ),
)
