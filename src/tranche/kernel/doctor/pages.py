"""Settings, system health: what the doctor found last."""

from typing import Any, Final

from litestar.di import NamedDependency

from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Database
from tranche.kernel.doctor import reports
from tranche.kernel.doctor.domain import Checked, Group, Report
from tranche.kernel.web.pages.ports import Area, MenuEntry
from tranche.kernel.web.pages.render import Html, render
from tranche.kernel.web.pages.routes import page
from tranche.kernel.web.requests import AnyRequest

_PATH: Final = "/settings/health"


@page(_PATH, role=Role.ADMIN)
def health_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """The last report by group, hits first."""
    with database.transaction(ctx.organization_id) as conn:
        report = reports.find_last_report(conn, ctx)
    return render(request, "doctor/health.html", {"report": report, "groups": _grouped(report)})


PAGES: Final[tuple[Any, ...]] = (health_page,)
MENU: Final = (
    MenuEntry(label="System health", path=_PATH, icon="health", position=90, role=Role.ADMIN, area=Area.SETTINGS),
)


def _grouped(report: Report | None) -> list[tuple[Group, list[Checked]]]:
    """The groups that were examined, those with hits first."""
    checks = report.checks if report else ()
    groups = [(group, [check for check in checks if check.group is group]) for group in Group]
    return sorted(
        ((group, found) for group, found in groups if found),
        key=lambda pair: not any(check.hits for check in pair[1]),
    )
