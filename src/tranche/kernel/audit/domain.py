"""Entries of the audit log, and the seals that chain them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

JSON: TypeAlias = Mapping[str, "JSON"] | Sequence["JSON"] | str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that was done; entries are added and never changed."""

    id: int
    at: datetime
    user_id: int | None
    actor: str
    action: str
    subject_id: int | None
    detail: Mapping[str, JSON]
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """One link of an organization's chain: it holds the entries from the seal before it up to `until`, without that.

    The last one is the head of the chain. `hash` has 32 bytes.
    """

    organization_id: int
    number: int
    until: datetime
    entries: int
    hash: bytes

    @property
    def head(self) -> str:
        """What is kept elsewhere and compared later: organization, number and hash."""
        return f"{self.organization_id}:{self.number}:{self.hash.hex()}"

    @property
    def short(self) -> str:
        """As people compare it."""
        return f"{self.number} ({self.hash.hex()[:12]})"
