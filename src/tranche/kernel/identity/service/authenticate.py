"""From a presented key to the actor behind it."""

from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database, set_tenant
from tranche.kernel.identity import keys
from tranche.kernel.identity.queries import api_keys


def authenticate(db: Database, token: str) -> Context | None:
    """Who presents this key; None when it is mistyped, unknown, revoked, expired, or its user is not active.

    The caller learns nothing about which of these it is. Rights are those of the key, but never more than its
    user has now. The time of use is recorded at most once a minute.
    """
    if not keys.is_well_formed(token):
        return None
    with db.transaction(None) as conn:
        owner = api_keys.find_owner(conn, key_hash=keys.digest(token))
        if owner is None:
            return None
        set_tenant(conn, owner["organization_id"])
        return _admit(conn, organization_id=owner["organization_id"], key_id=owner["api_key_id"])


def _admit(conn: Connection, *, organization_id: int, key_id: int) -> Context | None:
    row = api_keys.find_usable(conn, key_id=key_id)
    if row is None:
        return None
    if row["is_use_unrecorded"]:
        api_keys.record_use(conn, key_id=key_id)
    key_role, user_role = Role(row["key_role"]), Role(row["user_role"])
    return Context(
        organization_id=organization_id,
        role=key_role if user_role.covers(key_role) else user_role,
        user_id=row["user_id"],
        user_name=row["user_name"],
        branch_id=row["branch_id"],
        api_key_id=key_id,
        scopes=frozenset(row["scopes"]),
    )
