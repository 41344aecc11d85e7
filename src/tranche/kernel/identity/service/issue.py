"""API keys: issued, listed, rotated, revoked. A secret leaves these verbs once and is kept nowhere."""

from collections.abc import Sequence
from datetime import datetime

from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import FieldError, Invalid
from tranche.kernel.identity import keys
from tranche.kernel.identity.domain import ApiKey, IssuedKey, KeyNotUsable, RoleTooHigh, UnknownKey, check_key, refuse
from tranche.kernel.identity.queries import api_keys, organizations, users
from tranche.kernel.identity.service.administer import name_branches


def issue_key(
    conn: Connection,
    ctx: Context,
    *,
    entropy: keys.Entropy,
    now: datetime,
    name: str,
    role: Role,
    user_id: int | None = None,
    branch_id: int | None = None,
    scopes: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> IssuedKey:
    """Make a key for a user, by default the caller; `entropy` gives random bytes.

    Raises:
        RoleTooHigh: the role is above the caller's own, or the scopes reach beyond the caller's.
        Invalid: name, scopes or expiry cannot be taken; unknown branch or user; the role is above the user's.
    """
    _may_hand_out(ctx, role=role, scopes=scopes)
    check_key(name=name, scopes=scopes, expires_at=expires_at, now=now)
    owner_id = _owner(conn, user_id=ctx.user_id if user_id is None else user_id, role=role)
    if branch_id is not None and organizations.find_branch(conn, branch_id=branch_id) is None:
        refuse([FieldError("/branchId", f"is not one of your branches; there are {name_branches(conn)}")])
    issued = mint_key(
        conn,
        entropy=entropy,
        user_id=owner_id,
        branch_id=branch_id,
        name=name,
        role=role,
        scopes=scopes,
        expires_at=expires_at,
    )
    _record(conn, ctx, action="api_key.create", key=issued.key)
    return issued


def list_keys(conn: Connection, *, limit: int, offset: int) -> tuple[list[ApiKey], int]:
    """One page by id, and how many there are in all."""
    return api_keys.list_keys(conn, limit=limit, offset=offset), api_keys.count_keys(conn)


def rotate_key(conn: Connection, ctx: Context, *, entropy: keys.Entropy, now: datetime, key_id: int) -> IssuedKey:
    """Give the key a new secret; the old one stops working at once.

    Raises:
        UnknownKey: no such key here.
        KeyNotUsable: it is revoked or has expired.
        RoleTooHigh: its role is above the caller's own, or its scopes reach beyond the caller's.
    """
    key = _lock(conn, key_id=key_id)
    _may_hand_out(ctx, role=key.role, scopes=key.scopes)
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        raise KeyNotUsable("This key has been revoked or has expired. Make a new one.")
    secret = keys.mint(entropy)
    renewed = api_keys.replace_secret(
        conn, key_id=key_id, prefix=keys.shown_prefix(secret), key_hash=keys.digest(secret)
    )
    _record(conn, ctx, action="api_key.rotate", key=renewed)
    return IssuedKey(key=renewed, secret=secret)


def revoke_key(conn: Connection, ctx: Context, *, key_id: int) -> ApiKey:
    """End a key for good; a second time changes nothing. Raises UnknownKey."""
    key = _lock(conn, key_id=key_id)
    if key.revoked_at is not None:
        return key
    revoked = api_keys.revoke_key(conn, key_id=key_id)
    _record(conn, ctx, action="api_key.revoke", key=revoked)
    return revoked


def mint_key(
    conn: Connection,
    *,
    entropy: keys.Entropy,
    user_id: int,
    name: str,
    role: Role,
    branch_id: int | None = None,
    scopes: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> IssuedKey:
    """Make the secret and keep its hash, without asking whether one may: for `bootstrap` and `issue_key`."""
    secret = keys.mint(entropy)
    key = api_keys.insert_key(
        conn,
        user_id=user_id,
        branch_id=branch_id,
        name=name,
        prefix=keys.shown_prefix(secret),
        key_hash=keys.digest(secret),
        role=role,
        scopes=scopes,
        expires_at=expires_at,
    )
    return IssuedKey(key=key, secret=secret)


def _may_hand_out(ctx: Context, *, role: Role, scopes: Sequence[str]) -> None:
    """No scopes means all of them, so a caller with scopes must name some of their own."""
    if not ctx.role.covers(role):
        raise RoleTooHigh(f"You are {ctx.role} here and cannot hand out a key with the role {role}.")
    if ctx.scopes and not (scopes and ctx.scopes.issuperset(scopes)):
        raise RoleTooHigh("Your own key is limited to some scopes; a key from you must name only these.")


def _owner(conn: Connection, *, user_id: int | None, role: Role) -> int:
    user = None if user_id is None else users.find_user(conn, user_id=user_id)
    if user is None or not user.is_active:
        raise Invalid("userId must be an active user.", errors=[FieldError("/userId", "must be an active user")])
    if not user.role.covers(role):
        refuse([FieldError("/role", f"must not be above {user.role}, the role of the key's user")])
    return user.id


def _lock(conn: Connection, *, key_id: int) -> ApiKey:
    key = api_keys.lock_key(conn, key_id=key_id)
    if key is None:
        raise UnknownKey.of(key_id)
    return key


def _record(conn: Connection, ctx: Context, *, action: str, key: ApiKey) -> None:
    audit.record(
        conn,
        ctx,
        action=action,
        subject_id=key.id,
        detail={"name": key.name, "role": key.role, "userId": key.user_id, "prefix": key.prefix},
    )
