"""The verbs of imports of items: bring in, undo."""

from tranche.imports import service as imports
from tranche.imports.targets import Import
from tranche.imports.undo import NothingToUndo
from tranche.inventory.domain import ImportBusy, ImportUndone
from tranche.inventory.queries import undoing
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import Conflict
from tranche.kernel.operations.domain import UNDOES, Operation, OperationNotFound, Status
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
    """Start the undo of an import of items. It may be repeated as long as something is left, which may be free by now.

    Raises:
        ImportNotFound
        NothingToUndo: nothing came in by it, or what is left was there before.
        ImportBusy: it is still being worked on, or its undo is running.
        ImportUndone: nothing of it is left.
    """
    begun = imports.get(conn, import_id=import_id).started_operation_id
    if begun is not None and not lock_operation(conn, operation_id=begun).status.is_terminal:
        raise ImportBusy(f"Import {import_id} is still being worked on. Cancel operation {begun} or wait.")
    work = imports.lock(conn, import_id=import_id)
    if hindrance := find_undo_hindrance(conn, work):
        raise hindrance
    payload = {"importId": import_id, UNDOES: begun}
    operation = operations.start(conn, ctx, kind=UNDO_KIND, label=f"Undo {work.file_name}", payload=payload)
    imports.set_options(conn, import_id=import_id, options={**work.options, "undoOperationId": operation.id})
    audit.record(conn, ctx, action="item_import.undo", subject_id=import_id, detail={"fileName": work.file_name})
    return operation


def find_undo_hindrance(conn: Connection, work: Import) -> Conflict | None:
    """Why no undo of an ended import can be started; None where one can."""
    begun = work.started_operation_id
    if work.is_dry_run or begun is None or not get_operation(conn, operation_id=begun).succeeded:
        return NothingToUndo(f"Import {work.id} has brought nothing in, so there is nothing to undo.")
    earlier = _find_undo(conn, work)
    if earlier is not None and not earlier.status.is_terminal:
        return ImportBusy(f"Import {work.id} is just being undone by operation {earlier.id}.")
    if earlier is not None and earlier.status is Status.COMPLETED and not earlier.skipped:
        return ImportUndone(f"Import {work.id} was undone already, and nothing of it is left.")
    if undoing.is_all_older(conn, import_id=work.id):
        return NothingToUndo(
            f"Nothing of import {work.id} can be undone: its items were there before it, and what they held is not "
            "kept."
        )
    return None


def _find_undo(conn: Connection, work: Import) -> Operation | None:
    """The last undo, unless there was none, or its history was deleted since."""
    undo_id = work.options.get("undoOperationId")
    try:
        return None if undo_id is None else get_operation(conn, operation_id=undo_id)
    except OperationNotFound:
        return None
