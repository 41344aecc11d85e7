-- Who calls is asked by every request: one statement instead of a transaction of four.
SET lock_timeout = '5s';

DROP FUNCTION find_api_key(bytea);

-- Sees across organizations on purpose: the hash of a presented key -> whose it is, with what they may do now.
CREATE FUNCTION find_api_key(presented bytea)
RETURNS TABLE (
    organization_id bigint, api_key_id bigint, key_role text, scopes text[], branch_id bigint, user_id bigint,
    user_name text, user_role text, is_use_unrecorded boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$
    SELECT k.organization_id, k.id, k.role, k.scopes, k.branch_id, u.id, u.name, u.role,
        k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute'
    FROM public.api_keys k
    JOIN public.users u ON u.organization_id = k.organization_id AND u.id = k.user_id
    WHERE k.key_hash = presented AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
      AND u.is_active
$$;
