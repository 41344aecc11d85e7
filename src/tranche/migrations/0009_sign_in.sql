-- How people sign in: a password for each address, sessions, links that work once, and what slows guessing down.
SET lock_timeout = '5s';

-- A membership counts in the browser only when the person behind the address has taken it up by a link from this very
-- organization: an administrator elsewhere who adds the same address gets nothing by it.
ALTER TABLE users ADD COLUMN joined_at timestamptz;

-- One password for each address, whatever organizations the person belongs to. There is a wall and no policy: the plain
-- role reaches a password only by its address, through the functions below, and can never list them.
CREATE TABLE credentials (
    email text PRIMARY KEY CHECK (email = lower(email)),
    password_hash text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    changed_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE credentials ENABLE ROW LEVEL SECURITY;

CREATE TABLE sessions (
    organization_id bigint NOT NULL REFERENCES organizations,
    id bigint GENERATED ALWAYS AS IDENTITY,
    user_id bigint NOT NULL,
    branch_id bigint,
    token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
    user_agent text NOT NULL DEFAULT '' CHECK (length(user_agent) <= 300),
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, token_hash),
    FOREIGN KEY (organization_id, user_id) REFERENCES users,
    FOREIGN KEY (organization_id, branch_id) REFERENCES branches
);
CREATE INDEX sessions_by_hash ON sessions (token_hash);
CREATE INDEX sessions_by_user ON sessions (organization_id, user_id, id);
CREATE INDEX sessions_by_end ON sessions (organization_id, expires_at);

CREATE TABLE entry_links (
    organization_id bigint NOT NULL REFERENCES organizations,
    id bigint GENERATED ALWAYS AS IDENTITY,
    user_id bigint NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('invitation', 'reset', 'sign_in')),
    token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
    is_trusted boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, token_hash),
    FOREIGN KEY (organization_id, user_id) REFERENCES users
);
COMMENT ON COLUMN entry_links.is_trusted IS 'made by the operator of the installation, not by an administrator of one organization';
CREATE INDEX entry_links_by_hash ON entry_links (token_hash);
CREATE INDEX entry_links_by_user ON entry_links (organization_id, user_id, id);

-- Before the first organization there is nobody to belong to.
CREATE TABLE setup_links (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);

-- Who tries to sign in belongs to nobody yet; `subject` is the hash of an address of mail or of the network.
CREATE TABLE sign_in_attempts (
    subject bytea NOT NULL CHECK (length(subject) = 32),
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subject, id)
);
CREATE INDEX sign_in_attempts_by_age ON sign_in_attempts (at);

CALL raise_tenant_wall('sessions', 'entry_links');

-- Sees across organizations on purpose: the hash of a presented cookie -> whose session it is.
CREATE FUNCTION find_session(presented bytea)
RETURNS TABLE (organization_id bigint, session_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT s.organization_id, s.id FROM public.sessions s WHERE s.token_hash = presented
$$;

-- Sees across organizations on purpose: the hash of a presented link -> whose it is.
CREATE FUNCTION find_entry_link(presented bytea)
RETURNS TABLE (organization_id bigint, link_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT l.organization_id, l.id FROM public.entry_links l WHERE l.token_hash = presented
$$;

-- Sees across organizations on purpose: a person is one address in all of them.
CREATE FUNCTION list_memberships(address text)
RETURNS TABLE (organization_id bigint, organization_name text, user_id bigint, user_name text, is_joined boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT u.organization_id, o.name, u.id, u.name, u.joined_at IS NOT NULL
    FROM public.users u
    JOIN public.organizations o ON o.id = u.organization_id
    WHERE u.email = lower(address) AND u.is_active
    ORDER BY u.organization_id
    LIMIT 100
$$;
CREATE INDEX users_by_email ON users (email, organization_id);

-- A password by its address, and by nothing else.
CREATE FUNCTION find_credential(address text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT c.password_hash FROM public.credentials c WHERE c.email = lower(address) $$;

CREATE FUNCTION keep_credential(address text, hash text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    INSERT INTO public.credentials (email, password_hash) VALUES (lower(address), hash)
    ON CONFLICT (email) DO UPDATE SET password_hash = excluded.password_hash, changed_at = now()
$$;

-- Whether anybody can sign in at all: as long as nobody can, the set-up link opens the house.
CREATE FUNCTION count_credentials() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT count(*) FROM public.credentials $$;

-- What everybody watches: what runs now, and what ended just now.
CREATE INDEX operations_open ON operations (organization_id, id) WHERE finished_at IS NULL;
CREATE INDEX operations_ended ON operations (organization_id, finished_at, id) WHERE finished_at IS NOT NULL;
