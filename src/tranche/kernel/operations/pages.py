"""The pages of operations: the list, and the one page of an operation, which follows it to its end."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import TrancheError
from tranche.kernel.operations import service, timeline
from tranche.kernel.operations.bell import title
from tranche.kernel.operations.domain import HALF_DONE, Operation, Status
from tranche.kernel.operations.looking import browse_items, list_reasons
from tranche.kernel.operations.panels import Panels
from tranche.kernel.operations.queries.listing import OPERATIONS
from tranche.kernel.operations.queries.operations import operation_of
from tranche.kernel.operations.queries.watching import list_kinds
from tranche.kernel.operations.schemas import operation_out
from tranche.kernel.operations.service import Operations
from tranche.kernel.web.json import Body
from tranche.kernel.web.listing import Readers, flag, word
from tranche.kernel.web.pages.browsing import browse, chips
from tranche.kernel.web.pages.filters import words
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.listing import Column, address
from tranche.kernel.web.pages.ports import MenuEntry
from tranche.kernel.web.pages.render import Html, fragment, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest, read_choice

PATH: Final = "/operations"

_PAGE: Final = "operations/operation.html"
_COLUMNS: Final = (
    Column(label="Operation"),
    Column(label="State"),
    Column(label="Progress"),
    Column(label="Done", is_number=True),
    Column(label="Failed", is_number=True),
    Column(label="By"),
    Column(label="Started", sort="createdAt"),
    Column(label="Took", is_number=True),
)
_FILTERS: Final[Readers] = {
    "status": ("status", word(*Status)),
    "running": ("running", flag),
}
_STARTERS: Final = (chips("createdBy", "Started by", {"me": "Started by me"}, every="By anybody"),)
_STATES: Final = (
    chips(
        "status",
        "State",
        {
            Status.PENDING: "Waiting",
            Status.PROCESSING: "Running",
            Status.COMPLETED: "Done",
            Status.COMPLETED_WITH_ERRORS: "With errors",
            Status.FAILED: "Failed",
            Status.PAUSED: "Paused",
            Status.CANCELLED: "Cancelled",
        },
    ),
)


class RetryForm(Body, frozen=True):
    """What to retry: all, or what failed for this reason."""

    code: str = ""


@page(PATH)
def operations_page(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
) -> Html:
    """Everything long that was ever started, the newest first."""
    readers: Readers = {
        **_FILTERS,
        "kind": ("kind", lambda asked, name: read_choice(asked, name, choices=operations.kinds)),
        "createdBy": ("created_by", lambda asked, name: _read_me(asked, name, ctx)),
    }
    with database.transaction(ctx.organization_id) as conn:
        kinds = {kind: words(kind) for kind in list_kinds(conn, kinds=operations.kinds)}
        filters = (*_STATES, *((chips("kind", "Kind", kinds, every="Any kind"),) if len(kinds) > 1 else ()), *_STARTERS)
        rows, listing = browse(
            request, ctx, conn, OPERATIONS, readers,
            columns=_COLUMNS, filters=filters, export="/api/operations/export",
        )  # fmt: skip
    shown = [operation_of(row) for row in rows]
    return render(request, "operations/list.html", {"operations": shown, "listing": listing, "title": title})


def _read_me(request: AnyRequest, name: str, ctx: Context) -> int | None:
    return ctx.user_id if read_choice(request, name, choices=("me",)) else None


@page(PATH + "/{operation_id:str}")
def operation_page(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    panels: NamedDependency[Panels],
    operation_id: FromPath[str],
) -> Html:
    """One operation, live."""
    return render(request, _PAGE, _load(request, database, ctx, operations, panels=panels, reference=operation_id))


@page(PATH + "/{operation_id:str}/live")
def operation_live(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    panels: NamedDependency[Panels],
    operation_id: FromPath[str],
) -> Html:
    """The part of the page that changes while the operation goes on."""
    return fragment(
        request, _PAGE, "live", _load(request, database, ctx, operations, panels=panels, reference=operation_id)
    )


def _load(
    request: AnyRequest, database: Database, ctx: Context, operations: Operations, *, panels: Panels, reference: str
) -> Mapping[str, Any]:
    with database.transaction(ctx.organization_id) as conn:
        operation = service.get_by_reference(conn, reference=reference)
        path, reasons = f"{PATH}/{operation.id}", list_reasons(conn, panels, operation)
        rows, listing = browse_items(request, ctx, conn, operation, path=path, groups=reasons["groups"])
        shown = panels.load(conn, ctx, operation)
        return {
            "operation": operation,
            "out": operation_out(operation, units=operations.units_of(operation)),
            "name": title(operation),
            "half_done": HALF_DONE,
            **reasons,
            "items": [{**row, "way": panels.find_way(operation, row)} for row in rows],
            "listing": listing,
            "item_path": panels.item_path(operation),
            "events": timeline.list_events(conn, operation_id=operation.id),
            "panels": shown,
            "can_retry": operations.can_retry(operation),
            "undo": next((data["undo"] for _, data in shown if data.get("undo")), None),
            "live_path": address(f"{path}/live", request.query_params),
        }


@form(PATH + "/{operation_id:str}/cancel")
def cancel(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    operation_id: FromPath[str],
) -> Html:
    """End it between two chunks."""
    return _ask(
        database, ctx, operation_id, operations.cancel, say="It ends after the chunk at hand. What is done stays done."
    )


@form(PATH + "/{operation_id:str}/pause")
def pause(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    operation_id: FromPath[str],
) -> Html:
    """Hand out no further chunk."""
    return _ask(database, ctx, operation_id, operations.pause, say="Paused.")


@form(PATH + "/{operation_id:str}/resume")
def resume(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    operation_id: FromPath[str],
) -> Html:
    """Go on."""
    return _ask(database, ctx, operation_id, operations.resume, say="It goes on.")


@form(PATH + "/{operation_id:str}/retry")
def retry(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    operation_id: FromPath[str],
    data: URLEncodedBody[RetryForm],
) -> Html:
    """Work again on what failed."""

    def again(conn: Connection, ctx: Context, *, operation_id: int) -> Operation:
        return operations.retry(conn, ctx, operation_id=operation_id, code=data.code or None)

    return _ask(database, ctx, operation_id, again, say="What failed is tried again.")


@form(PATH + "/{operation_id:str}/undo")
def undo(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    operation_id: FromPath[str],
) -> Html:
    """Take back what it did, as an operation of its own, whose page is gone to."""
    return _ask(database, ctx, operation_id, operations.undo, say="It is being taken back.")


def _ask(database: Database, ctx: Context, reference: str, verb: Callable[..., Operation], *, say: str) -> Html:
    """Do it and go to the page of what came of it, which says so."""
    with database.transaction(ctx.organization_id) as conn:
        found = service.get_by_reference(conn, reference=reference)
    path = f"{PATH}/{found.id}"
    try:
        with database.transaction(ctx.organization_id) as conn:
            moved = verb(conn, ctx, operation_id=found.id)
    except TrancheError as error:
        return redirect(path, say=error.message, tone=Tone.BAD)
    return redirect(f"{PATH}/{moved.id}", say=say)


OPERATION_PAGES: Final[tuple[Any, ...]] = (
    operations_page,
    operation_page,
    operation_live,
    cancel,
    pause,
    resume,
    retry,
    undo,
)
OPERATION_MENU: Final = (MenuEntry(label="Operations", path=PATH, icon="operations", position=90),)
