-- What Prometheus is told of the installation as a whole: counts and ages, of all organizations together, without a
-- name of one. Both see across organizations on purpose, and are asked seldom: the first reads small tables and partial
-- indexes, the second reads everything that is kept of operations, messages and notifications.
SET lock_timeout = '5s';

-- In PL/pgSQL, because the queue's tables are made after all migrations.
CREATE FUNCTION measure_now()
RETURNS TABLE (name text, one text, two text, value double precision)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT 'operations_open', o.kind, o.status, count(*)::float8
    FROM public.operations o WHERE o.finished_at IS NULL GROUP BY o.kind, o.status
    UNION ALL
    SELECT 'queue_jobs', j.queue_name, j.status::text, count(*)::float8
    FROM public.procrastinate_jobs j WHERE j.status IN ('todo', 'doing') GROUP BY j.queue_name, j.status
    UNION ALL
    SELECT 'queue_oldest_seconds', j.queue_name, '', max(extract(epoch FROM now() - e.at))::float8
    FROM public.procrastinate_jobs j
    JOIN public.procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred'
    WHERE j.status = 'todo' AND (j.scheduled_at IS NULL OR j.scheduled_at < now()) GROUP BY j.queue_name
    UNION ALL
    SELECT 'workers', w.version, '', count(*)::float8
    FROM public.workers w WHERE w.beat_at > now() - interval '30 seconds' GROUP BY w.version
    UNION ALL
    SELECT 'worker_slots', '', '', coalesce(sum(w.slots), 0)::float8
    FROM public.workers w WHERE w.beat_at > now() - interval '30 seconds'
    UNION ALL
    SELECT 'heartbeat_seconds', '', '', extract(epoch FROM now() - max(w.beat_at))::float8
    FROM public.workers w HAVING max(w.beat_at) IS NOT NULL
    UNION ALL
    SELECT 'snapshot_age_seconds', p.data_set, '', max(extract(epoch FROM now() - s.finished_at))::float8
    FROM public.snapshot_sources p
    JOIN public.snapshots s ON s.organization_id = p.organization_id AND s.id = p.published_id
    GROUP BY p.data_set
    UNION ALL
    SELECT 'notifications_open', n.channel, n.status, count(*)::float8
    FROM public.notifications n WHERE n.status IN ('pending', 'sending') GROUP BY n.channel, n.status
    UNION ALL
    (SELECT 'doctor_ok', '', '', r.ok::integer::float8 FROM public.doctor_reports r ORDER BY r.started_at DESC LIMIT 1)
    UNION ALL
    SELECT 'doctor_age_seconds', '', '', extract(epoch FROM now() - max(r.started_at))::float8
    FROM public.doctor_reports r HAVING max(r.started_at) IS NOT NULL;
END
$$;

CREATE FUNCTION measure_history()
RETURNS TABLE (name text, one text, two text, value double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    WITH kept AS MATERIALIZED (
        SELECT o.kind, o.status, count(*) AS n, sum(o.succeeded) AS succeeded, sum(o.failed) AS failed,
            sum(o.skipped) AS skipped, sum(o.cancelled) AS cancelled, sum(o.unknown) AS unknown,
            sum(extract(epoch FROM o.finished_at - o.started_at)) AS seconds
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
