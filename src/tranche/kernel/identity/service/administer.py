"""The organization's own settings, its branches and its users."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from tranche.kernel.audit import service as audit
from tranche.kernel.audit.domain import JSON
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import FieldError
from tranche.kernel.identity.domain import (
    Branch,
    BranchNameTaken,
    EmailTaken,
    ForeignBranch,
    LastAdmin,
    NoBranchNumber,
    Organization,
    RoleTooHigh,
    UnknownBranch,
    UnknownUser,
    User,
    check_name,
    check_organization,
    check_user,
    refuse,
)
from tranche.kernel.identity.queries import organizations, sessions, users

_LONGEST_NUMBER = 18  # digits; a bigint holds more numbers than these, and nobody has so many branches
_NAMED = 5


def get_organization(conn: Connection) -> Organization:
    """The organization of the running transaction."""
    return organizations.get_organization(conn)


def organization_zone(conn: Connection) -> ZoneInfo:
    """The zone in which this organization's days begin."""
    return ZoneInfo(organizations.get_organization(conn).zone)


def update_organization(
    conn: Connection,
    ctx: Context,
    *,
    name: str | None = None,
    zone: str | None = None,
    currency: str | None = None,
    language: str | None = None,
) -> Organization:
    """Change what is given, keep the rest. Raises Invalid with every fault."""
    old = organizations.lock_organization(conn)
    wanted = {
        "name": old.name if name is None else name.strip(),
        "zone": old.zone if zone is None else zone,
        "currency": old.currency if currency is None else currency,
        "language": old.language if language is None else language,
    }
    check_organization(**wanted)
    if wanted["zone"] != old.zone and not organizations.is_zone_known(conn, zone=wanted["zone"]):
        refuse([FieldError("/zone", "is not known to the database")])
    new = organizations.update_organization(conn, **wanted)
    changes = {field: value for field, value in wanted.items() if value != getattr(old, field)}
    audit.record(conn, ctx, action="organization.update", subject_id=old.id, detail=changes)
    return new


def create_branch(conn: Connection, ctx: Context, *, name: str) -> Branch:
    """Raises Invalid for an empty name and BranchNameTaken."""
    name = name.strip()
    check_name(name)
    branch = organizations.insert_branch(conn, name=name, is_default=False)
    if branch is None:
        raise BranchNameTaken(f"There is a branch named {name!r} already.")
    audit.record(conn, ctx, action="branch.create", subject_id=branch.id, detail={"name": name})
    return branch


def find_branch(conn: Connection, *, branch_id: int) -> Branch:
    """A branch of the caller's organization; an unknown and a foreign one are the same UnknownBranch."""
    branch = organizations.find_branch(conn, branch_id=branch_id)
    if branch is None:
        raise UnknownBranch.of(branch_id, hint=f"there are {name_branches(conn)}")
    return branch


def read_branch(db: Database, organization_id: int, text: str) -> int:
    """The branch that a request names, in a transaction of its own: the port of the web's gate.

    Raises:
        NoBranchNumber, ForeignBranch: they name the first branches that there are.
    """
    is_number = text.isascii() and text.isdigit()
    branch_id = int(text) if is_number and len(text) <= _LONGEST_NUMBER else 0
    with db.transaction(organization_id) as conn:
        if organizations.find_branch(conn, branch_id=branch_id) is not None:
            return branch_id
        branches = name_branches(conn)
    raise ForeignBranch(branches) if is_number else NoBranchNumber(branches)


def name_branches(conn: Connection) -> str:
    """The first branches in words: "1 (Main), 2 (Harbour) and 7 more"."""
    branches, total = list_branches(conn, limit=_NAMED, offset=0)
    names = ", ".join(f"{branch.id} ({branch.name})" for branch in branches)
    return f"{names} and {total - _NAMED:,} more" if total > _NAMED else names


def list_branches(conn: Connection, *, limit: int, offset: int) -> tuple[list[Branch], int]:
    """One page by id, and how many there are in all."""
    return organizations.list_branches(conn, limit=limit, offset=offset), organizations.count_branches(conn)


def create_user(conn: Connection, ctx: Context, *, email: str, name: str, role: Role) -> User:
    """Raises Invalid, EmailTaken, and RoleTooHigh when the role is above the caller's own."""
    _may_give(ctx, role)
    email, name = email.strip().lower(), name.strip()
    check_user(email=email, name=name)
    user = users.insert_user(conn, email=email, name=name, role=role)
    if user is None:
        raise EmailTaken(f"There is a user with the address {email} already.")
    audit.record(conn, ctx, action="user.create", subject_id=user.id, detail={"name": name, "role": role})
    return user


def find_user(conn: Connection, *, user_id: int) -> User:
    """Raises UnknownUser."""
    user = users.find_user(conn, user_id=user_id)
    if user is None:
        raise UnknownUser.of(user_id)
    return user


def list_users(conn: Connection, *, limit: int, offset: int) -> tuple[list[User], int]:
    """One page by id, and how many there are in all."""
    return users.list_users(conn, limit=limit, offset=offset), users.count_users(conn)


def update_user(
    conn: Connection,
    ctx: Context,
    *,
    user_id: int,
    name: str | None = None,
    role: Role | None = None,
    is_active: bool | None = None,
) -> User:
    """Change what is given, keep the rest. Who is made inactive cannot act from the next request on.

    Raises:
        UnknownUser: no such user here.
        Invalid: the name cannot be taken.
        RoleTooHigh: the role is above the caller's own.
        LastAdmin: no active administrator would be left.
    """
    admins = users.lock_active_admins(conn)
    old = users.lock_user(conn, user_id=user_id)
    if old is None:
        raise UnknownUser.of(user_id)
    wanted_role = old.role if role is None else role
    wanted_active = old.is_active if is_active is None else is_active
    wanted_name = old.name if name is None else name.strip()
    _may_give(ctx, wanted_role)
    check_name(wanted_name)
    if admins == [user_id] and not (wanted_active and wanted_role is Role.ADMIN):
        raise LastAdmin("This is the last active administrator. Make another one first.")
    user = users.update_user(conn, user_id=user_id, name=wanted_name, role=wanted_role, is_active=wanted_active)
    if not user.is_active:
        sessions.delete_sessions(conn, user_id=user_id, but=None)
    detail: dict[str, JSON] = {"name": user.name, "role": user.role, "isActive": user.is_active}
    audit.record(conn, ctx, action="user.update", subject_id=user.id, detail=detail)
    return user


def list_joined(conn: Connection, *, user_ids: Sequence[int]) -> set[int]:
    """Those of these users who have come in by a link, so that they can sign in."""
    return users.list_joined(conn, user_ids=user_ids)


def has_joined(conn: Connection, *, user_id: int) -> bool:
    """Whether a user has come in by a link."""
    return user_id in users.list_joined(conn, user_ids=[user_id])


def rename_self(conn: Connection, ctx: Context, *, name: str) -> User:
    """Change one's own name. Raises Invalid, and UnknownUser when the caller is nobody in particular."""
    user = users.lock_user(conn, user_id=ctx.user_id or 0)
    if user is None:
        raise UnknownUser.of(ctx.user_id or 0)
    name = name.strip()
    check_name(name)
    if name == user.name:
        return user
    renamed = users.update_user(conn, user_id=user.id, name=name, role=user.role, is_active=user.is_active)
    audit.record(conn, ctx, action="user.update", subject_id=user.id, detail={"name": name})
    return renamed


def _may_give(ctx: Context, role: Role) -> None:
    if not ctx.role.covers(role):
        raise RoleTooHigh(f"You are {ctx.role} here and cannot give the role {role}.")
