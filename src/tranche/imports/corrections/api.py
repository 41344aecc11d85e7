"""The HTTP endpoints of corrections: refused rows, one row's cells, one value for many rows, a corrected workbook."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from litestar import get, patch, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, MultipartBody

from tranche.imports import service as imports
from tranche.imports.corrections import service
from tranche.imports.corrections.schemas import (
    CellsBody,
    CorrectedForm,
    EditOut,
    RowOut,
    SetBody,
    edit_out,
    row_out,
)
from tranche.imports.corrections.service import Corrections
from tranche.imports.detect import detect
from tranche.imports.uploads import UploadLimits, clean_name
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import FieldError, Invalid
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.schemas import OperationOut, operation_out
from tranche.kernel.operations.service import Operations, get_operation
from tranche.kernel.storage.domain import Files
from tranche.kernel.web.application import UPLOAD
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.headers import WAITS
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.openapi import takes, usual
from tranche.kernel.web.pagination import page_links, read_page
from tranche.kernel.web.requests import AnyRequest, allow_query, read_text
from tranche.kernel.web.stream import Hub
from tranche.kernel.web.wait import Waiting

_SCOPE: Final = {SCOPE: "orders"}
_BIGGEST_ROW: Final = 2**31 - 1


@get(
    "/api/imports/{import_id:int}/rows",
    opt=_SCOPE,
    sync_to_thread=True,
    operation_class=takes(*usual("page", "limit", "code", "column")),
)
def list_import_rows(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], import_id: FromPath[int]
) -> Envelope[list[RowOut]]:
    """The refused rows with their cells and errors; `code` and `column` narrow them to rows with such an error."""
    allow_query(request, {"page", "limit", "code", "column"})
    page = read_page(request)
    with database.transaction(ctx.organization_id) as conn:
        imports.get(conn, import_id=import_id)
        found, total = service.list_rows(
            conn,
            import_id=import_id,
            code=read_text(request, "code"),
            column=read_text(request, "column"),
            limit=page.limit,
            offset=page.offset,
        )
    out = [row_out(row) for row in found]
    return envelope(ctx, out, message="Refused rows fetched", links=page_links(page, total=total))


@get("/api/imports/{import_id:int}/rows/{row:int}", opt=_SCOPE, sync_to_thread=True)
def find_import_row(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    import_id: FromPath[int],
    row: FromPath[int],
) -> Envelope[RowOut]:
    """One refused row."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        imports.get(conn, import_id=import_id)
        found = service.find_row(conn, import_id=import_id, row_number=_row(row))
    return envelope(ctx, row_out(found), message="Refused row fetched")


@patch("/api/imports/{import_id:int}/rows/{row:int}", opt=_SCOPE, sync_to_thread=True)
def edit_import_row(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    corrections: NamedDependency[Corrections],
    import_id: FromPath[int],
    row: FromPath[int],
    data: JSONBody[CellsBody],
) -> JsonResponse[Envelope[list[RowOut]]]:
    """Change cells of one refused row; answers with every row that was judged again because of it."""
    allow_query(request, ())
    if not data.cells:
        raise Invalid("Name at least one cell.", errors=[FieldError("/cells", "must name at least one field")])

    def action(conn: Connection) -> Answer:
        states = corrections.edit(conn, ctx, import_id=import_id, row_number=_row(row), cells=data.cells)
        out = [row_out(state) for state in states]
        return Answer(envelope(ctx, out, message="Row corrected and judged again"))

    return act(database, ctx, request, action, given=data)


@get(
    "/api/imports/{import_id:int}/edits",
    opt=_SCOPE,
    sync_to_thread=True,
    operation_class=takes(*usual("page", "limit")),
)
def list_import_edits(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], import_id: FromPath[int]
) -> Envelope[list[EditOut]]:
    """Every change that people made to rows of this import, the newest first."""
    allow_query(request, {"page", "limit"})
    page = read_page(request)
    with database.transaction(ctx.organization_id) as conn:
        imports.get(conn, import_id=import_id)
        found, total = service.list_edits(conn, import_id=import_id, limit=page.limit, offset=page.offset)
    out = [edit_out(row) for row in found]
    return envelope(ctx, out, message="Changes fetched", links=page_links(page, total=total))


