-- What each step of an operation did, kept when the next one begins: {"phase": {"done": 10, "failed": 2}}; and how many
-- had failed before the present step, so that a failure is told of the step in which it happened.
SET lock_timeout = '5s';

ALTER TABLE operations
    ADD COLUMN steps jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN failed_before bigint NOT NULL DEFAULT 0 CHECK (failed_before >= 0);
