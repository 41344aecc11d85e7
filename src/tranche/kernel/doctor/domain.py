"""What an examination finds; pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class Group(StrEnum):
    """What a check is about."""

    DATABASE = "database"
    WALLS = "walls between organizations"
    RELATIONS = "relations: every row has its parent, in its own organization"
    DATA = "data"
    FILES = "files"
    RUNNING = "running"
    MACHINE = "this machine and what it needs"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One check of a stored report: how many hits (`is_cut`: or more), and the first of them."""

    group: Group
    name: str
    hits: int
    is_cut: bool
    details: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One examination, kept for those who look later."""

    started_at: datetime
    seconds: float
    checks: tuple[Checked, ...]

    @property
    def is_ok(self) -> bool:
        """Whether no check hit anything."""
        return not any(check.hits for check in self.checks)


def visible_to(report: Report, *, organization_id: int) -> Report:
    """What one of several organizations may see: its own hits, and nothing of the others nor of the machine."""
    return replace(report, checks=tuple(_own(check, organization_id) for check in report.checks))


def _own(check: Checked, organization_id: int) -> Checked:
    own = tuple(finding for finding in check.details if finding.organization_id == organization_id)
    return replace(check, hits=len(own), is_cut=False, details=own)


MOST_FINDINGS = 100
