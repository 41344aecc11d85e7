"""Signing in and out: passwords checked without haste, sessions opened, moved and ended."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database, set_tenant
from tranche.kernel.errors import FieldError, Forbidden, Invalid, TooMany, Unauthorized
from tranche.kernel.identity import keys
from tranche.kernel.identity.passwords import Passwords, check_password
from tranche.kernel.identity.queries import credentials, organizations, sessions
from tranche.kernel.identity.queries.credentials import Membership
from tranche.kernel.identity.queries.sessions import Session
from tranche.kernel.identity.service.administer import find_branch

WINDOW_MINUTES: Final = 15
MOST_BY_ACCOUNT: Final = 10
MOST_BY_ADDRESS: Final = 60

_FORGET_AT_ONCE: Final = 20
_LONGEST_AGENT: Final = 300
_MOST_SESSIONS: Final = 50
_WRONG_OLD: Final = FieldError("/oldPassword", "is not your present password", "wrong_password")


class WrongPassword(Unauthorized):
    """The address and the password do not belong together; which of them is wrong is not said."""

    code = "wrong_password"


class NoMembership(Forbidden):
    """The person belongs to no organization, or not to this one."""

    code = "no_membership"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long a session lasts unused, and at all, in seconds."""

    idle: float
    whole: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A browser that asks to come in."""

    address: str
    user_agent: str
    old_token: str | None = None


class Entrance:
    """The verbs of signing in; they open transactions themselves, because they begin outside of any organization."""

    def __init__(
        self, database: Database, passwords: Passwords, *, entropy: keys.Entropy, lifetimes: Lifetimes
    ) -> None:
        """`entropy` gives random bytes."""
        self._db = database
        self.passwords = passwords
        self._entropy = entropy
        self.lifetimes = lifetimes

    def sign_in(self, *, email: str, password: str, entry: Entry) -> str:
        """Open a session in the first of the person's organizations; answers its token.

        Raises:
            WrongPassword: the two do not belong together.
            TooMany: too many attempts on the address of mail or from the address of the network.
            NoMembership: the person belongs to no organization any more.
        """
        email = email.strip().lower()
        self.prove(email=email, password=password, address=entry.address)
        with self._db.transaction(None) as conn:
            joined = [each for each in credentials.list_memberships(conn, email=email) if each.is_joined]
            if not joined:
                raise NoMembership("You are not a member of an organization here any more. Ask its administrator.")
            self._end(conn, entry.old_token)
            return self.open(conn, joined[0], entry=entry)

    def prove(self, *, email: str, password: str, address: str) -> None:
        """Check a password, counting the attempt first, so that many at once are counted too.

        Raises:
            WrongPassword, TooMany.
        """
        account = _subject("account", email)
        self._count(account, _subject("address", address))
        with self._db.transaction(None) as conn:
            kept = credentials.find_hash(conn, email=email)
        if not self.passwords.matches(password, kept):
            raise WrongPassword("This address and this password do not belong together.")
        with self._db.transaction(None) as conn:
            credentials.forget_attempts(conn, subject=account)
            if kept is not None and self.passwords.is_outdated(kept):
                credentials.keep_hash(conn, email=email, password_hash=self.passwords.hash(password))

    def open(self, conn: Connection, membership: Membership, *, entry: Entry, until: datetime | None = None) -> str:
        """A new session for a member, in the organization's default branch; answers its token.

        Afterwards the transaction is that of the organization. `until` is the end of the session before this one.
        """
        set_tenant(conn, membership.organization_id)
        branches = organizations.list_branches(conn, limit=_MOST_SESSIONS, offset=0)
        branch = next((one for one in branches if one.is_default), None)
        token = keys.mint(self._entropy)
        sessions.insert_session(
            conn,
            user_id=membership.user_id,
            branch_id=branch.id if branch else None,
            token_hash=keys.digest(token),
            user_agent=entry.user_agent[:_LONGEST_AGENT],
            seconds=self.lifetimes.whole,
            until=until,
        )
        sessions.delete_ended(conn, most=_FORGET_AT_ONCE)
        if until is None:
            ctx = Context(
                organization_id=membership.organization_id,
                role=Role.VIEWER,
                user_id=membership.user_id,
                user_name=membership.user_name,
            )
            audit.record(conn, ctx, action="session.open", subject_id=membership.user_id)
        return token

    def change_password(self, ctx: Context, *, email: str, old: str, new: str, session_id: int, address: str) -> None:
        """Change one's own password; every other session of the person ends, in all organizations.

        Raises:
            Invalid: the present password is wrong, or the new one is too easy to guess.
            TooMany: too many attempts.
        """
        check_password(new, email=email, field="/newPassword")
        try:
            self.prove(email=email, password=old, address=address)
        except WrongPassword as error:
            raise Invalid("This is not your present password.", errors=[_WRONG_OLD]) from error
        hashed = self.passwords.hash(new)
        with self._db.transaction(None) as conn:
            credentials.keep_hash(conn, email=email, password_hash=hashed)
            end_everywhere(conn, email=email, but=(ctx.organization_id, session_id))
            set_tenant(conn, ctx.organization_id)
            audit.record(conn, ctx, action="user.password", subject_id=ctx.user_id)

    def switch(self, ctx: Context, *, email: str, organization_id: int, session_id: int, entry: Entry) -> str:
        """Go to another organization of the same person: a new session takes the place of the present one.

        Raises:
            NoMembership: the person has not joined it.
        """
        with self._db.transaction(None) as conn:
            members = credentials.list_memberships(conn, email=email)
            wanted = [one for one in members if one.is_joined and one.organization_id == organization_id]
            if not wanted:
                raise NoMembership("You are not a member of this organization.")
            set_tenant(conn, ctx.organization_id)
            until = sessions.delete_session(conn, session_id=session_id, user_id=ctx.user_id or 0)
            if until is None:
                raise Unauthorized("Your session has ended. Sign in again.", code="no_session")
            return self.open(conn, wanted[0], entry=entry, until=until)

    def _count(self, account: bytes, address: bytes) -> None:
        """In the order of their hashes, so that two who count both never wait for each other."""
        limits = {account: MOST_BY_ACCOUNT, address: MOST_BY_ADDRESS}
        with self._db.transaction(None) as conn:
            before = {
                one: credentials.count_attempt(conn, subject=one, minutes=WINDOW_MINUTES) for one in sorted(limits)
            }
            credentials.delete_old_attempts(conn, minutes=WINDOW_MINUTES, most=_FORGET_AT_ONCE)
        if any(before[one] >= limits[one] for one in limits):
            raise TooMany(
                f"There were too many attempts. Wait {WINDOW_MINUTES} minutes, or ask for a new link.",
                code="too_many_attempts",
                retry_after=WINDOW_MINUTES * 60,
            )

    def _end(self, conn: Connection, token: str | None) -> None:
        """The session that the browser had before; leaves the transaction without an organization."""
        owner = sessions.find_owner(conn, token_hash=keys.digest(token)) if token else None
        if owner is not None:
            set_tenant(conn, owner["organization_id"])
            row = sessions.find_usable(conn, session_id=owner["session_id"], idle_seconds=self.lifetimes.whole)
            if row is not None:
                sessions.delete_session(conn, session_id=row["id"], user_id=row["user_id"])
            set_tenant(conn, None)


def sign_out(conn: Connection, ctx: Context, *, session_id: int) -> None:
    """End the caller's own session."""
    sessions.delete_session(conn, session_id=session_id, user_id=ctx.user_id or 0)


