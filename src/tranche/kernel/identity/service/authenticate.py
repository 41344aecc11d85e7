"""From a presented key to the actor behind it."""

from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Database
from tranche.kernel.identity import keys
from tranche.kernel.identity.queries import api_keys


def authenticate(db: Database, token: str) -> Context | None:
    """Who presents this key; None when it is mistyped, unknown, revoked, expired, or its user is not active.

    The caller learns nothing about which of these it is. Rights are those of the key, but never more than its
    user has now. The time of use is recorded at most once a minute.
    """
    if not keys.is_well_formed(token):
        return None
    with db.lone() as conn:
        row = api_keys.find_caller(conn, key_hash=keys.digest(token))
    if row is None:
        return None
    if row["is_use_unrecorded"]:
        with db.transaction(row["organization_id"]) as conn:
            api_keys.record_use(conn, key_id=row["api_key_id"])
    key_role, user_role = Role(row["key_role"]), Role(row["user_role"])
    return Context(
        organization_id=row["organization_id"],
        role=key_role if user_role.covers(key_role) else user_role,
        user_id=row["user_id"],
        user_name=row["user_name"],
        branch_id=row["branch_id"],
        api_key_id=row["api_key_id"],
        scopes=frozenset(row["scopes"]),
    )
