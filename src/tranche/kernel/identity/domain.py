"""What an organization, a branch, a user and an API key are, and their refusals."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from tranche.kernel.context import Role
from tranche.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from tranche.kernel.zones import zones

LOCAL_EMAIL = "admin@localhost"  # of the administrator that is made for the commands of one machine

_CURRENCY = re.compile(r"[A-Z]{3}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][A-Za-z0-9]{1,7})?")
_EMAIL = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+")
_EMAIL_LENGTH = 254  # RFC 5321, section 4.5.3.1.3, without the angle brackets
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NAME_LENGTH = 200
# The scopes that routes have; `tests/walls` compares them with the application.
SCOPES: Final = (
    "bill-stop",
    "customers",
    "invoices",
    "items",
    "messages",
    "operations",
    "orders",
    "settings",
    "stock",
)
_HEADER = "x-branch-id"
_NAME_FAULT = FieldError("/name", f"must have 1 to {_NAME_LENGTH} characters and no line breaks")


class Wish(StrEnum):
    """Which ends of their operations a person is told of by mail."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Organization:
    """A tenant. `zone` is an IANA name, `currency` an ISO 4217 code, `language` a tag such as "en" or "pt-BR"."""

    id: int
    name: str
    zone: str
    currency: str
    language: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Branch:
    """A place of an organization."""

    id: int
    name: str
    is_default: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class User:
    """A person; who is not active cannot act, nor can their keys."""

    id: int
    email: str
    name: str
    role: Role
    is_active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret, which is shown once and never kept; `prefix` is for recognising it."""

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


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key together with its secret, which its maker sees this once."""

    key: ApiKey
    secret: str

    def __repr__(self) -> str:
        """Without the secret: what is printed by accident must not open the door."""
        return f"IssuedKey(key={self.key!r}, secret=...)"


@dataclass(frozen=True, slots=True)
class Bootstrapped:
    """What a bootstrap has made."""

    organization: Organization
    branch: Branch
    user: User
    issued: IssuedKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What the set-up of an installation asks for."""

    organization: str
    zone: str
    currency: str
    language: str
    name: str
    email: str
    password: str


class AlreadySetUp(Conflict):
    """There is an organization already."""

    code = "already_set_up"


class EmailTaken(Conflict):
    """Another user has this address."""

    code = "email_taken"


class BranchNameTaken(Conflict):
    """Another branch has this name."""

    code = "branch_name_taken"


class LastAdmin(Conflict):
    """Nobody would be left who can set up."""

    code = "last_admin"


class KeyNotUsable(Conflict):
    """The key has been revoked or has expired."""

    code = "key_not_usable"


class RoleTooHigh(Forbidden):
    """Nobody hands out more rights than they have."""

    code = "role_too_high"


class NoBranchNumber(Invalid):
    """What names the branch of a request is no number of one."""

    def __init__(self, branches: str) -> None:
        detail = "must be the number of a branch"
        super().__init__(f"{_HEADER} {detail}. There are {branches}.", errors=[FieldError(_HEADER, detail, "invalid")])


class ForeignBranch(Forbidden):
    """The branch of a request is none of its organization's."""

    code = "branch"

    def __init__(self, branches: str) -> None:
        detail = "is not one of yours"
        super().__init__(
            f"This branch is not one of yours. There are {branches}.", errors=[FieldError(_HEADER, detail, "branch")]
        )


class UnknownBranch(NotFound):
    """No such branch in this organization."""

    code = "unknown_branch"
    noun = "branch"


class UnknownUser(NotFound):
    """No such user in this organization."""

    code = "unknown_user"
    noun = "user"


class UnknownKey(NotFound):
    """No such API key in this organization."""

    code = "unknown_api_key"
    noun = "API key"


def check_organization(*, name: str, zone: str, currency: str, language: str) -> None:
    """Refuse settings that could not be worked with, all faults at once."""
    faults = []
    if not _is_name(name):
        faults.append(_NAME_FAULT)
    if zone not in zones():
        faults.append(FieldError("/zone", 'must be the name of a time zone, such as "Europe/Berlin" or "Asia/Dhaka"'))
    if not _CURRENCY.fullmatch(currency):
        faults.append(FieldError("/currency", 'must be a currency code of three capital letters, such as "EUR"'))
    if not _LANGUAGE.fullmatch(language):
        faults.append(FieldError("/language", 'must be a language tag, such as "en" or "pt-BR"'))
    refuse(faults)


def check_user(*, email: str, name: str) -> None:
    """Refuse an address that is none and an empty name, both at once; `email` is given in lower case."""
    faults = []
    if not _EMAIL.fullmatch(email) or len(email) > _EMAIL_LENGTH:
        faults.append(FieldError("/email", "must be an e-mail address"))
    if not _is_name(name):
        faults.append(_NAME_FAULT)
    refuse(faults)


def check_name(name: str) -> None:
    """Refuse an empty or endless name."""
    if not _is_name(name):
        refuse([_NAME_FAULT])


def check_key(*, name: str, scopes: Sequence[str], expires_at: datetime | None, now: datetime) -> None:
    """Refuse a key that nobody could tell from others or that would never open anything."""
    faults = []
    if not _is_name(name):
        faults.append(_NAME_FAULT)
    if len(scopes) != len(set(scopes)) or not set(scopes) <= set(SCOPES):
        faults.append(FieldError("/scopes", f"must be some of {', '.join(SCOPES)}, each once; none means all of them"))
    if expires_at is not None and expires_at <= now:
        faults.append(FieldError("/expiresAt", "must lie in the future, or be left out"))
    refuse(faults)


def _is_name(name: str) -> bool:
    return 0 < len(name) <= _NAME_LENGTH and name == name.strip() and not _CONTROL.search(name)


def refuse(faults: Sequence[FieldError]) -> None:
    """Raise Invalid if there is any fault, naming all of them."""
    if faults:
        raise Invalid(" ".join(f"{fault.pointer[1:]} {fault.detail}." for fault in faults), errors=faults)
