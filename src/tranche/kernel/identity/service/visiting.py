"""From a presented cookie to the person behind it, with what the shell shows of them."""

from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database, Row, set_tenant
from tranche.kernel.identity import keys
from tranche.kernel.identity.queries import credentials, organizations, sessions
from tranche.kernel.web.visitors import Choice, Visitor

_MOST_BRANCHES = 100


def find_visitor(db: Database, token: str, *, idle_seconds: float) -> Visitor | None:
    """Whose session it is; None when it is unknown or has ended, or its user may not act here any more.

    The time of use is recorded at most once a minute.
    """
    if not keys.is_well_formed(token):
        return None
    with db.transaction(None) as conn:
        owner = sessions.find_owner(conn, token_hash=keys.digest(token))
        if owner is None:
            return None
        set_tenant(conn, owner["organization_id"])
        row = sessions.find_usable(conn, session_id=owner["session_id"], idle_seconds=idle_seconds)
        if row is None:
            return None
        if row["is_use_unrecorded"]:
            sessions.record_use(conn, session_id=row["id"])
        return _visitor(conn, row)


def _visitor(conn: Connection, row: Row) -> Visitor:
    members = credentials.list_memberships(conn, email=row["email"])
    branches = organizations.list_branches(conn, limit=_MOST_BRANCHES, offset=0)
    context = Context(
        organization_id=row["organization_id"],
        role=Role(row["role"]),
        user_id=row["user_id"],
        user_name=row["user_name"],
        branch_id=row["branch_id"],
    )
    return Visitor(
        context=context,
        session_id=row["id"],
        email=row["email"],
        organization=row["organization"],
        language=row["language"],
        zone=row["zone"],
        currency=row["currency"],
        organizations=tuple(
            Choice(id=one.organization_id, name=one.organization_name) for one in members if one.is_joined
        ),
        branches=tuple(Choice(id=one.id, name=one.name) for one in branches),
    )
