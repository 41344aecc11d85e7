"""The public door to snapshots: set a source up, start a run, look, compare, keep less."""

from tranche.billing_stops.service.compare import MOVEMENTS, Comparison, compare, list_movements
from tranche.billing_stops.service.look import (
    DETAIL_ORDERS,
    EXPORT,
    STATUSES,
    SUMMARY_ORDERS,
    Details,
    Filter,
    State,
    Summary,
    choose_export,
    get_snapshot,
    list_details,
    list_history,
    list_summary,
    list_trend,
    read_state,
)
from tranche.billing_stops.service.run import start
from tranche.billing_stops.service.source import get_source, put_source

__all__ = [
    "DETAIL_ORDERS",
    "EXPORT",
    "MOVEMENTS",
    "STATUSES",
    "SUMMARY_ORDERS",
    "Comparison",
    "Details",
    "Filter",
    "State",
    "Summary",
    "choose_export",
    "compare",
    "get_snapshot",
    "get_source",
    "list_details",
    "list_history",
    "list_movements",
    "list_summary",
    "list_trend",
    "put_source",
    "read_state",
    "start",
]
