"""Whether what should be running runs: work is taken, workers live, nothing stands still."""

from tranche.kernel.audit.checks import RUNNING_CHECKS as AUDIT_CHECKS
from tranche.kernel.module import Check
from tranche.kernel.notify.checks import RUNNING_CHECKS as NOTIFY_CHECKS

LONGEST_WAIT = 60  # seconds that a job may wait for a worker
LONGEST_SILENCE = 30  # seconds between two signs of life

_RUNNABLE = "o.status IN ('pending', 'processing', 'cancelling')"

RUNNING_CHECKS = (
    Check(
        name=f"no job waits longer than {LONGEST_WAIT} s",
        sql=f"""
            SELECT NULL::bigint AS organization_id,
                format('jobs that wait: %s, the oldest for %s s', count(*),
                    round(extract(epoch FROM now() - min(e.at)))) AS detail
            FROM procrastinate_jobs j
            JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred'
            WHERE j.status = 'todo' AND (j.scheduled_at IS NULL OR j.scheduled_at < now())
            HAVING min(e.at) < now() - interval '{LONGEST_WAIT} seconds'
        """,
    ),
    Check(
        name="a worker lives while there is work",
        sql=f"""
            SELECT NULL::bigint AS organization_id,
                format('operations with work: %s, and no worker has shown itself for %s', count(*), coalesce(
                    (SELECT format('%s s', round(extract(epoch FROM now() - max(beat_at)))) FROM workers),
                    'at least a day')) AS detail
            FROM operations o
            WHERE {_RUNNABLE} AND o.updated_at < now() - interval '{LONGEST_SILENCE} seconds'
              AND NOT EXISTS (
                SELECT FROM workers w WHERE w.beat_at > now() - interval '{LONGEST_SILENCE} seconds'
              )
            HAVING count(*) > 0
        """,
    ),
    Check(
        name="no operation stands still",
        sql=f"""
            SELECT o.organization_id, format('operation %s (%s) is %s and has not moved for %s s', o.id, o.kind,
                o.status, round(extract(epoch FROM now() - o.updated_at))) AS detail
            FROM operations o
            WHERE {_RUNNABLE} AND o.updated_at < now() - interval '{LONGEST_WAIT} seconds'
        """,
    ),
    *NOTIFY_CHECKS,
    *AUDIT_CHECKS,
)
