"""What the page of an operation asks besides the operation itself: its items, and why they ended as they did."""

from dataclasses import replace
from typing import Any, Final

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.operations.domain import ItemStatus, Operation
from tranche.kernel.operations.panels import Panels
from tranche.kernel.operations.queries import items
from tranche.kernel.operations.queries.listing import ITEMS
from tranche.kernel.web.listing import Readers, flag, text, word
from tranche.kernel.web.pages.browsing import browse
from tranche.kernel.web.pages.listing import Chip, Column, Filter, Listing
from tranche.kernel.web.requests import AnyRequest

ITEM_FILTERS: Final[Readers] = {
    "status": ("status", word(*ItemStatus)),
    "code": ("code", text(longest=100)),
    "failures": ("failures", flag),
}

_ROWS: Final = 25
_MOST_REASONS: Final = 100
_MOST_CHIPS: Final = 6
_LONGEST_CHIP: Final = 48
_COLUMNS: Final = (
    Column(label="Item"),
    Column(label="Step"),
    Column(label="State"),
    Column(label="Tries", is_number=True),
    Column(label="Why"),
    Column(label="Last changed"),
)
_STATES: Final = {
    ItemStatus.SUCCEEDED: "Done",
    ItemStatus.FAILED: "Failed",
    ItemStatus.UNKNOWN: "Unknown",
    ItemStatus.SKIPPED: "Skipped",
    ItemStatus.CANCELLED: "Cancelled",
    ItemStatus.PENDING: "Left",
}


def list_reasons(conn: Connection, panels: Panels, operation: Operation) -> dict[str, list[Row]]:
    """Why items failed, each reason with what to do about it, and why some were passed over; the commonest first."""
    failed = items.list_failure_groups(conn, operation_id=operation.id, limit=_MOST_REASONS)
    skipped = items.list_skip_groups(conn, operation_id=operation.id, limit=_MOST_REASONS)
    return {
        "groups": [{**group, "advice": panels.advise(operation, group["code"])} for group in failed],
        "skipped_groups": [{**group, "advice": ""} for group in skipped],
    }


def browse_items(
    request: AnyRequest, ctx: Context, conn: Connection, operation: Operation, *, path: str, groups: list[Row]
) -> tuple[list[Row], Listing]:
    """A page of the items, narrowed by state and reason as the address says.

    Raises:
        Invalid: the address holds what the list cannot take.
    """
    rows, listing = browse(
        request, ctx, conn, ITEMS, ITEM_FILTERS,
        columns=_COLUMNS, filters=_filters(groups, chosen=request.query_params.get("code", "")),
        fixed={"operation_id": operation.id}, path=path, export=f"/api{path}/items/export", limit=_ROWS,
    )  # fmt: skip
    failures = [("failures.xlsx", f"/api{path}/items/export?format=xlsx&failures=true")]
    has_failed = operation.failed + operation.unknown > 0
    return rows, replace(listing, anchor="items", exports=[*(failures if has_failed else ()), *listing.exports])


def _filters(groups: list[Row], *, chosen: str) -> tuple[Filter, ...]:
    states = [Chip(label="All", value=""), *(Chip(label=label, value=value) for value, label in _STATES.items())]
    by_state = Filter(name="status", label="State", chips=states)
    named = [group for group in groups if group["code"]]
    shown = [group for number, group in enumerate(named) if number < _MOST_CHIPS or group["code"] == chosen]
    if not shown:
        return (by_state,)
    reasons = [Chip(label="Any reason", value=""), *(_chip(group) for group in shown)]
    return by_state, Filter(name="code", label="Reason", chips=reasons)


def _chip(group: dict[str, Any]) -> Chip:
    label = str(group["code"]).replace("_", " ").capitalize()
    return Chip(label=label[:_LONGEST_CHIP], value=group["code"], count=f"{group['count']:,}")
