"""The flow of an upload: a file is dropped and tried out, its report is looked at and corrected, then it comes in."""

from collections.abc import Callable
from typing import Any, Final

from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, MultipartBody, URLEncodedBody

from tranche.imports import again
from tranche.imports import service as imports
from tranche.imports.corrections import service as corrected
from tranche.imports.corrections.service import Corrections
from tranche.imports.detect import detect
from tranche.imports.domain import Mapping
from tranche.imports.intakes import Intakes
from tranche.imports.service import cause_key, list_error_groups
from tranche.imports.uploads import UploadLimits, clean_name
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import TrancheError
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import Operations, get_operation
from tranche.kernel.storage.domain import Files
from tranche.kernel.web.application import UPLOAD
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.render import Html, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest
from tranche.orders import service
from tranche.orders.fields import ORDER_FIELDS
from tranche.orders.service import Upload

_NEW: Final = "/uploads/new"
_REVIEW: Final = "/uploads/review"
_SHOWN_ROWS: Final = 50


class FileForm(Body, frozen=True):
    """The dropped file."""

    file: UploadFile


class CellForm(Body, frozen=True):
    """One cell of a refused row."""

    row: int
    field: str
    value: str = ""


class GroupForm(Body, frozen=True):
    """One value for every row of a cause."""

    key: str
    field: str
    value: str = ""


class ConfirmForm(Body, frozen=True):
    """Whether the same file may come in once more."""

    allow_duplicate: bool = False


@page(_NEW)
def new_upload_page(request: AnyRequest) -> Html:
    """Asks for a file."""
    return render(request, "orders/new_upload.html", {"fault": ""})


@form(_NEW, opt={UPLOAD: True})
def try_file(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    files: NamedDependency[Files],
    upload_limits: NamedDependency[UploadLimits],
    data: MultipartBody[FileForm],
) -> Html:
    """Keep the file and try it out; nothing comes in yet."""
    file_name = clean_name(data.file.filename)
    try:
        stored = files.put(ctx.organization_id, data.file.file, limit=upload_limits.max_bytes)
        detect(files.path(ctx.organization_id, stored.sha256), file_name=file_name, limits=upload_limits.parsing)
        wanted = Upload(stored=stored, file_name=file_name, mapping=Mapping(), dry_run=True)
        with database.transaction(ctx.organization_id) as conn:
            operation = service.try_out(conn, ctx, operations, wanted=wanted)
    except TrancheError as error:
        return render(request, "orders/new_upload.html", {"fault": error.message}, status=400)
    return redirect(f"{_REVIEW}/{operation.payload['importId']}")


@page(_REVIEW + "/{import_id:int}")
def review_page(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], import_id: FromPath[int]
) -> Html:
    """What the file would bring in, what is wrong with the rest, and where to put it right."""
    with database.transaction(ctx.organization_id) as conn:
        work = imports.get(conn, import_id=import_id)
        operation = get_operation(conn, operation_id=work.started_operation_id or 0)
        groups = list_error_groups(conn, import_id=import_id)
        rows, refused = corrected.list_rows(
            conn, import_id=import_id, code=request.query_params.get("code"), column=None, limit=_SHOWN_ROWS, offset=0
        )
        same = service.find_same_file(conn, sha256=work.sha256)
    data = {
        "work": work,
        "operation": operation,
        "groups": [{**group, "key": cause_key(group)} for group in groups],
        "rows": rows,
        "refused": refused,
        "same": same,
        "fields": [(one.name, one.name) for one in ORDER_FIELDS],
        "chosen": request.query_params.get("code", ""),
    }
    return render(request, "orders/review.html", data)


@form(_REVIEW + "/{import_id:int}/cell")
def correct_cell(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    corrections: NamedDependency[Corrections],
    import_id: FromPath[int],
    data: URLEncodedBody[CellForm],
) -> Html:
    """Put one cell right; its order is judged again at once."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            corrections.edit(
                conn, ctx, import_id=import_id, row_number=data.row, cells={data.field: data.value or None}
            )
    except TrancheError as error:
        return redirect(f"{_REVIEW}/{import_id}", say=error.message, tone=Tone.BAD)
    return redirect(f"{_REVIEW}/{import_id}", say=f"Row {data.row} was judged again.")


@form(_REVIEW + "/{import_id:int}/group")
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
            conn, ctx, import_id=import_id, cause_key=data.key, field=data.field, value=data.value or None
        )

    return _begin(database, ctx, begin, import_id)


@form(_REVIEW + "/{import_id:int}/workbook", opt={UPLOAD: True})
def correct_by_workbook(
    *,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    files: NamedDependency[Files],
    upload_limits: NamedDependency[UploadLimits],
    corrections: NamedDependency[Corrections],
    import_id: FromPath[int],
    data: MultipartBody[FileForm],
) -> Html:
    """Take the corrected workbook of errors."""
    name = clean_name(data.file.filename)

    def begin(conn: Connection) -> Operation:
        imports.get(conn, import_id=import_id)
        stored = files.put(ctx.organization_id, data.file.file, limit=upload_limits.max_bytes)
        detect(files.path(ctx.organization_id, stored.sha256), file_name=name, limits=upload_limits.parsing)
        return corrections.begin_merging(conn, ctx, import_id=import_id, stored=stored, file_name=name)

    return _begin(database, ctx, begin, import_id)


@form(_REVIEW + "/{import_id:int}/confirm")
def bring_in(
    *,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    intakes: NamedDependency[Intakes],
    import_id: FromPath[int],
    data: URLEncodedBody[ConfirmForm],
) -> Html:
    """Bring in what the report found valid."""

    def begin(conn: Connection) -> Operation:
        intake = intakes.of(imports.get(conn, import_id=import_id))
        return again.confirm(
            conn, ctx, operations, import_id=import_id, intake=intake, allow_duplicate=data.allow_duplicate
        )[1]

    return _begin(database, ctx, begin, import_id)


def _begin(database: Database, ctx: Context, begin: Callable[[Connection], Operation], import_id: int) -> Html:
    """Start it and go to its page, or back with what was refused."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            operation = begin(conn)
    except TrancheError as error:
        return redirect(f"{_REVIEW}/{import_id}", say=error.message, tone=Tone.BAD)
    return redirect(f"/operations/{operation.id}")


ROUTES: Final[tuple[Any, ...]] = (
    new_upload_page,
    try_file,
    review_page,
    correct_cell,
    correct_group,
    correct_by_workbook,
    bring_in,
)
