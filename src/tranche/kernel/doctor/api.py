"""The last stored report of the doctor, for admins."""

from typing import Any, Final

from litestar import get
from litestar.di import NamedDependency

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.doctor import reports
from tranche.kernel.doctor.schemas import ReportOut, report_out
from tranche.kernel.errors import NotFound
from tranche.kernel.web.auth import SCOPE, admin
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.requests import AnyRequest, allow_query

_SCOPE: Final = {SCOPE: "settings"}


class NoReport(NotFound):
    """Nobody has examined the installation yet."""

    code = "no_report"


@get("/api/doctor", opt=_SCOPE, guards=[admin], sync_to_thread=True)
def get_report(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[ReportOut]:
    """What `tranche doctor` found last, by hand or at night; of several organizations each sees its own hits."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        report = reports.find_last_report(conn, ctx)
    if report is None:
        raise NoReport(
            "There is no report yet: `tranche doctor` makes one, and the schedule doctor-nightly each night."
        )
    return envelope(ctx, report_out(report), message="Report fetched")


ROUTES: Final[tuple[Any, ...]] = (get_report,)
