"""What tells the uploads of one target from those of another in the browser."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from tranche.imports import service as imports
from tranche.imports.domain import Field, FieldKind
from tranche.imports.pages.files import Reading
from tranche.imports.targets import Import
from tranche.imports.uploads import UploadLimits
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.errors import TrancheError
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import Operations
from tranche.kernel.storage.domain import Files, StoredFile


def _no_same_file(conn: Connection, *, sha256: bytes) -> Row | None:
    """Where a file may come twice, nobody asks whether it did."""
    del conn, sha256
    return None


def _anybody(ctx: Context) -> None:
    """Most uploads need nothing but the role."""
    del ctx


def _as_it_stands(refusal: TrancheError) -> str:
    return refusal.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploading:
    """One target in the browser: where its steps are, what they say, and what begins its dry run.

    `many` is what comes in, `row` what a row of the file is, `unused` what becomes of columns without a field. People
    come from `back`, a page and its label. Files that are no imports yet are below the address `new`, imports below
    `one`. `report` is where the report of an import stands, by the import's id and the operation's. `duplicates` are
    the choices for what is there already. Of the fields of `either` one is needed; its text says so. `has_customers`
    offers a customer for rows that name none, and returns; `has_branch` names the branch that all comes into.
    `require` refuses, as Invalid, whoever has to do something else first; `in_words` says a refusal as the pages do.
    """

    target: str
    fields: tuple[Field, ...]
    many: str
    row: str
    unused: str
    new: str
    one: str
    back: tuple[str, str]
    duplicates: Sequence[tuple[str, str]]
    try_out: Callable[[Connection, Context, Operations, imports.Sent], Operation]
    report: Callable[[int, int], str]
    either: tuple[tuple[str, ...], str] = ((), "")
    has_customers: bool = False
    has_branch: bool = False
    find_same_file: Callable[..., Row | None] = _no_same_file
    require: Callable[[Context], None] = _anybody
    in_words: Callable[[TrancheError], str] = _as_it_stands

    @property
    def has_dates(self) -> bool:
        """Whether a column may hold dates, whose order of day and month may have to be said."""
        return any(field.kind is FieldKind.DATE for field in self.fields)

    @property
    def new_columns(self) -> str:
        """The address of the columns of files that are no imports yet."""
        return f"{self.new}/columns"

    def columns_of(self, stored: StoredFile, file_name: str) -> str:
        """The address of the columns of one such file."""
        return f"{self.new_columns}?{urlencode({'file': stored.sha256.hex(), 'name': file_name})}"

    def report_of(self, work: Import) -> str:
        """The address of the report of an import."""
        return self.report(work.id, work.started_operation_id or 0)

    def report_by(self, operation: Operation) -> str:
        """The address of the report that this operation writes."""
        return self.report(operation.payload["importId"], operation.id)

    def reading(self, sha256: bytes, file_name: str, *, ctx: Context, files: Files, limits: UploadLimits) -> Reading:
        """A stored file as one that comes into this target."""
        return Reading(files=files, limits=limits, ctx=ctx, sha256=sha256, file_name=file_name, fields=self.fields)

    def reading_of(self, work: Import, *, ctx: Context, files: Files, limits: UploadLimits) -> Reading:
        """The file of an import."""
        return self.reading(work.sha256, work.file_name, ctx=ctx, files=files, limits=limits)

    def find(self, conn: Connection, import_id: int) -> Import:
        """An import into this target; one of something else is none here.

        Raises:
            ImportNotFound
        """
        work = imports.get(conn, import_id=import_id)
        if work.target != self.target:
            raise imports.ImportNotFound.of(import_id)
        return work
