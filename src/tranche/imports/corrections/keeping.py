"""What an import does for corrections: it keeps its refused rows when it ends, and its edits when it is retried."""

from tranche.imports import queries as imports
from tranche.imports.corrections.domain import CorrectionRunning
from tranche.imports.corrections.port import Correctable, shape_of
from tranche.imports.corrections.queries import edits, rows, staging
from tranche.imports.corrections.queries import imports as states
from tranche.imports.targets import Import, Target
from tranche.kernel.db.pool import Connection, lengthen_statement_time
from tranche.kernel.operations.domain import Operation, Status
from tranche.kernel.operations.handlers import Restart
from tranche.kernel.operations.ledger import ALL_FAILED
from tranche.kernel.operations.service import get_operation, lock_operation

_SECONDS = 300
_JUDGED = frozenset({Status.COMPLETED, Status.COMPLETED_WITH_ERRORS})


def keep_refused(conn: Connection, target: Target, work: Import, operation: Operation, *, stage: str) -> None:
    """Keep the rows with errors, in the transaction that ends the import; its stage is cleared afterwards.

    Raises:
        Restart: the stage was lost while rows of it still had to be kept; back to the phase `stage`.
    """
    if not isinstance(target, Correctable):
        return
    lengthen_statement_time(conn, seconds=_SECONDS)
    rows.delete_rows(conn, import_id=work.id)
    has_errors = imports.count_errors(conn, import_id=work.id, severity="error", code=None) > 0
    is_whole = not has_errors or target.count_staged(conn, work) == work.staged_rows
    if not is_whole and (operation.status in _JUDGED or operation.error_code == ALL_FAILED):
        raise Restart(stage)
    if is_whole and has_errors:
        target.name_rest(conn, work)
        staging.keep_refused(conn, shape=shape_of(target), import_id=work.id)
    states.set_kept(conn, import_id=work.id, operation_id=operation.id if is_whole else None)


def reapply_edits(conn: Connection, target: Target, work: Import) -> None:
    """What people entered goes before what the file, read once more, has in those cells."""
    if not isinstance(target, Correctable):
        return
    shape = shape_of(target)
    edited = [field for field in edits.list_edited_fields(conn, import_id=work.id) if field in shape.columns]
    if edited:
        staging.analyze(conn)
    for field in edited:
        header = work.headers.get(field, field)
        staging.reapply_field(conn, shape=shape, import_id=work.id, field=field, header=header)
    if edited:
        target.set_apart(conn, work)


def hold_still(conn: Connection, *, import_id: int | None) -> None:
    """Before what an import brought in is removed: no correction until then. Lock that afterwards, as corrections do.

    Raises:
        CorrectionRunning: a bulk correction runs.
    """
    state = None if import_id is None else states.find_state(conn, import_id=import_id)
    if import_id is None or state is None:
        return
    if state["kept_by"] is not None:
        lock_operation(conn, operation_id=state["kept_by"])
    states.lock_import(conn, import_id=import_id)
    refuse_while_correcting(conn, import_id=import_id)


def forget_rows(conn: Connection, *, import_id: int | None) -> None:
    """What the import brought in is removed: nothing is left to be corrected; the log of changes stays."""
    if import_id is not None:
        rows.delete_rows(conn, import_id=import_id)
        states.set_kept(conn, import_id=import_id, operation_id=None)


def refuse_while_correcting(conn: Connection, *, import_id: int, besides: int | None = None) -> None:
    """Two things must not change an import at once.

    Raises:
        CorrectionRunning: a bulk correction runs that is not the operation `besides`.
    """
    state = states.find_state(conn, import_id=import_id)
    correction_id = state["correction_id"] if state else None
    if correction_id is None or correction_id == besides:
        return
    if not get_operation(conn, operation_id=correction_id).status.is_terminal:
        raise CorrectionRunning(
            f"A correction of this import is running (operation {correction_id}). Wait for its end or cancel it."
        )
