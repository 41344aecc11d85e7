"""What must always be true of notifications; `tranche doctor` asks."""

from tranche.kernel.module import Check

CHECKS = (
    Check(
        name="what was sent has its provider's id and its time",
        sql="""
            SELECT organization_id, format('notification %s (%s) is sent without them', id, channel) AS detail
            FROM notifications
            WHERE status = 'sent' AND (provider_id IS NULL OR sent_at IS NULL)
            ORDER BY organization_id, id
        """,
    ),
    Check(
        name="what was not sent says why",
        sql="""
            SELECT organization_id, format('notification %s (%s) is %s without a reason', id, channel, status) AS detail
            FROM notifications
            WHERE status IN ('failed', 'unknown') AND coalesce(error, '') = ''
            ORDER BY organization_id, id
        """,
    ),
    Check(
        name="every webhook and every mail that was tried has its id",
        sql="""
            SELECT organization_id, format('notification %s (%s) has no id', id, channel) AS detail
            FROM notifications
            WHERE message_id IS NULL AND (channel = 'webhook' OR attempts > 0)
            ORDER BY organization_id, id
        """,
    ),
)

LONGEST_WAIT = 600  # seconds
RUNNING_CHECKS = (
    Check(
        name="nothing is left half sent",
        sql="""
            SELECT organization_id, format('notification %s (%s) has been lapsed for %s s', id, channel,
                round(extract(epoch FROM now() - lease_until))) AS detail
            FROM notifications
            WHERE status = 'sending' AND lease_until < now() - interval '60 seconds'
            ORDER BY organization_id, id
        """,
    ),
    Check(
        name="nothing waits ten minutes to be sent",
        sql=f"""
            SELECT organization_id, format('notifications (%s) that are due: %s, the oldest for %s s', channel,
                count(*), round(extract(epoch FROM now() - min(next_attempt_at)))) AS detail
            FROM notifications
            WHERE status = 'pending' AND next_attempt_at < now()
            GROUP BY organization_id, channel
            HAVING min(next_attempt_at) < now() - interval '{LONGEST_WAIT} seconds'
            ORDER BY organization_id, channel
        """,
    ),
)
