"""Putting right what the report refuses: one cell, one value for a whole cause, or a corrected workbook."""

from collections.abc import Callable
from typing import Any, Final

from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, MultipartBody, URLEncodedBody

from tranche.imports.corrections.service import Corrections
from tranche.imports.detect import detect
from tranche.imports.uploads import UploadLimits, clean_name
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import TrancheError
from tranche.kernel.operations.domain import Operation
from tranche.kernel.storage.domain import Files
from tranche.kernel.web.application import UPLOAD
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.listing import address
from tranche.kernel.web.pages.render import Html, redirect
from tranche.kernel.web.pages.routes import form
from tranche.orders.pages.places import REVIEW
from tranche.orders.pages.uploading import ORDERS


class CellForm(Body, frozen=True):
    """One cell of a refused row, and the place in the report to come back to."""

    row: int
    field: str
    value: str = ""
    show: str = ""
    cause: str = ""
    after: str = ""
    before: str = ""


class GroupForm(Body, frozen=True):
    """One value for every row of a cause."""

    key: str
    field: str
    value: str = ""


class WorkbookForm(Body, frozen=True):
    """The corrected workbook; a browser that was given none sends an empty one."""

    file: UploadFile | None = None


@form(REVIEW + "/{import_id:int}/cell")
def correct_cell(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    corrections: NamedDependency[Corrections],
    import_id: FromPath[int],
    data: URLEncodedBody[CellForm],
) -> Html:
    """Put one cell right; its order is judged again at once."""
    place = {"show": data.show, "cause": data.cause, "after": data.after, "before": data.before}
    back = address(f"{REVIEW}/{import_id}", place)
    cells = {data.field: data.value.strip() or None}
    with database.transaction(ctx.organization_id) as conn:
        ORDERS.find(conn, import_id)
    try:
        with database.transaction(ctx.organization_id) as conn:
            judged = corrections.edit(conn, ctx, import_id=import_id, row_number=data.row, cells=cells)
    except TrancheError as error:
        return redirect(back, say=error.message, tone=Tone.BAD)
    wrong = next((fault["message"] for one in judged if one.row == data.row for fault in one.errors), "")
    if wrong:
        return redirect(back, say=f"Row {data.row}: {wrong}.", tone=Tone.BAD)
    return redirect(back, say=f"Row {data.row} is right now.")


@form(REVIEW + "/{import_id:int}/group")
def correct_group(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    corrections: NamedDependency[Corrections],
    import_id: FromPath[int],
    data: URLEncodedBody[GroupForm],
) -> Html:
    """Set one value in every row of a cause."""

    def begin(conn: Connection) -> Operation:
        return corrections.begin_setting(
            conn, ctx, import_id=import_id, cause_key=data.key, field=data.field, value=data.value.strip() or None
        )

    return _begin(database, ctx, import_id, begin)


@form(REVIEW + "/{import_id:int}/workbook", opt={UPLOAD: True})
def correct_by_workbook(
    *,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    files: NamedDependency[Files],
    upload_limits: NamedDependency[UploadLimits],
    corrections: NamedDependency[Corrections],
    import_id: FromPath[int],
    data: MultipartBody[WorkbookForm],
) -> Html:
    """Take the corrected workbook of errors."""
    if data.file is None or not data.file.filename:
        return redirect(f"{REVIEW}/{import_id}", say="Choose the corrected workbook first.", tone=Tone.BAD)
    with database.transaction(ctx.organization_id) as conn:
        ORDERS.find(conn, import_id)
    name = clean_name(data.file.filename)
    try:
        stored = files.put(ctx.organization_id, data.file.file, limit=upload_limits.max_bytes)
        detect(files.path(ctx.organization_id, stored.sha256), file_name=name, limits=upload_limits.parsing)
    except TrancheError as error:
        return redirect(f"{REVIEW}/{import_id}", say=error.message, tone=Tone.BAD)

    def begin(conn: Connection) -> Operation:
        return corrections.begin_merging(conn, ctx, import_id=import_id, stored=stored, file_name=name)

    return _begin(database, ctx, import_id, begin)


def _begin(database: Database, ctx: Context, import_id: int, begin: Callable[[Connection], Operation]) -> Html:
    """Start it and go back to the report, which follows it."""
    with database.transaction(ctx.organization_id) as conn:
        ORDERS.find(conn, import_id)
    try:
        with database.transaction(ctx.organization_id) as conn:
            begin(conn)
    except TrancheError as error:
        return redirect(f"{REVIEW}/{import_id}", say=error.message, tone=Tone.BAD)
    return redirect(f"{REVIEW}/{import_id}")


ROUTES: Final[tuple[Any, ...]] = (correct_cell, correct_group, correct_by_workbook)
