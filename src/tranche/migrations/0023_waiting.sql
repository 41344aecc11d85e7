-- How long an operation stood ended before a person began it anew, so that what it took is work and not waiting.
SET lock_timeout = '5s';

ALTER TABLE operations ADD COLUMN waited interval NOT NULL DEFAULT '0' CHECK (waited >= '0');

UPDATE operations o SET waited = greatest(w.waited, '0')
FROM (
    SELECT r.organization_id, r.operation_id, sum(r.at - e.at) AS waited
    FROM operation_events r
    CROSS JOIN LATERAL (
        SELECT e.at FROM operation_events e
        WHERE e.organization_id = r.organization_id AND e.operation_id = r.operation_id AND e.id < r.id
          AND e.event IN ('cancelled', 'completed', 'completed_with_errors', 'failed')
        ORDER BY e.id DESC LIMIT 1
    ) e
    WHERE r.event = 'retried' GROUP BY r.organization_id, r.operation_id
) w
WHERE o.organization_id = w.organization_id AND o.id = w.operation_id;

CREATE OR REPLACE FUNCTION measure_history()
RETURNS TABLE (name text, one text, two text, value double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    WITH kept AS MATERIALIZED (
        SELECT o.kind, o.status, count(*) AS n, sum(o.succeeded) AS succeeded, sum(o.failed) AS failed,
            sum(o.skipped) AS skipped, sum(o.cancelled) AS cancelled, sum(o.unknown) AS unknown,
            sum(extract(epoch FROM o.finished_at - o.started_at - o.waited)) AS seconds
        FROM public.operations o GROUP BY o.kind, o.status
    )
    SELECT 'operations', kind, status, n::float8 FROM kept
    UNION ALL
    SELECT 'operation_seconds', kind, status, seconds::float8 FROM kept WHERE seconds IS NOT NULL
    UNION ALL
    SELECT 'operation_items', k.kind, i.outcome, sum(i.n)::float8
    FROM kept k CROSS JOIN LATERAL (VALUES ('succeeded', k.succeeded), ('failed', k.failed), ('skipped', k.skipped),
        ('cancelled', k.cancelled), ('unknown', k.unknown)) AS i (outcome, n)
    GROUP BY k.kind, i.outcome
    UNION ALL
    SELECT 'messages', m.channel, m.status, count(*)::float8 FROM public.messages m GROUP BY m.channel, m.status
    UNION ALL
    SELECT 'notifications', n.channel, n.status, count(*)::float8
    FROM public.notifications n GROUP BY n.channel, n.status
$$;
