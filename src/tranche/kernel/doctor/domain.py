"""What an examination finds; pure."""

from dataclasses import dataclass
from enum import StrEnum


class Group(StrEnum):
    """What a check is about."""

    DATABASE = "database"
    WALLS = "walls between organizations"
    RELATIONS = "relations: every row has its parent, in its own organization"
    DATA = "data"
    FILES = "files"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be; `organization_id` is None where it concerns all."""

    organization_id: int | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One check with its first findings; `is_cut` says that there are more."""

    group: Group
    name: str
    findings: tuple[Finding, ...] = ()
    is_cut: bool = False
    seconds: float = 0.0

    @property
    def is_ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


MOST_FINDINGS = 100
