"""What the page of an import of items or stock says beside its counts: why rows were refused, where they are, undo."""

from collections.abc import Mapping
from typing import Any, Final

from tranche.imports import service as imports
from tranche.imports.pages.advice import advise
from tranche.imports.targets import Import
from tranche.inventory.domain import MovementFilter
from tranche.inventory.opening.service import IMPORT_KIND as STOCK_KIND
from tranche.inventory.opening.target import BRANCH, group_of
from tranche.inventory.pages.uploading import UPLOADINGS
from tranche.inventory.service import IMPORT_KIND as ITEM_KIND
from tranche.inventory.service import TARGET, UNDO_KIND, find_undo_hindrance, list_movements
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.identity.service import find_branch
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.panels import OperationPanel, Undo
from tranche.kernel.text import plural

_SHOWN: Final = 20
_WAY_OF_STOCK: Final = "Undo beside one of its movements, on the page of a lot or an item, takes back all that came in."
_BACK: Final = "All that came in by it was taken back."
_ADVICE: Final = {
    "item_exists": "The choice counts for all rows of the file.",
    "has_stock": "The choice counts for all rows of the file.",
    "item_overtaken": "Retry what failed: these rows are judged anew.",
    "lot_overtaken": "Retry what failed: these rows are judged anew.",
}
_BAD: Final = "Put the rows right in the error workbook, and upload that."


def load_import(conn: Connection, ctx: Context, operation: Operation, /) -> Mapping[str, Any] | None:
    """The import of an operation, once it has ended."""
    del ctx
    if not operation.status.is_terminal:
        return None
    work = imports.get(conn, import_id=operation.payload["importId"])
    uploading = UPLOADINGS[work.target]
    groups = imports.list_error_groups(conn, import_id=work.id, limit=_SHOWN)
    has_errors = any(group["severity"] == "error" for group in groups)
    return {
        "work": work,
        "operation": operation,
        "uploading": uploading,
        "branch": _branch_of(conn, work),
        "groups": [{**group, "advice": advise(group, _ADVICE, bad=_BAD)} for group in groups],
        "has_errors": has_errors,
        "notices": work.notices,
        "steps": f"{uploading.one}/{work.id}",
        **_offer_undo(conn, work, operation),
    }


def _branch_of(conn: Connection, work: Import) -> str:
    """The branch that stock comes into; nothing for items."""
    return find_branch(conn, branch_id=work.options[BRANCH]).name if BRANCH in work.options else ""


def _offer_undo(conn: Connection, work: Import, operation: Operation) -> Mapping[str, Any]:
    """The question before an import of items is taken back as `undo`; else `no_undo`, why not."""
    if work.is_dry_run or not operation.succeeded:
        return {"undo": None, "no_undo": ""}
    if work.target != TARGET:
        return {"undo": None, "no_undo": _BACK if _is_taken_back(conn, work) else _WAY_OF_STOCK}
    hindrance = find_undo_hindrance(conn, work)
    if hindrance is not None:
        return {"undo": None, "no_undo": hindrance.message}
    undo = Undo(
        title="Undo this import?",
        text=f"{plural(operation.succeeded, 'item')} came in by it. Those that it made, and that nobody has changed or "
        "used since, are removed; the rest is kept and named with its reason.",
        button="Undo the import",
    )
    return {"undo": undo, "no_undo": ""}


def _is_taken_back(conn: Connection, work: Import) -> bool:
    """What one file brought in is one operation of stock: an undo takes all of it."""
    movements, _ = list_movements(conn, wanted=MovementFilter(group_id=group_of(work.id)), limit=1, offset=0)
    return any(movement.reversed_by_id for movement in movements)


PANELS: Final = (
    OperationPanel(kinds=frozenset({ITEM_KIND, STOCK_KIND}), template="inventory/import_panel.html", load=load_import),
    OperationPanel(
        kinds=frozenset({UNDO_KIND}),
        template="inventory/undo_panel.html",
        load=lambda _conn, _ctx, operation: {"import_id": operation.payload["importId"]},
    ),
)
