"""The pages of uploads: the list with its statistics, one with what was wrong, undo and deletion."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.imports import service as imports
from tranche.kernel.context import Context
from tranche.kernel.db.listing import Choice, fetch_slice
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import TrancheError
from tranche.kernel.operations.service import Operations
from tranche.kernel.text import plural
from tranche.kernel.web.pages.browsing import browse, chips
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.listing import Column
from tranche.kernel.web.pages.render import Html, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest
from tranche.orders import service
from tranche.orders.api.batches import FILTERS
from tranche.orders.domain import OrderBatch
from tranche.orders.pages.causes import describe_all
from tranche.orders.pages.panel import offer_undo
from tranche.orders.pages.places import UPLOADS as PATH
from tranche.orders.service import BATCHES, ORDERS, batch_of, order_of

_COLUMNS: Final = (
    Column(label="File"),
    Column(label="Batch", is_number=True),
    Column(label="State"),
    Column(label="Orders", is_number=True),
    Column(label="Came in", is_number=True),
    Column(label="Refused", is_number=True),
    Column(label="Came in %", is_number=True),
    Column(label="By"),
    Column(label="Uploaded", sort="importedAt"),
)
_CHIPS: Final = (chips("status", "State", {"completed": "Done", "processing": "Running", "failed": "Failed"}),)
_RECENT: Final = 20
_SHOWN_ORDERS: Final = 10


@page(PATH)
def uploads_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """All uploads, the newest first, under the statistics of document 1."""
    with database.transaction(ctx.organization_id) as conn:
        rows, listing = browse(
            request, ctx, conn, BATCHES, FILTERS, columns=_COLUMNS, filters=_CHIPS, export="/api/orders/batches/export"
        )
        stats = service.get_stats(conn)
        recent = service.list_batches(conn, limit=_RECENT)[::-1]
    data = {"batches": [batch_of(row) for row in rows], "listing": listing, "stats": stats, "chart": _chart(recent)}
    return render(request, "orders/uploads.html", data)


@page(PATH + "/{batch_id:int}")
def upload_page(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], batch_id: FromPath[int]
) -> Html:
    """One upload: its counts, its causes of errors, its first orders."""
    with database.transaction(ctx.organization_id) as conn:
        batch = service.get_batch(conn, batch_id=batch_id)
        groups = _groups(conn, batch.import_id)
        found = fetch_slice(conn, ORDERS, Choice({"batch_id": batch_id}), limit=_SHOWN_ORDERS)
        data: dict[str, Any] = {"notices": service.list_notices(conn, batch=batch), **offer_undo(conn, batch)}
    orders = [order_of(row) for row in found.rows]
    data |= {"batch": batch, "groups": groups, "orders": orders, "has_more": found.following}
    return render(request, "orders/upload.html", data)


@form(PATH + "/{batch_id:int}/undo")
def undo(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    batch_id: FromPath[int],
) -> Html:
    """Take back what nobody has touched since."""
    with database.transaction(ctx.organization_id) as conn:
        service.get_batch(conn, batch_id=batch_id)
    try:
        with database.transaction(ctx.organization_id) as conn:
            operation = service.undo_batch(conn, ctx, operations, batch_id=batch_id)
    except TrancheError as error:
        return redirect(f"{PATH}/{batch_id}", say=error.message, tone=Tone.BAD)
    return redirect(f"/operations/{operation.id}")


def _chart(recent: Sequence[OrderBatch]) -> Mapping[str, Any]:
    """A bar for each of the last uploads; places of those that there are not yet stay empty on the left."""
    blank = _RECENT - len(recent)
    labels = [f"{batch.file_name}: {plural(batch.successful_orders, 'order')}" for batch in recent]
    values = [batch.successful_orders for batch in recent]
    return {"count": len(recent), "bars": [0] * blank + values, "labels": [""] * blank + labels}


def _groups(conn: Connection, import_id: int | None) -> list[Mapping[str, Any]]:
    """What was wrong, by cause; a batch from before files were kept says nothing."""
    if import_id is None:
        return []
    work = imports.get(conn, import_id=import_id)
    return describe_all(imports.list_error_groups(conn, import_id=import_id), work)


ROUTES: Final[tuple[Any, ...]] = (uploads_page, upload_page, undo)
