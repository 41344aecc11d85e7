"""The first steps of an organization: itself, a branch, an administrator and a key."""

from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database, set_tenant
from tranche.kernel.identity import keys
from tranche.kernel.identity.domain import (
    LOCAL_EMAIL,
    AlreadySetUp,
    Bootstrapped,
    Branch,
    Organization,
    Setup,
    User,
    check_name,
    check_organization,
    check_user,
)
from tranche.kernel.identity.queries import organizations, users
from tranche.kernel.identity.queries.credentials import Membership
from tranche.kernel.identity.service.issue import mint_key


def bootstrap(
    db: Database,
    *,
    entropy: keys.Entropy,
    name: str,
    admin_email: str,
    admin_name: str,
    branch_name: str = "Main",
    zone: str = "UTC",
    currency: str = "USD",
    language: str = "en",
    key_name: str = "bootstrap",
    another: bool = False,
) -> Bootstrapped:
    """Make an organization with its default branch, its first administrator and their API key, all or nothing.

    The key's secret is in the answer and nowhere else. `entropy` gives random bytes.

    Raises:
        AlreadySetUp: there is an organization and `another` was not asked for.
        Invalid: a name, address, zone, currency or language cannot be taken.
    """
    name, email = name.strip(), admin_email.strip().lower()
    check_organization(name=name, zone=zone, currency=currency, language=language)
    check_user(email=email, name=admin_name)
    check_name(branch_name)
    with db.transaction(None) as conn:
        organization_id = _reserve(conn, another=another)
        organization = organizations.insert_organization(
            conn, organization_id=organization_id, name=name, zone=zone, currency=currency, language=language
        )
        branch, user = _people(conn, branch_name=branch_name, email=email, admin_name=admin_name)
        issued = mint_key(conn, entropy=entropy, user_id=user.id, name=key_name, role=Role.ADMIN)
        _record(conn, organization=organization, user=user)
    return Bootstrapped(organization=organization, branch=branch, user=user, issued=issued)


def make_first_organization(conn: Connection, *, wanted: Setup, email: str) -> Membership:
    """The organization of a set-up with its administrator: a new one, or the only one there is, under its new name.

    Afterwards the transaction is that of the organization. What is wanted has been checked.
    """
    organization_id = organizations.first_organization_id(conn)
    settings = {"zone": wanted.zone, "currency": wanted.currency, "language": wanted.language}
    name = wanted.organization.strip()
    if organization_id is None:
        organization_id = _reserve(conn, another=False)
        organizations.insert_organization(conn, organization_id=organization_id, name=name, **settings)
        _, user = _people(conn, branch_name="Main", email=email, admin_name=wanted.name.strip())
    else:
        set_tenant(conn, organization_id)
        organizations.update_organization(conn, name=name, **settings)
        user = _administrator(conn, email=email, name=wanted.name.strip())
    _record(conn, organization=organizations.get_organization(conn), user=user)
    return Membership(
        organization_id=organization_id,
        organization_name=name,
        user_id=user.id,
        user_name=user.name,
        is_joined=True,
    )


def _administrator(conn: Connection, *, email: str, name: str) -> User:
    """Who has this address; else the one that was made for the commands of this machine; else a new one."""
    known = users.find_user_by_email(conn, email=email)
    if known is None and (local := users.find_user_by_email(conn, email=LOCAL_EMAIL)) is not None:
        users.set_email(conn, user_id=local.id, email=email)
        known = local
    if known is not None:
        return users.update_user(conn, user_id=known.id, name=name, role=Role.ADMIN, is_active=True)
    made = users.insert_user(conn, email=email, name=name, role=Role.ADMIN)
    if made is None:
        raise LookupError("nobody has this address")
    return made


def _reserve(conn: Connection, *, another: bool) -> int:
    organizations.lock_bootstrap(conn)
    if organizations.count_organizations(conn) and not another:
        raise AlreadySetUp("An organization exists already. To make one more, ask for another explicitly.")
    organization_id = organizations.next_organization_id(conn)
    set_tenant(conn, organization_id)
    return organization_id


def _people(conn: Connection, *, branch_name: str, email: str, admin_name: str) -> tuple[Branch, User]:
    branch = organizations.insert_branch(conn, name=branch_name, is_default=True)
    user = users.insert_user(conn, email=email, name=admin_name, role=Role.ADMIN)
    if branch is None or user is None:
        raise LookupError("a new organization cannot have a namesake inside")
    return branch, user


def _record(conn: Connection, *, organization: Organization, user: User) -> None:
    ctx = Context(organization_id=organization.id, role=Role.ADMIN, user_id=user.id, user_name=user.name)
    audit.record(
        conn, ctx, action="organization.bootstrap", subject_id=organization.id, detail={"name": organization.name}
    )
