"""The port by which a domain takes in rows of spreadsheets: its fields, its judgement, its commit."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from tranche.imports.domain import Field
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Counts, Operation, Status

_SMALL_FILE = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One spreadsheet on its way in. `headers` maps the target's fields to the file's headers."""

    id: int
    target: str
    sha256: bytes
    file_name: str
    file_size: int
    sheet: str | None
    header: list[str] | None
    header_row: int | None
    mapping: dict[str, Any] | None
    options: dict[str, Any]
    staged_rows: int | None
    created_at: datetime
    started_operation_id: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Field name -> header, for the fields that have a column."""
        return dict((self.mapping or {}).get("fields", {}))

    @property
    def joined(self) -> dict[str, list[str]]:
        """By field the headers of the columns that make it together, in the order in which they are joined."""
        return dict((self.mapping or {}).get("joined", {}))

    @property
    def notices(self) -> list[str]:
        """What the reading decided for whole columns, such as which comma is the decimal sign."""
        return list((self.mapping or {}).get("notices", []))

    @property
    def is_small(self) -> bool:
        """Whether one slice should end it: some thousand rows at most."""
        return self.file_size <= _SMALL_FILE

    @property
    def is_dry_run(self) -> bool:
        """Whether only a report is wanted."""
        return bool(self.options.get("dryRun"))

    @property
    def is_atomic(self) -> bool:
        """Whether one bad row refuses all."""
        return self.options.get("mode") == "atomic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the judge found, counted in the target's things (orders, not rows)."""

    total: int
    done: int = 0
    failed: int = 0
    skipped: int = 0
    summary: dict[str, Any] = field(default_factory=dict)


class Target(Protocol):
    """A domain's side of an import.

    `stage_table` has `row_number`, then `stage_columns` in the order of `fields`, then `extra` and `is_doubtful`
    (see reading.plain); its organization and import come from column defaults.
    """

    name: str
    unit: str
    fields: tuple[Field, ...]
    stage_table: str
    stage_columns: tuple[str, ...]

    def clear(self, conn: Connection, work: Import) -> None:
        """Forget what was staged for this import."""

    def count_staged(self, conn: Connection, work: Import) -> int:
        """How many rows are staged."""

    def analyze(self, conn: Connection, *, phase: str) -> None:
        """Let the planner know what the phase has left in the stage; not called for a few rows."""

    def judge(self, conn: Connection, work: Import) -> Judgement:
        """Judge every staged row, set-based; errors go to `import_errors`, effects come later."""

    def prepare(self, conn: Connection, work: Import) -> None:
        """Make what the sound rows need beside themselves, such as customers; set-based, once."""

    def next_high(self, conn: Connection, work: Import, *, low: int, size: int) -> int | None:
        """The last position of the slice of about `size` rows that begins at `low`."""

    def commit(self, conn: Connection, work: Import, *, low: int, high: int) -> Counts:
        """Bring the positions low..high in; raises StageLost when their rows are gone."""

    def park(self, conn: Connection, work: Import, *, position: int, code: str, message: str) -> Counts:
        """Note that one position could not be brought in."""

    def reopen(self, conn: Connection, work: Import) -> None:
        """The import is retried; refuse with a Conflict where that makes no sense any more."""

    def finished(self, conn: Connection, work: Import, operation: Operation, status: Status) -> None:
        """The last word, in the transaction that ends the operation."""


class StageLost(Exception):
    """The staged rows are not there any more; the file has to be read again."""
