"""How batches, errors and orders look on a terminal."""

from typing import Final

from tranche.imports.errors_commands import show_first_errors
from tranche.kernel.client.http import Json
from tranche.kernel.client.output import Column, Kind, say_notices, show_fields

BATCH_COLUMNS: Final = (
    Column("Batch", "id", Kind.NUMBER),
    Column("File", "fileName"),
    Column("Status", "status"),
    Column("Orders", "totalOrders", Kind.COUNT),
    Column("Imported", "successfulOrders", Kind.COUNT),
    Column("Failed", "failedOrders", Kind.COUNT),
    Column("Skipped", "skippedOrders", Kind.COUNT),
    Column("Imported %", "successRate", Kind.NUMBER),
    Column("Seconds to its end", "duration", Kind.COUNT),
    Column("Uploaded", "importedAt", Kind.MOMENT),
)
ORDER_COLUMNS: Final = (
    Column("Id", "id", Kind.NUMBER),
    Column("Order", "orderId"),
    Column("Kind", "kind"),
    Column("Status", "status"),
    Column("Customer", "customerName"),
    Column("Date", "orderDay", Kind.DAY),
    Column("Lines", "lineCount", Kind.COUNT),
    Column("Total", "total", Kind.COUNT),
    Column("Currency", "currency"),
    Column("Batch", "batchId", Kind.NUMBER),
)

_UNDO_COLUMNS = (
    Column("Undone", "undoneOrders", Kind.COUNT),
    Column("Kept", "keptOrders", Kind.COUNT),
    Column("Undone at", "undoneAt", Kind.MOMENT),
)


def show_batch(batch: Json) -> None:
    """One batch in full, with its first errors."""
    user = batch.get("user") or {}
    show_fields(
        (
            *BATCH_COLUMNS,
            Column("Ended", "completedAt", Kind.MOMENT),
            Column("Uploaded by", "userName"),
            Column("Errors", "errorCount", Kind.COUNT),
            Column("Warnings", "warningCount", Kind.COUNT),
            *((Column("Reason", "failure"),) if batch.get("failure") else ()),
            Column("Import", "importId", Kind.NUMBER),
            *(_UNDO_COLUMNS if batch.get("undoOperationId") else ()),
        ),
        {**batch, "userName": user.get("name")},
    )
    say_notices(batch["notices"])
    log = batch.get("errorLog") or {}
    errors = [{**entry, "message": entry["error"]} for entry in log.get("parseErrors", [])]
    show_first_errors(
        errors,
        total=int(log.get("totalErrors", 0)),
        warnings=batch["warningCount"],
        more=f"tranche orders errors {batch['id']}",
    )
