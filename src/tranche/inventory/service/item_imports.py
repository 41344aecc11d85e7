"""The verbs of imports of items: bring in, undo."""

from tranche.imports import service as imports
from tranche.imports.targets import Import
from tranche.inventory.domain import ImportBusy, ImportUndone, NothingToUndo
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation, Status
from tranche.kernel.operations.service import Operations, get_operation, lock_operation
from tranche.kernel.storage import service as storage

TARGET = "item"
IMPORT_KIND = "item_import"
UNDO_KIND = "item_undo"


def bring_in(
    conn: Connection, ctx: Context, operations: Operations, *, wanted: imports.Sent
) -> tuple[Import, Operation]:
    """Start the import of a file of items, or its dry run."""
    storage.register(conn, stored=wanted.stored)
    work, operation = imports.begin(conn, ctx, operations, target=TARGET, kind=IMPORT_KIND, sent=wanted, links={})
    if not wanted.dry_run:
        audit.record(conn, ctx, action="item_import.upload", subject_id=work.id, detail={"fileName": work.file_name})
    return work, operation


def undo(conn: Connection, ctx: Context, operations: Operations, *, import_id: int) -> Operation:
    """Start the undo of an import of items. One that was cancelled or met errors may be started again.

    Raises:
        ImportNotFound
        NothingToUndo: it is a dry run.
        ImportBusy: it is still being worked on, or its undo is running.
        ImportUndone: all that can be undone was.
    """
    begun = imports.get(conn, import_id=import_id).started_operation_id
    if begun is not None and not lock_operation(conn, operation_id=begun).status.is_terminal:
        raise ImportBusy(f"Import {import_id} is still being worked on. Cancel operation {begun} or wait.")
    work = imports.lock(conn, import_id=import_id)
    if work.is_dry_run or begun is None:
        raise NothingToUndo(f"Import {import_id} has brought nothing in.")
    _refuse_second(conn, work)
    operation = operations.start(
        conn, ctx, kind=UNDO_KIND, label=f"Undo {work.file_name}", payload={"importId": import_id}
    )
    imports.set_options(conn, import_id=import_id, options={**work.options, "undoOperationId": operation.id})
    audit.record(conn, ctx, action="item_import.undo", subject_id=import_id, detail={"fileName": work.file_name})
    return operation


def _refuse_second(conn: Connection, work: Import) -> None:
    undo_id = work.options.get("undoOperationId")
    if undo_id is None:
        return
    earlier = get_operation(conn, operation_id=undo_id)
    if not earlier.status.is_terminal:
        raise ImportBusy(f"Import {work.id} is just being undone by operation {undo_id}.")
    if earlier.status is Status.COMPLETED:
        raise ImportUndone(
            f"Import {work.id} was undone already: {earlier.succeeded} items were removed, {earlier.skipped} were kept."
        )
