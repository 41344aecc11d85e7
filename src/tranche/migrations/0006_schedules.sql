-- Work by the clock: schedules of organizations and of the installation itself, their runs, and doctor's reports.
SET lock_timeout = '5s';

CREATE TABLE schedules (
    organization_id bigint NOT NULL REFERENCES organizations,
    id bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9-]*$'),
    kind text NOT NULL CHECK (kind <> ''),
    cron text NOT NULL CHECK (cron <> ''),
    zone text NOT NULL CHECK (zone <> ''),
    enabled boolean NOT NULL DEFAULT true,
    catch_up text NOT NULL DEFAULT 'once' CHECK (catch_up = 'once'),
    next_at timestamptz,
    last_planned_at timestamptz,
    last_started_at timestamptz,
    last_finished_at timestamptz,
    last_status text,
    last_result text,
    last_error text,
    edited_by text,
    edited_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, name),
    CONSTRAINT planned_while_enabled CHECK (enabled = (next_at IS NOT NULL)),
    CONSTRAINT edited_by_somebody CHECK ((edited_at IS NULL) = (edited_by IS NULL))
);
CREATE INDEX schedules_due ON schedules (next_at) WHERE enabled;

CREATE TABLE schedule_runs (
    organization_id bigint NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    schedule_id bigint NOT NULL,
    planned_at timestamptz NOT NULL,
    was_manual boolean NOT NULL DEFAULT false,
    requested_by text NOT NULL DEFAULT '',
    status text NOT NULL CHECK (status IN ('waiting', 'running', 'succeeded', 'failed', 'skipped')),
    worker_id uuid,
    started_at timestamptz,
    finished_at timestamptz,
    result text,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id),
    CONSTRAINT planned_once UNIQUE (organization_id, schedule_id, planned_at),
    FOREIGN KEY (organization_id, schedule_id) REFERENCES schedules ON DELETE CASCADE,
    CONSTRAINT finished_when_ended CHECK ((finished_at IS NULL) = (status IN ('waiting', 'running'))),
    CONSTRAINT running_somewhere CHECK (status <> 'running' OR worker_id IS NOT NULL AND started_at IS NOT NULL),
    CONSTRAINT failed_says_why CHECK (status <> 'failed' OR error IS NOT NULL)
);
-- No overlap: at most one run of a schedule is under way.
CREATE UNIQUE INDEX schedule_runs_one_open ON schedule_runs (organization_id, schedule_id)
    WHERE status IN ('waiting', 'running');

CALL raise_tenant_wall('schedules', 'schedule_runs');

-- The same for the installation as a whole: no organization owns its upkeep.
CREATE TABLE installation_schedules (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name ~ '^[a-z][a-z0-9-]*$'),
    kind text NOT NULL CHECK (kind <> ''),
    cron text NOT NULL CHECK (cron <> ''),
    zone text NOT NULL CHECK (zone <> ''),
    enabled boolean NOT NULL DEFAULT true,
    catch_up text NOT NULL DEFAULT 'once' CHECK (catch_up = 'once'),
    next_at timestamptz,
    last_planned_at timestamptz,
    last_started_at timestamptz,
    last_finished_at timestamptz,
    last_status text,
    last_result text,
    last_error text,
    edited_by text,
    edited_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT planned_while_enabled CHECK (enabled = (next_at IS NOT NULL)),
    CONSTRAINT edited_by_somebody CHECK ((edited_at IS NULL) = (edited_by IS NULL))
);

CREATE TABLE installation_schedule_runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    schedule_id bigint NOT NULL REFERENCES installation_schedules ON DELETE CASCADE,
    planned_at timestamptz NOT NULL,
    was_manual boolean NOT NULL DEFAULT false,
    requested_by text NOT NULL DEFAULT '',
    status text NOT NULL CHECK (status IN ('waiting', 'running', 'succeeded', 'failed', 'skipped')),
    worker_id uuid,
    started_at timestamptz,
    finished_at timestamptz,
    result text,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT installation_planned_once UNIQUE (schedule_id, planned_at),
    CONSTRAINT finished_when_ended CHECK ((finished_at IS NULL) = (status IN ('waiting', 'running'))),
    CONSTRAINT running_somewhere CHECK (status <> 'running' OR worker_id IS NOT NULL AND started_at IS NOT NULL),
    CONSTRAINT failed_says_why CHECK (status <> 'failed' OR error IS NOT NULL)
);
CREATE UNIQUE INDEX installation_schedule_runs_one_open ON installation_schedule_runs (schedule_id)
    WHERE status IN ('waiting', 'running');

-- What `tranche doctor` found, for those who look later.
CREATE TABLE doctor_reports (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at timestamptz NOT NULL,
    seconds double precision NOT NULL CHECK (seconds >= 0 AND seconds <> 'NaN'),
    ok boolean NOT NULL,
    checks jsonb NOT NULL
);

-- Sees across organizations on purpose: whose schedules are due.
CREATE FUNCTION list_due_schedules(most integer)
RETURNS TABLE (organization_id bigint, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT s.organization_id, s.name FROM public.schedules s
    WHERE s.enabled AND s.next_at <= clock_timestamp()
    ORDER BY s.next_at, s.organization_id, s.id
    LIMIT most
$$;

-- Sees across organizations on purpose: a run whose worker is gone must not block its schedule for ever.
CREATE FUNCTION list_open_schedule_runs(most integer)
RETURNS TABLE (organization_id bigint, run_id bigint, status text, worker_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT r.organization_id, r.id, r.status, r.worker_id FROM public.schedule_runs r
    WHERE r.status IN ('waiting', 'running')
    ORDER BY r.id
    LIMIT most
$$;

-- Sees across organizations on purpose: which of them lack one of these schedules, or, with `changed`, have one that
-- nobody has edited and whose default is another now.
CREATE FUNCTION list_unsettled_organizations(names text[], crons text[], zones text[], changed boolean, most integer)
RETURNS TABLE (organization_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT o.id FROM public.organizations o
    WHERE EXISTS (
        SELECT FROM unnest(names, crons, zones) AS wanted (name, cron, zone)
        LEFT JOIN public.schedules s ON s.organization_id = o.id AND s.name = wanted.name
        WHERE s.id IS NULL
           OR changed AND s.edited_at IS NULL AND (s.cron, s.zone) IS DISTINCT FROM (wanted.cron, wanted.zone)
    )
    ORDER BY o.id
    LIMIT most
$$;

-- Sees across organizations on purpose: upkeep goes through all of them, one after the other.
CREATE FUNCTION list_organization_ids(behind bigint, most integer)
RETURNS TABLE (organization_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT o.id FROM public.organizations o WHERE o.id > behind ORDER BY o.id LIMIT most
$$;
