"""How batches, errors and orders look on a terminal."""

from collections.abc import Sequence
from typing import Final

from tranche.kernel.client.http import Json
from tranche.kernel.client.output import Column, Kind, say, say_notices, show_fields, show_table

BATCH_COLUMNS: Final = (
    Column("Batch", "id", Kind.NUMBER),
    Column("File", "fileName"),
    Column("Status", "status"),
    Column("Orders", "totalOrders", Kind.COUNT),
    Column("Imported", "successfulOrders", Kind.COUNT),
    Column("Failed", "failedOrders", Kind.COUNT),
    Column("Skipped", "skippedOrders", Kind.COUNT),
    Column("Success %", "successRate", Kind.NUMBER),
    Column("Seconds", "duration", Kind.COUNT),
    Column("Uploaded", "importedAt", Kind.MOMENT),
)
ERROR_COLUMNS: Final = (
    Column("Row", "row", Kind.NUMBER),
    Column("Column", "column"),
    Column("What is wrong", "message"),
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

_FIRST_ERRORS = 10
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
    more = f"tranche orders errors {batch['id']}"
    show_first_errors(errors, total=int(log.get("totalErrors", 0)), more=more)
    if batch["warningCount"]:
        say(f"To see the warnings: {more} --severity warning")


def show_first_errors(errors: Sequence[Json], *, total: int, more: str) -> None:
    """At most ten errors, and where the others are; `more` is the command that shows them all."""
    if not errors:
        return
    shown = errors[:_FIRST_ERRORS]
    show_table(ERROR_COLUMNS, shown)
    hint = f"To correct them in a spreadsheet: {more} --out errors.xlsx" if "orders errors" in more else f"All: {more}"
    say(f"{total:,} errors, the first {len(shown)} shown. {hint}" if total > len(shown) else hint)
