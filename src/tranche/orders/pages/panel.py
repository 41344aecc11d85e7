"""What the page of an import's operation says beside its counts: why rows were refused, and where to go on."""

from collections.abc import Mapping
from typing import Any, Final

from tranche.imports import service as imports
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.panels import OperationPanel
from tranche.orders.pages.causes import describe_all
from tranche.orders.service import IMPORT_KIND

_SHOWN: Final = 10


def load_import(conn: Connection, ctx: Context, operation: Operation, /) -> Mapping[str, Any] | None:
    """The import of an operation, once it has ended."""
    del ctx
    if not operation.status.is_terminal:
        return None
    work = imports.get(conn, import_id=operation.payload["importId"])
    import_id, batch_id = operation.payload["importId"], operation.payload.get("batchId")
    return {
        "groups": describe_all(imports.list_error_groups(conn, import_id=import_id, limit=_SHOWN), work),
        "path": f"/uploads/{batch_id}" if batch_id else f"/uploads/review/{import_id}",
        "is_tried_out": not batch_id,
        "import_id": import_id,
    }


ORDER_PANELS: Final = (
    OperationPanel(kinds=frozenset({IMPORT_KIND}), template="orders/import_panel.html", load=load_import),
)
