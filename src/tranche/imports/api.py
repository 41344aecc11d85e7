"""The HTTP endpoints of imports: how a file was read, its errors, its causes, its workbook of errors."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from litestar import get
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import File

from tranche.imports import service
from tranche.imports.corrections.service import find_edited, find_last_edit
from tranche.imports.domain import Field, Limits
from tranche.imports.listing_queries import ERRORS
from tranche.imports.memory.api import MEMORY_ROUTES
from tranche.imports.schemas import (
    ErrorGroupOut,
    ErrorOut,
    ImportOut,
    error_group_out,
    error_out,
    import_out,
)
from tranche.imports.verbs import VERB_ROUTES
from tranche.imports.workbook import write_error_workbook
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.storage.domain import Files
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.exports import Download, Exports
from tranche.kernel.web.listing import EXPORTING, PAGING, Readers, exports_of, lists, look, read_filters, text, word
from tranche.kernel.web.requests import AnyRequest, allow_query

_SCOPE = {SCOPE: "orders"}
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ERROR_FILTERS: Readers = {
    "severity": ("severity", word("error", "warning")),
    "code": ("code", text(longest=100)),
}
ERROR_LIST, ERROR_EXPORT = lists(ERRORS, ERROR_FILTERS), exports_of(ERRORS, ERROR_FILTERS)


class Workbooks:
    """Makes workbooks of errors for the targets of this process."""

    def __init__(self, files: Files, fields: Mapping[str, tuple[Field, ...]], *, limits: Limits) -> None:
        """`fields` are the fields of each target, by its name."""
        self._files = files
        self._fields = fields
        self._limits = limits

    def answer(self, database: Database, ctx: Context, *, import_id: int) -> File:
        """The workbook of one import as a download.

        Raises:
            ImportNotFound, FileMissing
        """
        with database.transaction(ctx.organization_id) as conn:
            work = service.get(conn, import_id=import_id)
            bad = list(service.walk_bad_rows(conn, import_id=import_id))
            through = find_last_edit(conn, import_id=import_id)
            edited = find_edited(conn, import_id=import_id, through=through)
        with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as handle:
            target = Path(handle.name)
        try:
            write_error_workbook(
                target,
                source=self._files.path(ctx.organization_id, work.sha256),
                work=work,
                fields=self._fields[work.target],
                bad=bad,
                edited=edited,
                limits=self._limits,
                through=through,
            )
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return File(
            path=target,
            filename=f"errors-{import_id}.xlsx",
            media_type=_XLSX,
            content_disposition_type="attachment",
            background=BackgroundTask(target.unlink, missing_ok=True),
        )


def errors_page(
    request: AnyRequest, ctx: Context, conn: Connection, *, import_id: int | None
) -> Envelope[list[ErrorOut]]:
    """A page of errors; what was never read has none."""
    choice = read_filters(request, ERRORS, ERROR_FILTERS, besides=PAGING, fixed={"import_id": import_id or 0})
    found = look(request, ctx, conn, ERRORS, choice)
    return envelope(ctx, [error_out(row) for row in found.rows], message="Errors fetched", links=found.links)


def errors_export(request: AnyRequest, ctx: Context, exports: Exports, *, import_id: int | None) -> Download:
    """The errors under the request's filters as a file."""
    choice = read_filters(request, ERRORS, ERROR_FILTERS, besides=EXPORTING, fixed={"import_id": import_id or 0})
    return exports.answer(ctx, request, ERRORS, choice)


@get("/api/imports/{import_id:int}", opt=_SCOPE, sync_to_thread=True)
def find_import(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], import_id: FromPath[int]
) -> Envelope[ImportOut]:
    """How a file was read."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        work = service.get(conn, import_id=import_id)
    return envelope(ctx, import_out(work), message="Import fetched")


@get("/api/imports/{import_id:int}/errors", opt=_SCOPE, operation_class=ERROR_LIST, sync_to_thread=True)
def list_import_errors(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], import_id: FromPath[int]
) -> Envelope[list[ErrorOut]]:
    """Errors and warnings by row; `severity` and `code` narrow them."""
    with database.transaction(ctx.organization_id) as conn:
        service.get(conn, import_id=import_id)
        return errors_page(request, ctx, conn, import_id=import_id)


@get(
    "/api/imports/{import_id:int}/errors/export",
    opt=_SCOPE,
    operation_class=ERROR_EXPORT,
    sync_to_thread=True,
)
def export_import_errors(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    exports: NamedDependency[Exports],
    import_id: FromPath[int],
) -> Download:
    """The errors under the same filters as a file: `format=csv` or `format=xlsx`."""
    with database.transaction(ctx.organization_id) as conn:
        service.get(conn, import_id=import_id)
    return errors_export(request, ctx, exports, import_id=import_id)


@get("/api/imports/{import_id:int}/errors/groups", opt=_SCOPE, sync_to_thread=True)
def list_import_error_groups(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], import_id: FromPath[int]
) -> Envelope[list[ErrorGroupOut]]:
    """Errors grouped by cause, the commonest first."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        service.get(conn, import_id=import_id)
        groups = service.list_error_groups(conn, import_id=import_id)
    return envelope(ctx, [error_group_out(row) for row in groups], message="Error groups fetched")


@get("/api/imports/{import_id:int}/errors.xlsx", opt=_SCOPE, sync_to_thread=True)
def download_import_errors(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    workbooks: NamedDependency[Workbooks],
    import_id: FromPath[int],
) -> File:
    """The bad rows with their errors, as a workbook."""
    allow_query(request, ())
    return workbooks.answer(database, ctx, import_id=import_id)


IMPORT_ROUTES = (
    find_import,
    list_import_errors,
    export_import_errors,
    list_import_error_groups,
    download_import_errors,
    *MEMORY_ROUTES,
    *VERB_ROUTES,
)
