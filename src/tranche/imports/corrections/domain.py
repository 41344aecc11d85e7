"""What a correction is told and what it answers, and its refusals."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tranche.imports.corrections.port import Made
from tranche.kernel.db.pool import Row
from tranche.kernel.errors import Conflict, Invalid, NotFound

LONGEST_CELL = 32_767


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One value that a person entered. With a `code` it cannot be trusted: `value` is None, `message` says why."""

    row: int
    field: str
    value: str | None
    code: str | None = None
    message: str | None = None


class RowStatus(StrEnum):
    """What became of a row: `valid` is one that would be brought in, were this no dry run and not atomic."""

    REFUSED = "refused"
    IMPORTED = "imported"
    SKIPPED = "skipped"
    VALID = "valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowState:
    """A row as it now is; `errors` holds warnings too, `made` what it became."""

    row: int
    status: RowStatus
    group_key: str | None
    cells: dict[str, str]
    extra: dict[str, str] | None
    errors: Sequence[Row]
    is_dirty: bool = False
    made: Made | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What judging some groups anew added up to, in groups."""

    succeeded: int = 0
    failed: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One group of errors."""

    code: str
    severity: str
    column: str | None


class RowNotFound(NotFound):
    """No such refused row in this import."""

    code = "import_row_not_found"


class CauseNotFound(NotFound):
    """No such group of errors in this import."""

    code = "error_group_not_found"


class UnknownField(Invalid):
    """The target has no such field."""

    code = "unknown_field"


class InvalidCell(Invalid):
    """The value can never be stored."""

    code = "invalid_cell"


class NotCorrectable(Conflict):
    """The import is not, or not yet, open to corrections."""

    code = "not_correctable"


class CorrectionRunning(Conflict):
    """Another correction of the import runs."""

    code = "correction_running"
