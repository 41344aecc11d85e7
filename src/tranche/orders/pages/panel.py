"""What the page of an import's operation says beside its counts: why rows were refused, and where to go on."""

from collections.abc import Mapping
from typing import Any, Final

from tranche.imports import service as imports
from tranche.imports.pages.advice import advise
from tranche.imports.undo import NothingToUndo
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.panels import OperationPanel, Undo
from tranche.kernel.text import plural
from tranche.orders.domain import BatchNotFound, BatchStatus, OrderBatch
from tranche.orders.pages.causes import describe_all
from tranche.orders.service import IMPORT_KIND, UNDO_KIND, find_undo_hindrance, get_batch

_SHOWN: Final = 10
_ADVICE: Final = {
    "order_rejected": "Nothing is wrong with these rows themselves: they come in when the others are put right.",
    "order_exists": "Nothing is to be done, unless the order should be replaced: then choose to update it.",
    "looks_like_return": "If these are returns, upload the file with returns taken in; else put the quantity right.",
    "customer_differs": "Give the order one customer, or another number to its other rows.",
    "currency_differs": "Give the order one currency, or another number to its other rows.",
    "ambiguous_name": "Name the code instead of the name, for it stands for one record only.",
    "lost_digits": "Format the column as text in the spreadsheet, enter the numbers again, and upload it.",
    "error_cell": "Put the formula right in the spreadsheet, save it, and upload it again.",
    "unsaved_formula": "Open the spreadsheet, save it, so that its formulas have values, and upload it again.",
}
_BAD: Final = "Put the cells right in the error workbook, or cell by cell, and bring them in."
_NO_UNDO: Final[Mapping[str, Any]] = {"undo": None, "no_undo": ""}


def load_import(conn: Connection, ctx: Context, operation: Operation, /) -> Mapping[str, Any] | None:
    """The import of an operation, once it has ended."""
    del ctx
    if not operation.status.is_terminal:
        return None
    work = imports.get(conn, import_id=operation.payload["importId"])
    groups = imports.list_error_groups(conn, import_id=work.id, limit=_SHOWN)
    import_id, batch_id = operation.payload["importId"], operation.payload.get("batchId")
    return {
        "groups": [{**group, "advice": advise(group, _ADVICE, bad=_BAD)} for group in describe_all(groups, work)],
        "path": f"/uploads/{batch_id}" if batch_id else f"/uploads/review/{import_id}",
        "is_tried_out": not batch_id,
        "came_in": operation.succeeded,
        "import_id": import_id,
        **_offer_undo_of(conn, batch_id),
    }


def offer_undo(conn: Connection, batch: OrderBatch) -> Mapping[str, Any]:
    """The question before an upload is taken back as `undo`; else `no_undo`, why not, where nothing else says so."""
    if batch.status is BatchStatus.PROCESSING:
        return _NO_UNDO
    hindrance = find_undo_hindrance(conn, batch)
    if hindrance is None:
        return {**_NO_UNDO, "undo": _ask_undo(batch)}
    is_news = batch.successful_orders and isinstance(hindrance, NothingToUndo)
    return {**_NO_UNDO, "no_undo": hindrance.message} if is_news else _NO_UNDO


def _ask_undo(batch: OrderBatch) -> Undo:
    if batch.undone_at is not None:
        return Undo(
            title="Undo what was kept?",
            text=f"The last undo kept {plural(batch.kept_orders, 'order')}. Those that are free by now are removed, "
            "such as those whose invoice was voided; the rest is kept again and named with its reason.",
            button="Undo what is free",
        )
    return Undo(
        title="Undo this upload?",
        text=f"{plural(batch.successful_orders, 'order')} came in by it. What nobody has touched since is removed; the "
        "rest is kept and named with its reason.",
        button="Undo the upload",
    )


def _offer_undo_of(conn: Connection, batch_id: int | None) -> Mapping[str, Any]:
    """Nothing where nothing came in, or the batch was deleted since."""
    try:
        return offer_undo(conn, get_batch(conn, batch_id=batch_id)) if batch_id else _NO_UNDO
    except BatchNotFound:
        return _NO_UNDO


ORDER_PANELS: Final = (
    OperationPanel(kinds=frozenset({IMPORT_KIND}), template="orders/import_panel.html", load=load_import),
    OperationPanel(
        kinds=frozenset({UNDO_KIND}),
        template="orders/undo_panel.html",
        load=lambda _conn, _ctx, operation: {"batch_id": operation.payload["batchId"]},
    ),
)
