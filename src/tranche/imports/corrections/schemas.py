"""The wire contract of corrections."""

from datetime import UTC, datetime

from litestar.datastructures import UploadFile

from tranche.imports.corrections.domain import RowState
from tranche.imports.schemas import ErrorOut, error_out
from tranche.kernel.db.pool import Row
from tranche.kernel.web.json import Body, Out


class CellsBody(Body, frozen=True):
    """New values by field; null empties a cell. Values are text, written as in a spreadsheet."""

    cells: dict[str, str | None]


class SetBody(Body, frozen=True):
    """One value for one field of many rows; null empties the cells."""

    field: str
    value: str | None


class CorrectedForm(Body, frozen=True):
    """The multipart form that brings a corrected workbook."""

    file: UploadFile


class MadeOut(Out, frozen=True):
    """What the row became, such as an order by its number."""

    id: int
    label: str


class RowOut(Out, frozen=True):
    """One row: `refused`, `imported`, `skipped`, or `valid` where nothing is brought in.

    `isChanged` says that a bulk correction has changed it and not judged it yet.
    """

    row: int
    status: str
    group: str | None
    cells: dict[str, str]
    extra: dict[str, str] | None
    errors: list[ErrorOut]
    is_changed: bool
    made: MadeOut | None


class EditOut(Out, frozen=True):
    """One change that a person made."""

    id: int
    row: int
    field: str
    old: str | None
    new: str | None
    user_id: int | None
    user_name: str
    operation_id: int | None
    at: datetime


def row_out(state: RowState) -> RowOut:
    """One row."""
    return RowOut(
        row=state.row,
        status=state.status.value,
        group=state.group_key,
        cells=state.cells,
        extra=state.extra,
        errors=[error_out(error) for error in state.errors],
        is_changed=state.is_dirty,
        made=MadeOut(id=state.made.id, label=state.made.label) if state.made else None,
    )


def edit_out(row: Row) -> EditOut:
    """One change."""
    return EditOut(
        id=row["id"],
        row=row["row_number"],
        field=row["field"],
        old=row["old_value"],
        new=row["new_value"],
        user_id=row["user_id"],
        user_name=row["user_name"],
        operation_id=row["operation_id"],
        at=row["at"].astimezone(UTC),
    )
