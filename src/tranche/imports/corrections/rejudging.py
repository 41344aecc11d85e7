"""The one way in which refused rows are judged again: lock, write, stage, judge, bring in, settle, recount."""

from collections.abc import Sequence
from dataclasses import dataclass

from tranche.imports import queries as imports
from tranche.imports import service
from tranche.imports.corrections.domain import Entry, Judged, NotCorrectable
from tranche.imports.corrections.keeping import refuse_while_correcting
from tranche.imports.corrections.port import Correctable, group_key_of, shape_of
from tranche.imports.corrections.queries import edits, rows, staging
from tranche.imports.corrections.queries import imports as states
from tranche.imports.domain import Fault
from tranche.imports.targets import Import
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, lengthen_statement_time
from tranche.kernel.operations import recounting
from tranche.kernel.operations.domain import Counts, Operation
from tranche.kernel.operations.service import lock_operation

_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An import locked for a correction, with the ended operation whose outcome the correction changes."""

    target: Correctable
    work: Import
    operation: Operation

    @property
    def brings_in(self) -> bool:
        """Whether sound rows come in; a dry run only reports, and an atomic import comes in whole, by a retry."""
        return not (self.work.is_dry_run or self.work.is_atomic)


def hold(conn: Connection, target: Correctable, *, import_id: int, correction_id: int | None = None) -> Held:
    """Lock operation, import and what the rows go into, in this order, to the end of the transaction.

    `correction_id` is the bulk correction on whose behalf this is.

    Raises:
        ImportNotFound
        NotCorrectable: the import runs, or its rows were not kept.
        CorrectionRunning: another correction runs.
        Conflict: what the rows would go into is gone.
    """
    service.get(conn, import_id=import_id)
    state = states.find_state(conn, import_id=import_id) or {}
    if state["kept_by"] is None:
        raise NotCorrectable(
            "The refused rows of this import are not there: it has not ended, was not read to its end, was undone, or "
            "its batch was deleted. Wait for its end, retry its operation, or upload the file again."
        )
    operation = lock_operation(conn, operation_id=state["kept_by"])
    locked = states.lock_import(conn, import_id=import_id)
    if not operation.status.is_terminal or locked is None or locked["kept_by"] != operation.id:
        raise NotCorrectable(f"Operation {operation.id} is working on this import. Wait for its end, then correct.")
    refuse_while_correcting(conn, import_id=import_id, besides=correction_id)
    work = service.get(conn, import_id=import_id)
    target.hold(conn, work)
    return Held(target=target, work=work, operation=operation)


def write(
    conn: Connection, ctx: Context, held: Held, entries: Sequence[Entry], *, operation_id: int | None = None
) -> tuple[list[int], list[str]]:
    """Write values into refused rows; returns the rows, and the keys of all groups that they touch, old and new."""
    work, shape = held.work, shape_of(held.target)
    numbers = sorted({entry.row for entry in entries})
    field = shape.group_field
    keys = {row["group_key"] for row in rows.list_cells(conn, import_id=work.id, rows=numbers)}
    keys |= {group_key_of(entry.value) for entry in entries if entry.field == field and entry.value is not None}
    touched = sorted(key for key in keys if key is not None)
    before = rows.count_groups(conn, import_id=work.id, rows=numbers, keys=touched)
    edits.write_cells(
        conn,
        import_id=work.id,
        entries=entries,
        user_id=ctx.user_id,
        user_name=ctx.user_name,
        operation_id=operation_id,
    )
    if field is not None:
        rows.set_group_keys(conn, import_id=work.id, rows=numbers, field=field)
    _replace_readings(conn, work, entries)
    more = rows.count_groups(conn, import_id=work.id, rows=numbers, keys=touched) - before
    if more:
        _recount(conn, ctx, held, total=more, cancelled=0, changed=Counts(failed=more))
    return numbers, touched


def _replace_readings(conn: Connection, work: Import, entries: Sequence[Entry]) -> None:
    headers = [work.headers.get(entry.field, entry.field) for entry in entries]
    edits.delete_readings(conn, import_id=work.id, rows=[entry.row for entry in entries], columns=headers)
    faults = [
        Fault(row=entry.row, column=header, field=entry.field, code=entry.code, message=entry.message or "")
        for entry, header in zip(entries, headers, strict=True)
        if entry.code
    ]
    if faults:
        imports.insert_faults(conn, import_id=work.id, faults=faults)


def judge(conn: Connection, ctx: Context, held: Held, *, low: int, high: int) -> Judged:
    """Judge the groups at these positions anew, bring the sound ones in, and keep the rest with its new errors."""
    target, work = held.target, held.work
    lengthen_statement_time(conn, seconds=_SECONDS)
    staging.restage(conn, shape=shape_of(target), import_id=work.id, low=low, high=high)
    edits.delete_judged(conn, import_id=work.id, low=low, high=high)
    found = target.judge_again(conn, work)
    ready = found.total - found.done - found.failed - found.skipped
    made = Counts(succeeded=ready)
    if ready and held.brings_in:
        target.prepare(conn, work)
        staging.discard_temporary(conn)
        made = target.commit(conn, work, low=1, high=ready)
    target.name_rest(conn, work)
    target.clear(conn, work)
    rows.settle(conn, import_id=work.id, low=low, high=high)
    judged = Judged(succeeded=made.succeeded, failed=found.failed + made.failed, skipped=found.skipped + made.skipped)
    _take_over(conn, ctx, held, judged, groups=found.total)
    return judged


def _take_over(conn: Connection, ctx: Context, held: Held, judged: Judged, *, groups: int) -> None:
    """What had failed is no longer failed; the sound orders of an atomic import wait for its retry."""
    waits = judged.succeeded if held.work.is_atomic and not held.work.is_dry_run else 0
    changed = Counts(succeeded=judged.succeeded - waits, failed=judged.failed - groups, skipped=judged.skipped)
    _recount(conn, ctx, held, total=0, cancelled=waits, changed=changed)


def _recount(conn: Connection, ctx: Context, held: Held, *, total: int, cancelled: int, changed: Counts) -> None:
    operation = recounting.recount(
        conn, ctx, operation=held.operation, total=total, cancelled=cancelled, changed=changed
    )
    held.target.finished(conn, held.work, operation, operation.status)
