"""What everybody in an organization sees of its operations: the bell, cards of the home page, the search."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.domain import Operation, Status
from tranche.kernel.operations.queries import watching
from tranche.kernel.text import number_ranges
from tranche.kernel.web.json import encode
from tranche.kernel.web.pages.filters import day, words
from tranche.kernel.web.pages.ports import Hit, HomeCard, Searcher
from tranche.kernel.web.stream import ORGANIZATION, Load, State

_MOST_SHOWN: Final = 6
_MOST_COUNTED: Final = 99
_MONTH: Final = 30
_ENDED_HOURS: Final = 24
_TROUBLE: Final = timedelta(days=7)
_TONES: Final = {Status.COMPLETED: "good", Status.FAILED: "bad"}
_ENDS: Final = {
    Status.COMPLETED: "is done",
    Status.COMPLETED_WITH_ERRORS: "is done, with errors",
    Status.FAILED: "has failed",
    Status.CANCELLED: "was cancelled",
}


class Draw(Protocol):
    """Renders a template that is the same for everybody."""

    def __call__(self, template: str, data: Mapping[str, Any], /) -> str: ...


def load_watched(database: Database, load: Load, *, draw: Draw) -> Load:
    """The port by which the hub reads: one operation by `load`, or the bell of the whole organization."""

    def look(organization_id: int, operation_id: int, /) -> State | None:
        if operation_id != ORGANIZATION:
            return load(organization_id, operation_id)
        with database.transaction(organization_id) as conn:
            return _bell(conn, draw)

    return look


def title(operation: Operation) -> str:
    """An operation in a few words, such as `Order import “May.xlsx”`, and whether it is a dry run."""
    label = f" “{operation.label}”" if operation.label else ""
    return f"{words(operation.kind)}{label}{', dry run' if operation.is_dry_run else ''}"


def _bell(conn: Connection, draw: Draw) -> State:
    now = watching.clock(conn)
    running = watching.list_running(conn, limit=_MOST_SHOWN)
    count = watching.count_running(conn, most=_MOST_COUNTED)
    ended = watching.list_ended(conn, hours=_ENDED_HOURS, limit=_MOST_SHOWN)
    html = draw("operations/bell.html", {"running": running, "ended": ended, "count": count, "title": title})
    data = {"running": count, "ended": [_ended(operation) for operation in ended], "html": html}
    return State(version=now, data=encode(data), finished=False, event="bell")


def _ended(operation: Operation) -> dict[str, Any]:
    """What a toast says; `at` tells the browser which ends it has shown already."""
    finished = operation.finished_at or operation.updated_at
    return {
        "id": f"{operation.id}",
        "at": round(finished.timestamp() * 1000),
        "kind": operation.kind,
        "text": f"{title(operation)} {_ENDS.get(operation.status, 'has ended')}.",
        "tone": _TONES.get(operation.status, "warn"),
        "path": f"/operations/{operation.id}",
    }


def _load_running(conn: Connection, ctx: Context, /) -> Mapping[str, Any] | None:
    del ctx
    running = watching.list_running(conn, limit=_MOST_SHOWN)
    return {"running": running, "title": title} if running else None


def _load_troubled(conn: Connection, ctx: Context, /) -> Mapping[str, Any] | None:
    del ctx
    troubled = watching.list_troubled(conn, since=datetime.now(UTC) - _TROUBLE, limit=_MOST_SHOWN)
    return {"troubled": troubled, "title": title} if troubled else None


def _load_month(conn: Connection, ctx: Context, /) -> Mapping[str, Any] | None:
    del ctx
    days = watching.list_days(conn, days=_MONTH)
    started = sum(row["operations"] for row in days)
    if not started:
        return None
    return {
        "started": started,
        "succeeded": sum(row["succeeded"] for row in days),
        "failed": sum(row["failed"] for row in days),
        "days": [{**row, "label": day(row["day"])} for row in days],
    }


CARDS: Final = (
    HomeCard(name="needs a hand", template="operations/troubled_card.html", load=_load_troubled, position=10),
    HomeCard(name="running", template="operations/running_card.html", load=_load_running, position=20),
    HomeCard(name="last 30 days", template="operations/month_card.html", load=_load_month, position=40, is_wide=True),
)


def find_operations(conn: Connection, ctx: Context, /, *, text: str, limit: int) -> Sequence[Hit]:
    """The first operations whose number begins so."""
    del ctx
    ranges = number_ranges(text)
    found = watching.list_numbered(conn, ranges=ranges, limit=limit) if ranges else []
    return [
        Hit(kind="Operation", label=f"{one.id} · {title(one)}", path=f"/operations/{one.id}", detail=words(one.status))
        for one in found
    ]


SEARCHERS: Final[tuple[Searcher, ...]] = (find_operations,)
