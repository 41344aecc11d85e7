-- A snapshot that is being loaded has its wall too. COPY is refused on a table with row security, so until a part has
-- been filled nobody but the owner may read it, and a trigger (once a statement, not once a row) refuses whoever writes
-- from another organization; when it is whole it gets the wall that every table has, and may be read and not written.
SET lock_timeout = '5s';

CREATE FUNCTION refuse_other_organizations() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public
AS $$
BEGIN
    IF public.current_organization() IS DISTINCT FROM tg_argv[0]::bigint THEN
        RAISE EXCEPTION 'the part belongs to another organization' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END;
$$;

-- Owner-owned because it makes a table: an empty part that is no partition yet, so that no reader sees it. What an
-- earlier attempt had left is dropped. The summary is filled without COPY, under its wall from the beginning.
CREATE OR REPLACE FUNCTION open_snapshot_part(wanted bigint, part text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    it record;
BEGIN
    SELECT * INTO it FROM public.snapshot_part(wanted, part);
    IF it.status IS DISTINCT FROM 'running' THEN
        RAISE EXCEPTION 'snapshot % does not run', wanted USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    EXECUTE format('DROP TABLE IF EXISTS public.%I', it.name);
    EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED)',
        it.name, it.parent);
    EXECUTE format('ALTER TABLE public.%I ALTER organization_id SET DEFAULT %s, ALTER snapshot_id SET DEFAULT %s, '
        'ADD CONSTRAINT its_own CHECK (organization_id = %2$s AND snapshot_id = %3$s)',
        it.name, public.current_organization(), wanted);
    IF part = 'summary' THEN
        CALL public.raise_tenant_wall(it.name);
        EXECUTE format('GRANT SELECT, INSERT ON public.%I TO %I', it.name, session_user);
    ELSE
        EXECUTE format('CREATE TRIGGER own_organization BEFORE INSERT ON public.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_other_organizations(%s)',
            it.name, public.current_organization());
        EXECUTE format('GRANT INSERT ON public.%I TO %I', it.name, session_user);
    END IF;
    RETURN it.name;
END;
$$;

-- Owner-owned because rights and walls are the owner's: the details are whole, and are read under the wall from here on.
CREATE FUNCTION close_snapshot_part(wanted bigint, part text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
DECLARE
    it record;
BEGIN
    SELECT * INTO it FROM public.snapshot_part(wanted, part);
    IF it.status IS DISTINCT FROM 'running' OR part <> 'detail' THEN
        RAISE EXCEPTION 'snapshot % does not load', wanted USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    EXECUTE format('DROP TRIGGER own_organization ON public.%I', it.name);
    CALL public.raise_tenant_wall(it.name);
    EXECUTE format('REVOKE ALL ON public.%I FROM %I', it.name, session_user);
    EXECUTE format('GRANT SELECT ON public.%I TO %I', it.name, session_user);
END;
$$;
