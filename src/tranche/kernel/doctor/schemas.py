"""The wire contract of doctor's report."""

from datetime import datetime

from tranche.kernel.doctor.domain import Checked, Report
from tranche.kernel.web.json import Out


class FindingOut(Out, frozen=True):
    """One hit; `organizationId` is null where it concerns the whole installation."""

    organization_id: int | None
    detail: str


class CheckOut(Out, frozen=True):
    """One check: how many hits (`more`: there are more than these), and the first of them."""

    group: str
    name: str
    ok: bool
    hits: int
    more: bool
    details: list[FindingOut]


class ReportOut(Out, frozen=True):
    """An examination; `seconds` is how long it took."""

    ok: bool
    started_at: datetime
    seconds: float
    checks: list[CheckOut]


def report_out(report: Report) -> ReportOut:
    """As it goes out."""
    return ReportOut(
        ok=report.is_ok,
        started_at=report.started_at,
        seconds=round(report.seconds, 3),
        checks=[_check_out(check) for check in report.checks],
    )


def _check_out(check: Checked) -> CheckOut:
    return CheckOut(
        group=str(check.group),
        name=check.name,
        ok=not check.hits,
        hits=check.hits,
        more=check.is_cut,
        details=[FindingOut(organization_id=each.organization_id, detail=each.detail) for each in check.details],
    )
