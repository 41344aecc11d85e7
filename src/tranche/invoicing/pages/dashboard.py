"""Document 2's key metrics as a page: success rate, processing time, queue depth, error patterns, history."""

from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.invoicing import service
from tranche.invoicing.domain import Day
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import Conflict
from tranche.kernel.operations.service import Operations
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.render import Html, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest

_DAYS: Final = 30
_RUNS: Final = 20


@page("/invoices/runs")
def runs_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """How the runs of the last 30 days went, and the newest of them."""
    with database.transaction(ctx.organization_id) as conn:
        metrics = service.get_metrics(conn, days=_DAYS)
        jobs, total = service.list_jobs(conn, statuses=None, limit=_RUNS, offset=0)
        runs = service.look_at_runs(conn, jobs)
    data = {"metrics": metrics, "runs": runs, "total": total, "chart": _chart(metrics.history)}
    return render(request, "invoicing/runs.html", data)


@form("/invoices/runs/{operation_id:int}/undo")
def undo_run(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    operation_id: FromPath[int],
) -> Html:
    """Void every invoice of the run that is still live."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            job = service.get_job(conn, reference=str(operation_id))
            undo = operations.undo(conn, ctx, operation_id=job.id)
    except Conflict as error:
        return redirect("/invoices/runs", say=error.message, tone=Tone.BAD)
    return redirect(f"/operations/{undo.id}", say="The invoices of the run are being voided.")


def _chart(history: tuple[Day, ...]) -> dict[str, Any]:
    """Every day up to the last one that had a run, also those without."""
    if not history:
        return {}
    by_day = {day.day: day for day in history}
    days = [history[-1].day - timedelta(days=back) for back in reversed(range(_DAYS))]
    found = [by_day.get(day) for day in days]
    return {
        "x": [int(datetime.combine(day, time(), UTC).timestamp()) for day in days],
        "series": [
            {"label": "Invoices", "values": [day.issued if day else 0 for day in found], "tone": "good"},
            {"label": "Failed", "values": [day.failed if day else 0 for day in found], "tone": "bad"},
        ],
    }


DASHBOARD: Final[tuple[Any, ...]] = (runs_page, undo_run)
