"""What the operator of an installation may do for a person, in whatever organization they are."""

from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Database, set_tenant
from tranche.kernel.errors import NotFound
from tranche.kernel.identity import keys
from tranche.kernel.identity.queries import credentials
from tranche.kernel.identity.service.entering import end_everywhere, forget_attempts
from tranche.kernel.identity.service.inviting import Purpose, make_link

_OPERATOR = "operator of the installation"


class UnknownPerson(NotFound):
    """No active user has this address."""

    code = "unknown_person"


def make_person_link(database: Database, *, email: str, purpose: Purpose, entropy: keys.Entropy) -> str:
    """A link for a person in the first organization that they have joined, else in the first; answers its token.

    It also ends their waiting after too many attempts. Raises UnknownPerson.
    """
    email = email.strip().lower()
    with database.transaction(None) as conn:
        members = credentials.list_memberships(conn, email=email)
        if not members:
            raise UnknownPerson(f"No active user has the address {email}.")
        member = next((one for one in members if one.is_joined), members[0])
        forget_attempts(conn, email=email)
        set_tenant(conn, member.organization_id)
        ctx = Context(organization_id=member.organization_id, role=Role.ADMIN, user_name=_OPERATOR)
        return make_link(conn, ctx, user_id=member.user_id, purpose=purpose, entropy=entropy, trusted=True)


def end_person_sessions(database: Database, *, email: str) -> int:
    """End every session of a person, in all organizations; how many they were. Raises UnknownPerson."""
    email = email.strip().lower()
    with database.transaction(None) as conn:
        if not credentials.list_memberships(conn, email=email):
            raise UnknownPerson(f"No active user has the address {email}.")
        return end_everywhere(conn, email=email)
