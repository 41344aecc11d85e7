"""An entry of the audit log."""

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
