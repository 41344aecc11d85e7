"""The operation that brings a spreadsheet in: stage the file, judge the whole, commit in slices."""

from pathlib import Path
from typing import Protocol

from tranche.imports import queries
from tranche.imports.choices import read_mapping
from tranche.imports.corrections.keeping import keep_refused, reapply_edits
from tranche.imports.domain import Limits, ParseRequest, Slice
from tranche.imports.endings import SENDERS_FAULTS, ending_by_refusals
from tranche.imports.memory import service as memory
from tranche.imports.parser import Parsed, parse
from tranche.imports.readout import keep_reading
from tranche.imports.targets import Import, Judgement, StageLost, Target
from tranche.kernel.db.pool import Connection, lengthen_statement_time
from tranche.kernel.operations.domain import Claim, Counts, Operation, Status
from tranche.kernel.operations.handlers import Fatal, Handler, Restart, Retried, StreamWork

STAGE, JUDGE, PREPARE, COMMIT = "stage", "judge", "prepare", "commit"
_JUDGE_SECONDS = 600
_COPY_SECONDS = 300
_JUDGE_MEGABYTES = 64
_WORTH_STATISTICS = 100  # rows; the square of less is soon done


class FilePaths(Protocol):
    """Where a stored file lies on this machine."""

    def path(self, organization_id: int, sha256: bytes) -> Path:
        """The path of a file of the organization; it may not be written."""


def kind_of(target: Target) -> str:
    """The kind of operation that imports into a target."""
    return f"{target.name}_import"


def make_handler(target: Target, files: FilePaths, *, limits: Limits) -> Handler:
    """The kind of operation that imports into this target."""

    def finished(conn: Connection, operation: Operation, status: Status) -> None:
        work = find_work(conn, operation)
        keep_refused(conn, target, work, operation, stage=STAGE)
        target.clear(conn, work)
        target.finished(conn, work, operation, status)
        if operation.succeeded and not work.is_dry_run:
            memory.learn(conn, work, user_id=operation.created_by, is_used=True)

    def retry(conn: Connection, operation: Operation, code: str | None) -> Retried:
        retried = _retry(operation, code)
        if retried.phases:
            target.reopen(conn, find_work(conn, operation))
        return retried

    def redo(conn: Connection, operation: Operation) -> None:
        target.reopen(conn, find_work(conn, operation))

    return Handler(
        kind=kind_of(target),
        phases=(
            StagePhase(target, files, limits=limits),
            JudgePhase(target),
            PreparePhase(target),
            CommitPhase(target),
        ),
        finished=finished,
        retry=retry,
        redo=redo,
        senders_faults=SENDERS_FAULTS,
    )


def find_work(conn: Connection, operation: Operation) -> Import:
    """The import that an operation works on."""
    work = queries.find_import(conn, import_id=operation.payload["importId"])
    if work is None:
        raise Fatal("The import that this operation worked on is gone.", code="import_gone")
    return work


class StagePhase:
    """Stream: the file's rows into the staging table, each slice committed with its count."""

    name = STAGE
    unit = "rows"

    def __init__(self, target: Target, files: FilePaths, *, limits: Limits) -> None:
        self._target = target
        self._files = files
        self._limits = limits

    def work(self, work: StreamWork) -> None:
        """Read the stored file from its beginning; what a dead worker had staged is forgotten."""
        with work.transaction() as conn:
            job = find_work(conn, work.operation)
            lengthen_statement_time(conn, seconds=_COPY_SECONDS)
            self._target.clear(conn, job)
            queries.delete_errors(conn, import_id=job.id)
            said = read_mapping(job.options.get("mapping", {}), fields=self._target.fields)
            mapping = memory.recall(conn, job, said=said)
        request = ParseRequest(
            path=self._files.path(work.operation.organization_id, job.sha256),
            fields=self._target.fields,
            file_name=job.file_name,
            mapping=mapping,
            limits=self._limits,
        )
        with ending_by_refusals(), parse(request, should_abort=work.should_stop) as parsed:
            self._stage(work, job, parsed)

    def _stage(self, work: StreamWork, job: Import, parsed: Parsed) -> None:
        with work.transaction() as conn:
            keep_reading(conn, job, parsed.header, fields=self._target.fields)
        rows = 0
        for part in parsed.slices:
            rows += part.rows
            with work.transaction() as conn:
                self._copy(conn, job, part)
                work.progress(conn, done=rows, total=parsed.header.rows)
        with work.transaction() as conn:
            queries.set_staged_rows(conn, import_id=job.id, rows=rows)
            work.progress(conn, done=rows, total=rows)
        _analyze(work, self._target, rows=rows, phase=STAGE)

    def _copy(self, conn: Connection, job: Import, part: Slice) -> None:
        lengthen_statement_time(conn, seconds=_COPY_SECONDS)
        columns = ("row_number", *self._target.stage_columns, "extra", "is_doubtful")
        queries.copy_to_stage(conn, table=self._target.stage_table, columns=columns, import_id=job.id, data=part.copy)
        if part.faults:
            queries.insert_faults(conn, import_id=job.id, faults=part.faults)


