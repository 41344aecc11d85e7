"""What must always be true of the audit log; `tranche doctor` asks."""

from tranche.kernel.module import Check

CHECKS = (
    Check(
        name="every entry of the audit log says who did what",
        sql="""
            SELECT organization_id, format('entry %s has no %s', id,
                CASE WHEN coalesce(actor, '') = '' THEN 'actor' ELSE 'action' END) AS detail
            FROM audit_entries
            WHERE coalesce(actor, '') = '' OR coalesce(action, '') = ''
            ORDER BY organization_id, id
        """,
    ),
)
