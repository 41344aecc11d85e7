"""What must always be true of messages; `tranche doctor` asks."""

from tranche.kernel.module import Check

CHECKS = (
    Check(
        name="a message is kept once for its key",
        sql="""
            SELECT organization_id, format('messages %s have the key %s', array_agg(id ORDER BY id), key) AS detail
            FROM messages
            GROUP BY organization_id, key HAVING count(*) > 1
            ORDER BY organization_id, key
        """,
    ),
    Check(
        name="a message that was sent has its provider's id",
        sql="""
            SELECT organization_id, format('message %s is %s without one', id, status) AS detail
            FROM messages
            WHERE status IN ('sent', 'delivered', 'read') AND (provider_id IS NULL OR sent_at IS NULL)
            ORDER BY organization_id, id
        """,
    ),
    Check(
        name="nothing was sent to a suppressed address",
        sql="""
            SELECT m.organization_id, format('message %s was sent to an address that is suppressed since %s', m.id,
                s.created_at) AS detail
            FROM messages m
            JOIN message_suppressions s ON s.organization_id = m.organization_id AND s.channel = m.channel
                AND s.address = m.address
            WHERE m.handed_at > s.created_at + interval '2 minutes' AND m.status <> 'queued'
            ORDER BY m.organization_id, m.id
        """,
    ),
    Check(
        name="no message waits or stands as being sent after its operation has ended",
        sql="""
            SELECT m.organization_id,
                format('message %s of operation %s is %s', m.id, m.operation_id, m.status) AS detail
            FROM messages m
            JOIN operations o ON o.organization_id = m.organization_id AND o.id = m.operation_id
            WHERE m.status IN ('queued', 'sending') AND o.finished_at IS NOT NULL
            ORDER BY m.organization_id, m.id
        """,
    ),
)