class JudgePhase:
    """Stream of one step: a verdict for every row, set-based, in one transaction."""

    name = JUDGE
    unit = "rows"

    def __init__(self, target: Target) -> None:
        self._target = target

    def work(self, work: StreamWork) -> None:
        """Judge; an atomic import with a bad row ends here."""
        with work.transaction() as conn:
            job = find_work(conn, work.operation)
            lengthen_statement_time(conn, seconds=_JUDGE_SECONDS)
            queries.widen_memory(conn, megabytes=_JUDGE_MEGABYTES)
            if self._target.count_staged(conn, job) != job.staged_rows:
                raise Restart(STAGE)
            reapply_edits(conn, self._target, job)
            found = self._target.judge(conn, job)
            if parts := (job.mapping or {}).get("parts"):
                queries.name_sheets(conn, import_id=job.id, parts=parts)
            errors = queries.count_errors(conn, import_id=job.id, severity="error", code=None)
            warnings = queries.count_errors(conn, import_id=job.id, severity="warning", code=None)
            work.count(
                conn,
                total=found.total,
                counts=_judged(job, found),
                summary={
                    "rows": job.staged_rows,
                    "errors": errors,
                    "warnings": warnings,
                    "notices": job.notices,
                    **found.summary,
                },
            )
            work.progress(conn, done=job.staged_rows or 0, total=job.staged_rows)
        _analyze(work, self._target, rows=job.staged_rows, phase=JUDGE)
        if job.staged_rows == 0:
            raise Fatal("The file has a header but no rows.", code="no_rows")
        if job.is_atomic and errors and not job.is_dry_run:
            raise Fatal(
                "Nothing was imported, because mode=atomic refuses all when one row is bad. Errors: "
                f"{errors:,}. Correct them or import the valid rows.",
                code="atomic_refused",
            )


class PreparePhase:
    """Stream of one step: customers, items and the like that the sound rows need; a dry run needs none."""

    name = PREPARE
    unit = "rows"

    def __init__(self, target: Target) -> None:
        self._target = target

    def work(self, work: StreamWork) -> None:
        """Make them; a second call finds them made."""
        with work.transaction() as conn:
            job = find_work(conn, work.operation)
            if job.is_dry_run:
                return
            lengthen_statement_time(conn, seconds=_JUDGE_SECONDS)
            if self._target.count_staged(conn, job) != job.staged_rows:
                raise Restart(STAGE)
            self._target.prepare(conn, job)
        _analyze(work, self._target, rows=job.staged_rows, phase=PREPARE)


class CommitPhase:
    """Set phase over the target's own ledger of positions; a dry run has nothing to commit."""

    name = COMMIT
    parallel = True
    first_size = 5_000
    most_size = 20_000

    def __init__(self, target: Target) -> None:
        self._target = target
        self.unit = target.unit

    def measure(self, conn: Connection, operation: Operation) -> int:
        """What the judge left open. The stage is not asked: it may have been lost since, and would say none."""
        del conn
        return operation.pending

    def next_high(self, conn: Connection, operation: Operation, *, low: int, size: int) -> int | None:
        """The slice that begins at `low`; `size` counts rows."""
        if low > (operation.phase_total or 0):
            return None
        high = self._target.next_high(conn, find_work(conn, operation), low=low, size=size)
        # Nothing there before the end was reached: who works the rest finds that the stage was lost.
        return operation.phase_total if high is None else high

    def run(self, conn: Connection, operation: Operation, claim: Claim) -> Counts:
        """Bring one slice in."""
        work = find_work(conn, operation)
        lengthen_statement_time(conn, seconds=_COPY_SECONDS)
        try:
            return self._target.commit(conn, work, low=claim.low, high=claim.high)
        except StageLost as lost:
            raise Restart(STAGE) from lost

    def park(self, conn: Connection, operation: Operation, *, position: int, code: str, message: str) -> Counts:
        """Note the one that could not be brought in."""
        return self._target.park(conn, find_work(conn, operation), position=position, code=code, message=message)


def _judged(job: Import, found: Judgement) -> Counts:
    """In a dry run what is valid counts as succeeded: nothing more will become of it."""
    valid = found.total - found.failed - found.skipped
    return Counts(succeeded=valid if job.is_dry_run else found.done, failed=found.failed, skipped=found.skipped)


def _analyze(work: StreamWork, target: Target, *, rows: int | None, phase: str) -> None:
    """In a transaction of its own, because the lock of ANALYZE would make other imports wait for this one's end."""
    if (rows or 0) >= _WORTH_STATISTICS:
        with work.transaction() as conn:
            target.analyze(conn, phase=phase)


def _retry(operation: Operation, code: str | None) -> Retried:
    """Read the file again; what this import already brought in is recognised and stays.

    Rows are judged anew, so that what could not be matched then may be now.
    """
    is_needed = code is None and (operation.failed or operation.status in {Status.FAILED, Status.CANCELLED})
    if not is_needed:
        return Retried(phases=frozenset())
    return Retried(
        phases=frozenset({STAGE}),
        failed=operation.failed,
        unknown=operation.unknown,
        cancelled=operation.cancelled,
    )
