"""Links that work once: an invitation, a new password, signing in, the set-up of an installation."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import structlog

from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database, set_tenant
from tranche.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from tranche.kernel.identity import keys
from tranche.kernel.identity.domain import (
    Setup,
    UnknownUser,
    check_organization,
    check_user,
    refuse,
)
from tranche.kernel.identity.passwords import check_password
from tranche.kernel.identity.queries import credentials, links, organizations, sessions, users
from tranche.kernel.identity.queries.credentials import Membership
from tranche.kernel.identity.queries.links import Link
from tranche.kernel.identity.service.bootstrap import make_first_organization
from tranche.kernel.identity.service.entering import Entrance, Entry, end_everywhere, forget_attempts
from tranche.kernel.notify import service as notify
from tranche.kernel.notify.domain import without_control

log = structlog.get_logger(__name__)

INVITATION_SECONDS: Final = 7 * 86_400.0
RESET_SECONDS: Final = 86_400.0
SIGN_IN_SECONDS: Final = 3_600.0
SETUP_SECONDS: Final = 86_400.0

_KEEP_DAYS: Final = 30


class Purpose(StrEnum):
    """What a link opens: a membership, a new password, or a session without one."""

    INVITATION = "invitation"
    RESET = "reset"
    SIGN_IN = "sign_in"


class LinkNotUsable(NotFound):
    """Used, too old, replaced by a newer one, or never made; the answer is the same."""

    code = "link_not_usable"

    def __init__(self) -> None:
        super().__init__("This link is not good any more: it was used, is too old, or a newer one was made.")


class BelongsElsewhere(Conflict):
    """An administrator of one organization must not open the doors of another."""

    code = "belongs_elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A link that somebody holds: whom it is for, and whether their address has a password already."""

    link: Link
    has_password: bool

    @property
    def asks_password(self) -> bool:
        """An invitation of somebody with a password asks for that one; it never sets another."""
        return self.link.purpose == Purpose.INVITATION and self.has_password


def make_link(
    conn: Connection, ctx: Context, *, user_id: int, purpose: Purpose, entropy: keys.Entropy, trusted: bool = False
) -> str:
    """Make a link for a user of the caller's organization and answer its token; older ones end.

    `trusted`: the operator of the installation makes it, who may do anything here.

    Raises:
        UnknownUser: no such active user here.
        Forbidden: a link that signs in without a password, and it is not the operator who asks.
        BelongsElsewhere: a reset for somebody who has joined another organization too.
    """
    user = users.find_user(conn, user_id=user_id)
    if user is None or not user.is_active:
        raise UnknownUser.of(user_id)
    if purpose is Purpose.SIGN_IN and not trusted:
        raise Forbidden("Only the operator of the installation makes such a link.", code="operator_only")
    if purpose is Purpose.RESET and not trusted:
        _refuse_foreign(conn, ctx, email=user.email)
    links.end_links(conn, user_id=user_id)
    token = keys.mint(entropy)
    seconds = {Purpose.INVITATION: INVITATION_SECONDS, Purpose.RESET: RESET_SECONDS, Purpose.SIGN_IN: SIGN_IN_SECONDS}
    links.insert_link(
        conn,
        user_id=user_id,
        purpose=purpose,
        token_hash=keys.digest(token),
        is_trusted=trusted,
        seconds=seconds[purpose],
    )
    audit.record(conn, ctx, action="user.link", subject_id=user_id, detail={"purpose": purpose, "email": user.email})
    return token


def invite(conn: Connection, ctx: Context, *, user_id: int, entropy: keys.Entropy, base_url: str) -> str:
    """Make an invitation, mail it to the user as well, and answer its token. Raises UnknownUser."""
    token = make_link(conn, ctx, user_id=user_id, purpose=Purpose.INVITATION, entropy=entropy)
    user = users.find_user(conn, user_id=user_id)
    if user is None:
        raise UnknownUser.of(user_id)
    organization = organizations.get_organization(conn)
    text = (
        f"Hello {without_control(user.name)},\n\n{without_control(ctx.user_name)} invites you to "
        f"{without_control(organization.name)} in Tranche. This link works once, for 7 days:\n\n"
        f"{base_url}/join/{token}\n"
    )
    try:
        notify.put_mail(
            conn,
            event="user.invitation",
            address=user.email,
            name=without_control(user.name),
            subject=f"You are invited to {without_control(organization.name)}",
            text=text,
        )
    except Invalid as error:  # the link is shown to the administrator in any case
        log.warning("user.no_mail", user=user.id, reason=error.error_code)
    return token


def look_at_link(database: Database, token: str) -> Opened:
    """Whom a link is for; it stays good. Raises LinkNotUsable."""
    with database.transaction(None) as conn:
        return _open(conn, token)


def accept(database: Database, entrance: Entrance, *, token: str, password: str, entry: Entry) -> str:
    """Use a link: join the organization, set the password where the link may, and open a session; answers its token.

    Raises:
        LinkNotUsable: it is not good any more.
        Invalid: the new password is too easy to guess.
        WrongPassword, TooMany: the link asks for the present password, and this is not it.
        BelongsElsewhere: a reset, and the person has joined another organization since.
    """
    opened = look_at_link(database, token)
    email = opened.link.email
    if opened.asks_password:
        entrance.prove(email=email, password=password, address=entry.address)
        hashed = None
    elif opened.link.purpose == Purpose.SIGN_IN:
        hashed = None
    else:
        check_password(password, email=email)
        hashed = entrance.passwords.hash(password)
    with database.transaction(None) as conn:
        return _enter(conn, entrance, token=token, hashed=hashed, entry=entry)