@post("/api/imports/{import_id:int}/errors/groups/{key:str}/set", opt={WAITS: True, **_SCOPE}, status_code=202)
async def set_import_group(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    hub: NamedDependency[Hub],
    operations: NamedDependency[Operations],
    corrections: NamedDependency[Corrections],
    import_id: FromPath[int],
    key: FromPath[str],
    data: JSONBody[SetBody],
) -> JsonResponse[Envelope[OperationOut]]:
    """Set one field in all rows that have an error of this cause, and judge them again: 202 and the operation."""
    allow_query(request, ())
    counter = _Counter(ctx, database, request, operations)

    def begin(conn: Connection) -> Operation:
        return corrections.begin_setting(
            conn, ctx, import_id=import_id, cause_key=key, field=data.field, value=data.value
        )

    response = await sync_to_thread(counter.begin, begin, data)
    return await counter.waited(hub, response)


@post("/api/imports/{import_id:int}/corrections", opt={UPLOAD: True, WAITS: True, **_SCOPE}, status_code=202)
async def upload_corrections(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    hub: NamedDependency[Hub],
    operations: NamedDependency[Operations],
    files: NamedDependency[Files],
    corrections: NamedDependency[Corrections],
    upload_limits: NamedDependency[UploadLimits],
    import_id: FromPath[int],
    data: MultipartBody[CorrectedForm],
) -> JsonResponse[Envelope[OperationOut]]:
    """Take the corrected workbook of errors, by its column `_row`: 202 and the operation."""
    allow_query(request, ())
    counter = _Counter(ctx, database, request, operations)

    def receive() -> JsonResponse[Any]:
        with database.transaction(ctx.organization_id) as conn:
            imports.get(conn, import_id=import_id)
        file_name = clean_name(data.file.filename)
        stored = files.put(ctx.organization_id, data.file.file, limit=upload_limits.max_bytes)
        path = files.path(ctx.organization_id, stored.sha256)
        detect(path, file_name=file_name, limits=upload_limits.parsing)

        def begin(conn: Connection) -> Operation:
            return corrections.begin_merging(conn, ctx, import_id=import_id, stored=stored, file_name=file_name)

        return counter.begin(begin, [stored.sha256.hex(), file_name])

    response = await sync_to_thread(receive)
    return await counter.waited(hub, response)


class _Counter:
    """One request for a bulk correction, and its answer."""

    def __init__(self, ctx: Context, database: Database, request: AnyRequest, operations: Operations) -> None:
        self._ctx = ctx
        self._database = database
        self._request = request
        self._operations = operations
        self._started: int | None = None

    def begin(self, start: Callable[[Connection], Operation], given: object) -> JsonResponse[Any]:
        """202 with the operation and where to watch it."""

        def action(conn: Connection) -> Answer:
            operation = start(conn)
            self._started = operation.id
            headers = {"Location": f"/api/operations/{operation.id}", "Retry-After": "1"}
            body = self._body(operation, message="Correction started")
            return Answer(body, status=HTTPStatus.ACCEPTED, headers=headers)

        return act(self._database, self._ctx, self._request, action, given=given)

    async def waited(self, hub: Hub, response: JsonResponse[Any]) -> JsonResponse[Any]:
        """200 with the ended operation for who prefers to wait, if it ends in time."""
        waiting = Waiting(request=self._request, ctx=self._ctx, hub=hub, database=self._database)
        return await waiting.answer(response, operation_id=self._started, ended=self._ended)

    def _ended(self, conn: Connection) -> object:
        return self._body(get_operation(conn, operation_id=self._started or 0), message="Correction ended")

    def _body(self, operation: Operation, *, message: str) -> object:
        return envelope(
            self._ctx, operation_out(operation, units=self._operations.units_of(operation)), message=message
        )


def _row(number: int) -> int:
    """A row number as the database can compare it; no sheet has rows beyond."""
    return number if 0 < number <= _BIGGEST_ROW else 0


CORRECTION_ROUTES = (
    list_import_rows,
    find_import_row,
    edit_import_row,
    list_import_edits,
    set_import_group,
    upload_corrections,
)