def choose_branch(conn: Connection, *, session_id: int, branch_id: int) -> None:
    """Work in another branch from now on. Raises UnknownBranch."""
    branch = find_branch(conn, branch_id=branch_id)
    sessions.set_branch(conn, session_id=session_id, branch_id=branch.id)


def list_sessions(conn: Connection, ctx: Context, *, idle_seconds: float) -> list[Session]:
    """The caller's open sessions in this organization, the last used first, at most 50."""
    return sessions.list_sessions(conn, user_id=ctx.user_id or 0, idle_seconds=idle_seconds, limit=_MOST_SESSIONS)


def end_other_sessions(conn: Connection, ctx: Context, *, email: str, session_id: int) -> int:
    """End every session of the caller but the present one, in all organizations; how many they were."""
    ended = end_everywhere(conn, email=email, but=(ctx.organization_id, session_id))
    set_tenant(conn, ctx.organization_id)
    audit.record(conn, ctx, action="session.end", subject_id=ctx.user_id, detail={"ended": ended})
    return ended


def end_everywhere(conn: Connection, *, email: str, but: tuple[int, int] | None = None) -> int:
    """End the sessions of a person in all organizations; `but` is the organization and id of one that stays.

    Leaves the transaction in the last of them: set the one that you need.
    """
    ended = 0
    for member in credentials.list_memberships(conn, email=email):
        set_tenant(conn, member.organization_id)
        kept = but[1] if but and but[0] == member.organization_id else None
        ended += sessions.delete_sessions(conn, user_id=member.user_id, but=kept)
    return ended


def forget_attempts(conn: Connection, *, email: str) -> None:
    """End the waiting of a person after too many attempts."""
    credentials.forget_attempts(conn, subject=_subject("account", email))


def _subject(kind: str, text: str) -> bytes:
    return hashlib.sha256(f"{kind}:{text}".encode()).digest()
