-- The audit log sealed into a chain for each organization: a seal holds all entries from the seal before it up to
-- `until`, and its hash holds the hash of the seal before it. What is kept outside is the last number and its hash.
SET lock_timeout = '5s';

CREATE TABLE audit_seals (
    organization_id bigint NOT NULL REFERENCES organizations,
    number bigint NOT NULL CHECK (number > 0),
    until timestamptz NOT NULL,
    entries bigint NOT NULL CHECK (entries > 0),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    sealed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, number)
);

CALL raise_tenant_wall('audit_seals');
