"""Second thoughts about an import: judge its stored file under another mapping, or make a dry run the real thing."""

from dataclasses import dataclass
from typing import Any

from tranche.imports import service
from tranche.imports.choices import write_mapping
from tranche.imports.domain import ImportMode, Mapping, OnDuplicate
from tranche.imports.intakes import Intake
from tranche.imports.memory import service as memory
from tranche.imports.targets import Import
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import Conflict
from tranche.kernel.operations.domain import DRY_RUN, Operation, Status, WrongState
from tranche.kernel.operations.service import Operations, get_operation, lock_operation


class NoDryRun(Conflict):
    """Only a dry run is confirmed; this import was one no longer, or never."""

    code = "no_dry_run"


class NotConfirmable(Conflict):
    """The dry run has no report by which anything could come in."""

    code = "not_confirmable"


class NeverStarted(Conflict):
    """No operation worked on this import, or it was pruned since."""

    code = "never_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is wanted this time; None leaves what was wanted before."""

    mapping: Mapping
    on_duplicate: OnDuplicate | None = None
    mode: ImportMode | None = None


def judge_again(
    conn: Connection, ctx: Context, operations: Operations, *, import_id: int, choice: Choice
) -> tuple[Import, Operation]:
    """Read the stored file again under this mapping, in the same import and the same operation.

    What the import brought in already stays as it is and is recognised; the rest is judged anew.

    Raises:
        ImportNotFound, NeverStarted
        WrongState: it is still being worked on.
        Conflict: what it brought in was deleted or undone since.
    """
    work, operation = _locked(conn, import_id)
    options = {**work.options, "mapping": write_mapping(choice.mapping)}
    options |= {"onDuplicate": choice.on_duplicate} if choice.on_duplicate else {}
    options |= {"mode": choice.mode} if choice.mode else {}
    service.set_options(conn, import_id=import_id, options=options, is_read_anew=True)
    operation = operations.redo(
        conn, ctx, operation_id=operation.id, event="judged_again", payload={}, keeps_counts=not work.is_dry_run
    )
    audit.record(conn, ctx, action="import.judge", subject_id=import_id, detail={"fileName": work.file_name})
    return service.get(conn, import_id=import_id), operation


def confirm(
    conn: Connection, ctx: Context, operations: Operations, *, import_id: int, intake: Intake, allow_duplicate: bool
) -> tuple[Import, Operation]:
    """Bring in what a dry run has reported, from the stored file, as it was read then; its mapping is remembered.

    Raises:
        ImportNotFound, NeverStarted
        NoDryRun: it is an import already.
        WrongState: the dry run has not ended.
        NotConfirmable: it found nothing that could come in.
        Conflict: the target refuses, such as a file that was imported before.
    """
    _require_dry_run(service.get(conn, import_id=import_id))
    work, operation = _locked(conn, import_id)
    _require_dry_run(work)
    _require_report(operation)
    accepted = intake.accept(conn, ctx, work=work, allow_duplicate=allow_duplicate)
    links: dict[str, Any] = {**accepted.links, DRY_RUN: False}
    options = {**work.options, **links}
    service.set_options(conn, import_id=import_id, options=options)
    memory.learn(conn, work, user_id=ctx.user_id, is_used=False)
    operation = operations.redo(
        conn, ctx, operation_id=operation.id, event="confirmed", payload=links, keeps_counts=False
    )
    audit.record(conn, ctx, action="import.confirm", subject_id=import_id, detail={"fileName": work.file_name})
    return service.get(conn, import_id=import_id), operation


def require_ended(conn: Connection, work: Import) -> None:
    """Say at once that an import cannot be judged again, before its file is read for it.

    Raises:
        NeverStarted
        WrongState: it is still being worked on.
    """
    _require_ended(get_operation(conn, operation_id=_operation_of(work)))


def _locked(conn: Connection, import_id: int) -> tuple[Import, Operation]:
    """The operation first, and the import only when that has ended: a worker takes them the other way round."""
    found = service.get(conn, import_id=import_id)
    operation = lock_operation(conn, operation_id=_operation_of(found))
    _require_ended(operation)
    return service.lock(conn, import_id=import_id), operation


def _operation_of(work: Import) -> int:
    if work.started_operation_id is None:
        raise NeverStarted(f"No operation works on import {work.id} any more; upload the file again.")
    return work.started_operation_id


def _require_ended(operation: Operation) -> None:
    if not operation.status.is_terminal:
        raise WrongState(f"Operation {operation.id} is {operation.status}; wait for its end or cancel it first.")


def _require_dry_run(work: Import) -> None:
    if not work.is_dry_run:
        raise NoDryRun(f"Import {work.id} is no dry run; what it could bring in is in already.")


def _require_report(operation: Operation) -> None:
    if operation.status not in {Status.COMPLETED, Status.COMPLETED_WITH_ERRORS}:
        reason = operation.error or f"It was {operation.status}."
        raise NotConfirmable(f"The dry run found nothing that could be imported. {reason}")
