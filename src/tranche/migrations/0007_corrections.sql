-- The rows that an import did not bring in, kept to be corrected, and the log of every change to them.
SET lock_timeout = '5s';

-- What the reading found in the cell itself stands until a person enters that cell anew; every other error is the
-- judge's, who takes it back when it judges again.
ALTER TABLE import_errors ADD COLUMN is_reading boolean NOT NULL DEFAULT false;

-- `kept_by` is the operation that ended with the refused rows kept, `correction_id` the newest bulk correction.
ALTER TABLE imports
    ADD COLUMN kept_by bigint,
    ADD COLUMN correction_id bigint,
    ADD FOREIGN KEY (organization_id, kept_by) REFERENCES operations,
    ADD FOREIGN KEY (organization_id, correction_id) REFERENCES operations;

-- `group_key` is what rows of one thing share (an order's number), null where a row stands for itself. A row is dirty
-- from a bulk change until it is judged; `position` is its group's place in the running judgement.
-- What rows of one group share, short enough for an index: a cell may hold 32 KB.
CREATE FUNCTION group_key_of(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN length(value) > 200 THEN left(value, 100) || encode(sha256(convert_to(value, 'UTF8')), 'hex') ELSE value END;

CREATE TABLE import_rows (
    organization_id bigint NOT NULL,
    import_id bigint NOT NULL,
    row_number integer NOT NULL CHECK (row_number > 0),
    group_key text COLLATE "C" CHECK (group_key <> ''),
    cells jsonb NOT NULL CHECK (jsonb_typeof(cells) = 'object'),
    extra jsonb,
    is_dirty boolean NOT NULL DEFAULT false,
    position bigint CHECK (position >= 0),
    PRIMARY KEY (organization_id, import_id, row_number),
    FOREIGN KEY (organization_id, import_id) REFERENCES imports ON DELETE CASCADE
);
CREATE INDEX import_rows_by_group ON import_rows (organization_id, import_id, group_key, row_number);
CREATE INDEX import_rows_by_position ON import_rows (organization_id, import_id, position) WHERE position IS NOT NULL;

CREATE TABLE import_edits (
    organization_id bigint NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    import_id bigint NOT NULL,
    row_number integer NOT NULL,
    field text NOT NULL,
    old_value text,
    new_value text,
    user_id bigint,
    user_name text NOT NULL DEFAULT '',
    operation_id bigint,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, import_id) REFERENCES imports ON DELETE CASCADE,
    FOREIGN KEY (organization_id, user_id) REFERENCES users,
    FOREIGN KEY (organization_id, operation_id) REFERENCES operations,
    CONSTRAINT changes_something CHECK (old_value IS DISTINCT FROM new_value)
);
CREATE INDEX import_edits_by_cell ON import_edits (organization_id, import_id, row_number, field, id);

-- Owner-owned because a role may only ANALYZE its own tables; rows that were kept just now have no statistics, and
-- without them a bulk correction joins every row with every error.
CREATE FUNCTION analyze_import_rows() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
BEGIN
    ANALYZE public.import_rows, public.import_errors, public.import_edits;
END;
$$;

CALL raise_tenant_wall('import_rows', 'import_edits');
