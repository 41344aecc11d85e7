"""The errors of an order batch, as a list and as a workbook."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import File

from tranche.imports.api import ERROR_EXPORT, ERROR_LIST, Workbooks, errors_export, errors_page
from tranche.imports.schemas import ErrorGroupOut, ErrorOut, error_group_out
from tranche.imports.service import list_error_groups
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.exports import Download, Exports
from tranche.kernel.web.requests import AnyRequest, allow_query
from tranche.orders import service
from tranche.orders.domain import NothingRead

_SCOPE = {SCOPE: "orders"}


@get("/{batch_id:int}/errors", opt=_SCOPE, operation_class=ERROR_LIST, sync_to_thread=True)
def list_batch_errors(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], batch_id: FromPath[int]
) -> Envelope[list[ErrorOut]]:
    """Errors and warnings by row; `severity` and `code` narrow them."""
    with database.transaction(ctx.organization_id) as conn:
        batch = service.get_batch(conn, batch_id=batch_id)
        return errors_page(request, ctx, conn, import_id=batch.import_id)


@get("/{batch_id:int}/errors/export", opt=_SCOPE, operation_class=ERROR_EXPORT, sync_to_thread=True)
def export_batch_errors(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    exports: NamedDependency[Exports],
    batch_id: FromPath[int],
) -> Download:
    """The errors under the same filters as a file: `format=csv` or `format=xlsx`."""
    with database.transaction(ctx.organization_id) as conn:
        batch = service.get_batch(conn, batch_id=batch_id)
    return errors_export(request, ctx, exports, import_id=batch.import_id)


@get("/{batch_id:int}/errors/groups", opt=_SCOPE, sync_to_thread=True)
def list_batch_error_groups(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], batch_id: FromPath[int]
) -> Envelope[list[ErrorGroupOut]]:
    """Errors grouped by cause, the commonest first."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        batch = service.get_batch(conn, batch_id=batch_id)
        groups = [] if batch.import_id is None else list_error_groups(conn, import_id=batch.import_id)
    return envelope(ctx, [error_group_out(row) for row in groups], message="Error groups fetched")


@get("/{batch_id:int}/errors.xlsx", opt=_SCOPE, sync_to_thread=True)
def download_batch_errors(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    workbooks: NamedDependency[Workbooks],
    batch_id: FromPath[int],
) -> File:
    """The bad rows with their errors, as a workbook to correct and upload again."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        batch = service.get_batch(conn, batch_id=batch_id)
    if batch.import_id is None:
        raise NothingRead(f"Nothing of {batch.file_name} was read, so there are no rows to correct.")
    return workbooks.answer(database, ctx, import_id=batch.import_id)


BATCH_ERROR_ROUTES = (list_batch_errors, export_batch_errors, list_batch_error_groups, download_batch_errors)
