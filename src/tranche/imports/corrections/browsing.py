"""Pages of an import's rows by place, so that the last page costs what the first one costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tranche.imports.corrections.domain import Cause, RowState, RowStatus
from tranche.imports.corrections.port import Made
from tranche.imports.corrections.queries import browsing, edits, rows
from tranche.imports.corrections.queries import imports as states
from tranche.imports.targets import Import
from tranche.kernel.db.pool import Connection, Row

_MOST_ERRORS = 10_000
SPARE = 4


class Sort(StrEnum):
    """Which rows are looked at; those with a warning are valid or refused besides."""

    ALL = "all"
    VALID = "valid"
    WARNINGS = "warnings"
    ERRORS = "errors"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCounts:
    """How many rows of each sort an import has."""

    total: int
    warned: int
    refused: int

    @property
    def valid(self) -> int:
        """Rows that nothing refused."""
        return max(0, self.total - self.refused)

    def of(self, sort: Sort) -> int:
        """How many of this sort."""
        return {Sort.ALL: self.total, Sort.VALID: self.valid, Sort.WARNINGS: self.warned, Sort.ERRORS: self.refused}[
            sort
        ]


@dataclass(frozen=True, slots=True)
class Turn:
    """Behind which row to go on, or before which row to go back."""

    row: int = 0
    forward: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPage:
    """Some rows in the file's order, and the rows behind and before which the next and the previous ones are."""

    rows: Sequence[RowState]
    following: int | None
    previous: int | None


def count_rows(conn: Connection, work: Import) -> RowCounts:
    """The rows of an import by sort."""
    return RowCounts(
        total=work.staged_rows or 0,
        warned=browsing.count_warned(conn, import_id=work.id),
        refused=rows.count_rows(conn, import_id=work.id),
    )


def list_refused(conn: Connection, *, import_id: int, cause: Cause | None, turn: Turn, limit: int) -> RowPage:
    """A page of refused rows; `cause` narrows them to those with such an error."""
    found = browsing.list_refused(
        conn,
        import_id=import_id,
        code=cause.code if cause else None,
        column=cause.column if cause else None,
        row=turn.row,
        forward=turn.forward,
        limit=limit + 1,
    )
    errors = find_errors(conn, import_id=import_id, rows=[row["row_number"] for row in found])
    refused = [state_of(row, RowStatus.REFUSED, errors) for row in found]
    return page_of(refused, turn=turn, limit=limit, goes_on=len(found) > limit)


def list_candidates(conn: Connection, work: Import, *, sort: Sort, turn: Turn, limit: int) -> list[int]:
    """Numbers of rows to be looked up in the file, more than `limit` of them, since some may be blank there."""
    forward, most = turn.forward, limit * SPARE
    if sort is Sort.WARNINGS:
        return browsing.list_warned(conn, import_id=work.id, row=turn.row, forward=forward, limit=most)
    return browsing.list_numbers(
        conn,
        import_id=work.id,
        is_sound=sort is Sort.VALID,
        header_row=work.header_row or 0,
        row=turn.row,
        forward=forward,
        limit=most,
    )


def page_of(found: Sequence[RowState], *, turn: Turn, limit: int, goes_on: bool) -> RowPage:
    """The first `limit` rows in the direction of the turn; `goes_on` when there are more beyond them."""
    shown = list(found[:limit])
    if not turn.forward:
        shown.reverse()
    if not shown:
        return RowPage(rows=[], following=None, previous=None)
    first, last = shown[0].row, shown[-1].row
    if turn.forward:
        return RowPage(rows=shown, following=last if goes_on else None, previous=first if turn.row else None)
    return RowPage(rows=shown, following=last, previous=first if goes_on else None)


def find_errors(conn: Connection, *, import_id: int, rows: Sequence[int]) -> Mapping[int, list[Row]]:
    """What is wrong with these rows, errors and warnings, by row."""
    by_row: dict[int, list[Row]] = {}
    for error in edits.list_errors_of(conn, import_id=import_id, rows=rows, limit=_MOST_ERRORS):
        by_row.setdefault(error["row_number"], []).append(error)
    return by_row


def state_of(row: Row, status: RowStatus, errors: Mapping[int, list[Row]], made: Made | None = None) -> RowState:
    """A refused row, or one that was refused until now, with what `find_errors` knows of it."""
    return RowState(
        row=row["row_number"],
        status=status,
        group_key=row["group_key"],
        cells=row["cells"],
        extra=row["extra"],
        errors=errors.get(row["row_number"], []),
        is_dirty=row["is_dirty"] and status is RowStatus.REFUSED,
        made=made,
    )


def find_entered(conn: Connection, *, import_id: int, rows: Sequence[int]) -> dict[int, dict[str, str | None]]:
    """What people last entered in these rows, by row and field."""
    found: dict[int, dict[str, str | None]] = {}
    for edit in browsing.list_last_edits_of(conn, import_id=import_id, rows=rows):
        found.setdefault(edit["row_number"], {})[edit["field"]] = edit["new_value"]
    return found


def find_correction(conn: Connection, *, import_id: int) -> int | None:
    """The operation of the newest bulk correction, if there was one."""
    state = states.find_state(conn, import_id=import_id)
    return state["correction_id"] if state else None
