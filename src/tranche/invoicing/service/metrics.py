"""Document 2's key metrics."""

from typing import Final

from tranche.invoicing.domain import Metrics
from tranche.invoicing.queries import metrics
from tranche.invoicing.service.running import RUN_KIND
from tranche.kernel.db.pool import Connection

_PATTERNS: Final = 20


def get_metrics(conn: Connection, *, days: int) -> Metrics:
    """How the runs of the last `days` days went, and what waits now."""
    pace = metrics.find_pace(conn, kind=RUN_KIND, days=days)
    return Metrics(
        days=days,
        history=tuple(metrics.list_days(conn, kind=RUN_KIND, days=days)),
        patterns=tuple(metrics.list_patterns(conn, kind=RUN_KIND, days=days, limit=_PATTERNS)),
        pending=pace["pending"],
        processing=pace["processing"],
        ended=pace["ended"],
        seconds=pace["seconds"],
        issued=pace["issued"],
    )
