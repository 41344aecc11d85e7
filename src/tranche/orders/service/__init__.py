"""The verbs of order batches and orders."""

from tranche.orders.service.adopt import adopt_legacy
from tranche.orders.service.delete import DELETE_KIND, Deleted, Voider, delete_batch
from tranche.orders.service.look import (
    BATCHES,
    ORDERS,
    batch_of,
    collect_orders,
    find_same_file,
    get_batch,
    get_order,
    get_stats,
    list_batches,
    list_logged_errors,
    list_notices,
    order_of,
    sum_orders,
)
from tranche.orders.service.undo import UNDO_KIND, UndoReport, look_at_undo, mark_used_items, undo_batch
from tranche.orders.service.upload import (
    IMPORT_KIND,
    TARGET,
    Upload,
    accept,
    record_refused,
    try_out,
    upload,
)

__all__ = [
    "BATCHES",
    "DELETE_KIND",
    "IMPORT_KIND",
    "ORDERS",
    "TARGET",
    "UNDO_KIND",
    "Deleted",
    "UndoReport",
    "Upload",
    "Voider",
    "accept",
    "adopt_legacy",
    "batch_of",
    "collect_orders",
    "delete_batch",
    "find_same_file",
    "get_batch",
    "get_order",
    "get_stats",
    "list_batches",
    "list_logged_errors",
    "list_notices",
    "look_at_undo",
    "mark_used_items",
    "order_of",
    "record_refused",
    "sum_orders",
    "try_out",
    "undo_batch",
    "upload",
]
