"""The operation that corrects many rows: take over what a person changed, then judge each touched group anew."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from tranche.imports import service
from tranche.imports.corrections import rejudging
from tranche.imports.corrections.domain import Entry
from tranche.imports.corrections.merging import Baseline, Corrected, CorrectedRow, cells_of, read_corrected
from tranche.imports.corrections.port import Correctable
from tranche.imports.corrections.queries import edits, rows, staging
from tranche.imports.corrections.rejudging import Held
from tranche.imports.corrections.service import correction_kind
from tranche.imports.corrections.values import habits_of, read_entry
from tranche.imports.domain import Field, Limits
from tranche.imports.endings import SENDERS_FAULTS, ending_by_refusals
from tranche.imports.targets import Import
from tranche.imports.tasks import FilePaths
from tranche.imports.workbook import columns_of, places_of, show_rows
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.errors import Conflict, NotFound
from tranche.kernel.operations.domain import Claim, Counts, Operation
from tranche.kernel.operations.handlers import Fatal, Handler, Retried, StreamWork

APPLY, JUDGE = "apply", "rejudge"
_ROWS_AT_ONCE = 2_000
_NAMED = 100


def make_correction_handler(target: Correctable, files: FilePaths, *, limits: Limits) -> Handler:
    """The kind of operation that corrects what this target refused."""

    def retry(conn: Connection, operation: Operation, code: str | None) -> Retried:
        """Go on with what was changed and not judged yet; what was judged and refused again stays so."""
        if code is not None or not (operation.cancelled or operation.failed):
            return Retried(phases=frozenset())
        rejudging.hold(conn, target, import_id=operation.payload["importId"], correction_id=operation.id)
        return Retried(phases=frozenset({APPLY}), failed=operation.failed, cancelled=operation.cancelled)

    return Handler(
        kind=correction_kind(target),
        phases=(ApplyPhase(target, files, limits=limits), JudgePhase(target)),
        retry=retry,
        senders_faults=SENDERS_FAULTS | {"foreign_workbook", "no_row_column"},
    )


def _hold(conn: Connection, target: Correctable, operation: Operation) -> Held:
    try:
        return rejudging.hold(conn, target, import_id=operation.payload["importId"], correction_id=operation.id)
    except (Conflict, NotFound) as refusal:
        raise Fatal(refusal.message, code=refusal.error_code) from refusal


class ApplyPhase:
    """Stream: values into the refused rows, some thousands in a transaction; doing it twice changes nothing more."""

    name = APPLY
    unit = "rows"

    def __init__(self, target: Correctable, files: FilePaths, *, limits: Limits) -> None:
        self._target = target
        self._files = files
        self._limits = limits

    def work(self, work: StreamWork) -> None:
        """Take the changes over, then number what has to be judged."""
        with work.transaction() as conn:
            staging.analyze(conn)
        summary = self._merge(work) if "sha256" in work.operation.payload else self._set(work)
        with work.transaction() as conn:
            held = _hold(conn, self._target, work.operation)
            groups = rows.number_dirty(conn, import_id=held.work.id)
            known = work.operation
            work.count(
                conn,
                total=known.succeeded + known.failed + known.skipped + groups,
                counts=Counts(succeeded=known.succeeded, failed=known.failed, skipped=known.skipped),
                summary=summary,
            )
        with work.transaction() as conn:
            staging.analyze(conn)

    def _set(self, work: StreamWork) -> dict[str, Any]:
        payload = work.operation.payload
        cause, field = payload["cause"], _field(self._target, payload["field"])
        after, done = 0, 0
        while True:
            with work.transaction() as conn:
                held = _hold(conn, self._target, work.operation)
                found = rows.list_of_cause(
                    conn,
                    import_id=held.work.id,
                    code=cause["code"],
                    column=cause["column"],
                    after=after,
                    limit=_ROWS_AT_ONCE,
                )
                if not found:
                    return {"rows": done}
                habits = habits_of(held.work, field.name)
                entries = [read_entry(row, field, payload["value"], habits=habits) for row in found]
                self._write(conn, held, work.operation, entries)
                after, done = found[-1], done + len(found)
                work.progress(conn, done=done, total=None)

    def _merge(self, work: StreamWork) -> dict[str, Any]:
        payload = work.operation.payload
        with ending_by_refusals():
            with work.transaction() as conn:
                job = service.get(conn, import_id=payload["importId"])
            corrected = Corrected(
                path=self._files.path(work.operation.organization_id, bytes.fromhex(payload["sha256"])),
                file_name=payload["fileName"],
                work=job,
                fields=self._target.fields,
                limits=self._limits,
            )
            return self._take(work, corrected, self._baseline(work, job))

    def _baseline(self, work: StreamWork, job: Import) -> Baseline:
        """What workbooks of errors show: what the file has, and what was entered since, change by change."""
        fields = self._target.fields
        with work.transaction() as conn:
            numbers = list(_walk_numbers(conn, import_id=job.id))
        headers = columns_of(job, fields)
        baseline = Baseline(fields=tuple(headers))
        if not numbers:
            return baseline
        source = self._files.path(work.operation.organization_id, job.sha256)
        with show_rows(source, work=job, fields=fields, rows=numbers, edited={}, limits=self._limits) as shown:
            places = places_of(headers, shown.headers)
            for row in shown.rows:
                baseline.add(row.row, cells_of(row, places, fields=fields))
        with work.transaction() as conn:
            for edit in _walk_entered(conn, import_id=job.id):
                baseline.enter(edit["row_number"], edit["field"], edit["new_value"], change=edit["id"])
        return baseline

    def _take(self, work: StreamWork, corrected: Corrected, baseline: Baseline) -> dict[str, Any]:
        seen: set[int] = set()
        left_out: list[int] = []
        done = 0
        with closing(corrected.rows(baseline, should_abort=work.should_stop)) as found:
            for part in _parts(found, size=_ROWS_AT_ONCE):
                taken = _told_apart(part, baseline, seen=seen, left_out=left_out)
                done += len(part)
                with work.transaction() as conn:
                    held = _hold(conn, self._target, work.operation)
                    self._take_part(conn, held, work.operation, taken, baseline)
                    work.progress(conn, done=done, total=None)
        return {"rows": len(seen), "leftOut": len(left_out), "leftOutRows": left_out[:_NAMED]}

    def _take_part(
        self,
        conn: Connection,
        held: Held,
        operation: Operation,
        part: Mapping[int, Mapping[str, str | None]],
        baseline: Baseline,
    ) -> None:
        """Rows that came in since this began are no longer there and are passed over."""
        fields = {field.name: field for field in self._target.fields}
        habits = {name: habits_of(held.work, name) for name in fields}
        found = rows.list_cells(conn, import_id=held.work.id, rows=list(part))
        entries = [
            entry
            for row in found
            for name, text in baseline.changed(row["row_number"], part[row["row_number"]])
            for entry in (read_corrected(row["row_number"], fields[name], text, habits=habits[name]),)
            if entry.code or entry.value != row["cells"].get(name)
        ]
        if entries:
            self._write(conn, held, operation, entries)
        rows.mark_dirty(conn, import_id=held.work.id, rows=[row["row_number"] for row in found], keys=[])

    def _write(self, conn: Connection, held: Held, operation: Operation, entries: Sequence[Entry]) -> None:
        person = operation.starter
        numbers, keys = rejudging.write(conn, person, held, entries, operation_id=operation.id)
        rows.mark_dirty(conn, import_id=held.work.id, rows=numbers, keys=keys)


class JudgePhase:
    """Set phase over the touched groups by their positions; a group is dirty until its judgement is committed."""

    name = JUDGE
    parallel = False
    first_size = 500
    most_size = 5_000

    def __init__(self, target: Correctable) -> None:
        self._target = target
        self.unit = target.unit

    def measure(self, conn: Connection, operation: Operation) -> int:
        """What was numbered and is not counted yet."""
        del conn
        return operation.pending

    def next_high(self, conn: Connection, operation: Operation, *, low: int, size: int) -> int | None:
        """The groups from `low` on; `size` counts rows."""
        return rows.find_next_high(conn, import_id=operation.payload["importId"], low=low, size=size)

    def run(self, conn: Connection, operation: Operation, claim: Claim) -> Counts:
        """Judge these groups anew."""
        held = _hold(conn, self._target, operation)
        judged = rejudging.judge(conn, operation.starter, held, low=claim.low, high=claim.high)
        return Counts(succeeded=judged.succeeded, failed=judged.failed, skipped=judged.skipped)

    def park(self, conn: Connection, operation: Operation, *, position: int, code: str, message: str) -> Counts:
        """The group stays refused, and says why it could not even be judged."""
        held = _hold(conn, self._target, operation)
        edits.insert_parked(conn, import_id=held.work.id, position=position, code=code, message=message)
        rows.settle(conn, import_id=held.work.id, low=position, high=position)
        return Counts(failed=1)


def _field(target: Correctable, name: str) -> Field:
    for field in target.fields:
        if field.name == name:
            return field
    raise Fatal(f"This release does not know the field {name}.", code="unknown_field")


def _walk_numbers(conn: Connection, *, import_id: int) -> Iterator[int]:
    after = 0
    while page := rows.list_numbers(conn, import_id=import_id, after=after, limit=50_000):
        yield from page
        after = page[-1]


def _walk_entered(conn: Connection, *, import_id: int) -> Iterator[Row]:
    after = (0, "", 0)
    while page := edits.list_entered(conn, import_id=import_id, after=after, limit=10_000):
        yield from page
        after = (page[-1]["row_number"], page[-1]["field"], page[-1]["id"])


def _told_apart(
    part: Sequence[CorrectedRow], baseline: Baseline, *, seen: set[int], left_out: list[int]
) -> dict[int, Mapping[str, str | None]]:
    """The rows that correct a refused row, each once; the others are named by their numbers in the workbook."""
    taken: dict[int, Mapping[str, str | None]] = {}
    for row in part:
        if row.row is None or row.row in seen or row.row not in baseline:
            left_out.append(row.at)
        else:
            seen.add(row.row)
            taken[row.row] = row.cells
    return taken


def _parts(found: Iterator[CorrectedRow], *, size: int) -> Iterator[list[CorrectedRow]]:
    part: list[CorrectedRow] = []
    for row in found:
        part.append(row)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part