def make_setup_link(database: Database, *, entropy: keys.Entropy) -> str | None:
    """The token of a link that sets the installation up, as long as nobody can sign in; else None.

    With several organizations none is set up this way: the operator makes a link for a person.
    """
    with database.transaction(None) as conn:
        organizations.lock_bootstrap(conn)
        if credentials.count_credentials(conn) or organizations.count_organizations(conn) > 1:
            return None
        token = keys.mint(entropy)
        links.insert_setup_link(conn, token_hash=keys.digest(token), seconds=SETUP_SECONDS)
    return token


def look_at_setup(database: Database, token: str) -> None:
    """Raises LinkNotUsable."""
    with database.transaction(None) as conn:
        good = keys.is_well_formed(token) and links.has_setup_link(conn, token_hash=keys.digest(token))
        if not good or credentials.count_credentials(conn):
            raise LinkNotUsable


def set_up(database: Database, entrance: Entrance, *, token: str, wanted: Setup, entry: Entry) -> str:
    """Make the organization and its administrator, or take over the one that was made for the commands; sign in.

    Raises:
        LinkNotUsable: it was used, or is too old.
        Invalid: a name, an address, a zone, a currency or the password cannot be taken.
    """
    look_at_setup(database, token)
    email = wanted.email.strip().lower()
    _check_setup(wanted, email=email)
    hashed = entrance.passwords.hash(wanted.password)
    with database.transaction(None) as conn:
        organizations.lock_bootstrap(conn)
        if credentials.count_credentials(conn) or not links.use_setup_link(conn, token_hash=keys.digest(token)):
            raise LinkNotUsable
        member = make_first_organization(conn, wanted=wanted, email=email)
        credentials.keep_hash(conn, email=email, password_hash=hashed)
        credentials.join(conn, user_id=member.user_id)
        return entrance.open(conn, member, entry=entry)


def prune(conn: Connection, *, organization_id: int, most: int) -> int:
    """Delete sessions that have ended by their age and links that ended a month ago; at most `most` of each."""
    del organization_id
    return sessions.delete_ended(conn, most=most) + links.delete_old(conn, days=_KEEP_DAYS, most=most)


def _check_setup(wanted: Setup, *, email: str) -> None:
    """Refuse what cannot be taken, all faults at once; two names are asked for, so the organization's has its own."""
    faults: list[FieldError] = []
    with _noting(faults):
        check_organization(
            name=wanted.organization.strip(), zone=wanted.zone, currency=wanted.currency, language=wanted.language
        )
    faults = [replace(fault, pointer="/organization") if fault.pointer == "/name" else fault for fault in faults]
    with _noting(faults):
        check_user(email=email, name=wanted.name.strip())
    with _noting(faults):
        check_password(wanted.password, email=email)
    refuse(faults)


@contextmanager
def _noting(faults: list[FieldError]) -> Iterator[None]:
    try:
        yield
    except Invalid as error:
        faults += error.errors


def _refuse_foreign(conn: Connection, ctx: Context, *, email: str) -> None:
    foreign = [
        one
        for one in credentials.list_memberships(conn, email=email)
        if one.is_joined and one.organization_id != ctx.organization_id
    ]
    if foreign:
        raise BelongsElsewhere(
            f"{email} belongs to another organization too, so only the operator of this installation can make "
            f"a new password possible: `tranche users password-link {email}`."
        )


def _open(conn: Connection, token: str) -> Opened:
    """Leaves the transaction in the link's organization, with the link locked."""
    owner = links.find_owner(conn, token_hash=keys.digest(token)) if keys.is_well_formed(token) else None
    if owner is None:
        raise LinkNotUsable
    set_tenant(conn, owner["organization_id"])
    link = links.lock_usable(conn, link_id=owner["link_id"])
    if link is None:
        raise LinkNotUsable
    return Opened(link=link, has_password=credentials.find_hash(conn, email=link.email) is not None)


def _enter(conn: Connection, entrance: Entrance, *, token: str, hashed: str | None, entry: Entry) -> str:
    opened = _open(conn, token)
    link = opened.link
    organization = organizations.get_organization(conn)
    ctx = Context(organization_id=organization.id, role=Role.VIEWER, user_id=link.user_id, user_name=link.user_name)
    if hashed is not None:
        if opened.asks_password:  # somebody else has set one meanwhile
            raise LinkNotUsable
        if link.purpose == Purpose.RESET and not link.is_trusted:
            _refuse_foreign(conn, ctx, email=link.email)
        credentials.keep_hash(conn, email=link.email, password_hash=hashed)
    credentials.join(conn, user_id=link.user_id)
    links.end_links(conn, user_id=link.user_id)
    audit.record(conn, ctx, action="user.join", subject_id=link.user_id, detail={"by": link.purpose})
    forget_attempts(conn, email=link.email)
    if hashed is not None:
        end_everywhere(conn, email=link.email)
    member = Membership(
        organization_id=organization.id,
        organization_name=organization.name,
        user_id=link.user_id,
        user_name=link.user_name,
        is_joined=True,
    )
    return entrance.open(conn, member, entry=entry)
