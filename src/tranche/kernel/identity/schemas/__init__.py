"""The wire contract of identity and of the audit log, and how it is filled."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from msgspec import UNSET, Meta, UnsetType

from tranche.kernel.audit.domain import AuditEntry
from tranche.kernel.context import Context, Role
from tranche.kernel.identity.domain import ApiKey, Branch, IssuedKey, Organization, User
from tranche.kernel.web.json import Body, Out, utc_or_none

T = TypeVar("T")
Instant = Annotated[datetime, Meta(tz=True)]


class OrganizationChanges(Body, frozen=True):
    """What is left out stays as it is."""

    name: str | UnsetType = UNSET
    zone: str | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    language: str | UnsetType = UNSET


class OrganizationBody(Body, frozen=True):
    """PUT /api/organization."""

    data: OrganizationChanges


class NewBranch(Body, frozen=True):
    """A branch to make."""

    name: str


class BranchBody(Body, frozen=True):
    """POST /api/branches."""

    data: NewBranch


class NewUser(Body, frozen=True):
    """A user to make."""

    email: str
    name: str
    role: Role


class UserBody(Body, frozen=True):
    """POST /api/users."""

    data: NewUser


class UserChanges(Body, frozen=True):
    """What is left out stays as it is."""

    name: str | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class UserChangesBody(Body, frozen=True):
    """PUT /api/users/{id}."""

    data: UserChanges


class NewApiKey(Body, frozen=True):
    """A key to make: by default for the caller, for all scopes, without an end."""

    name: str
    role: Role
    user_id: int | None = None
    branch_id: int | None = None
    scopes: tuple[str, ...] = ()
    expires_at: Instant | None = None


class ApiKeyBody(Body, frozen=True):
    """POST /api/api-keys."""

    data: NewApiKey


class OrganizationOut(Out, frozen=True):
    """An organization."""

    id: int
    name: str
    zone: str
    currency: str
    language: str
    created_at: datetime


class BranchOut(Out, frozen=True):
    """A branch."""

    id: int
    name: str
    is_default: bool
    created_at: datetime


class UserOut(Out, frozen=True):
    """A user."""

    id: int
    email: str
    name: str
    role: Role
    is_active: bool
    created_at: datetime


class ApiKeyOut(Out, frozen=True):
    """A key as lists show it; its secret is not kept anywhere."""

    id: int
    user_id: int
    branch_id: int | None
    name: str
    prefix: str
    role: Role
    scopes: tuple[str, ...]
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    created_at: datetime


class IssuedKeyOut(ApiKeyOut, frozen=True):
    """A key at the one moment at which its secret can be read."""

    secret: str


class MeOut(Out, frozen=True):
    """Who is asking, and with which rights."""

    user_id: int | None
    name: str
    role: Role
    scopes: tuple[str, ...]
    branch_id: int | None
    api_key_id: int | None
    organization: OrganizationOut


class AuditEntryOut(Out, frozen=True):
    """An entry of the audit log."""

    id: int
    at: datetime
    user_id: int | None
    actor: str
    action: str
    subject_id: int | None
    detail: dict[str, Any]
    request_id: str


class AuditSealOut(Out, frozen=True):
    """A seal of the audit log; `hash` is in hex."""

    number: int
    until: datetime
    entries: int
    hash: str
    sealed_at: datetime


def organization_out(organization: Organization) -> OrganizationOut:
    return OrganizationOut(
        id=organization.id,
        name=organization.name,
        zone=organization.zone,
        currency=organization.currency,
        language=organization.language,
        created_at=organization.created_at.astimezone(UTC),
    )


def branch_out(branch: Branch) -> BranchOut:
    return BranchOut(
        id=branch.id, name=branch.name, is_default=branch.is_default, created_at=branch.created_at.astimezone(UTC)
    )


def user_out(user: User) -> UserOut:
    return UserOut(
        id=user.id,
        email=user.email,
        name=user.name,
        role=user.role,
        is_active=user.is_active,
        created_at=user.created_at.astimezone(UTC),
    )


def key_out(key: ApiKey) -> ApiKeyOut:
    return ApiKeyOut(**_key_fields(key))  # type: ignore[arg-type]  # the fields of ApiKeyOut, under their names


def issued_key_out(issued: IssuedKey) -> IssuedKeyOut:
    return IssuedKeyOut(secret=issued.secret, **_key_fields(issued.key))  # type: ignore[arg-type]  # as above


def me_out(ctx: Context, *, organization: Organization) -> MeOut:
    return MeOut(
        user_id=ctx.user_id,
        name=ctx.user_name,
        role=ctx.role,
        scopes=tuple(sorted(ctx.scopes)),
        branch_id=ctx.branch_id,
        api_key_id=ctx.api_key_id,
        organization=organization_out(organization),
    )


def audit_entry_out(entry: AuditEntry) -> AuditEntryOut:
    return AuditEntryOut(
        id=entry.id,
        at=entry.at.astimezone(UTC),
        user_id=entry.user_id,
        actor=entry.actor,
        action=entry.action,
        subject_id=entry.subject_id,
        detail=dict(entry.detail),
        request_id=entry.request_id,
    )


def audit_seal_out(row: Mapping[str, Any]) -> AuditSealOut:
    return AuditSealOut(
        number=row["number"],
        until=row["until"].astimezone(UTC),
        entries=row["entries"],
        hash=row["hash"].hex(),
        sealed_at=row["sealed_at"].astimezone(UTC),
    )


def given(value: T | UnsetType) -> T | None:
    """A field that was left out is None to the verbs."""
    return None if isinstance(value, UnsetType) else value


def _key_fields(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "user_id": key.user_id,
        "branch_id": key.branch_id,
        "name": key.name,
        "prefix": key.prefix,
        "role": key.role,
        "scopes": key.scopes,
        "expires_at": utc_or_none(key.expires_at),
        "last_used_at": utc_or_none(key.last_used_at),
        "revoked_at": utc_or_none(key.revoked_at),
        "created_at": utc_or_none(key.created_at),
    }
