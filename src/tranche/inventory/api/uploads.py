"""Spreadsheets of items and of opening stock come in."""

from http import HTTPStatus
from typing import Any, Final, Protocol

from litestar import post
from litestar.di import NamedDependency
from litestar.params import MultipartBody

from tranche.imports.detect import detect
from tranche.imports.domain import Field, ImportMode, OnDuplicate
from tranche.imports.service import Sent
from tranche.imports.targets import Import
from tranche.imports.uploads import UploadLimits, clean_name, decode_mapping
from tranche.inventory import service
from tranche.inventory.api.parameters import BRANCH
from tranche.inventory.fields import ITEM_FIELDS
from tranche.inventory.opening.fields import STOCK_FIELDS
from tranche.inventory.opening.service import bring_in_stock
from tranche.inventory.schemas.imports import UploadForm, item_import_out
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import Operations
from tranche.kernel.storage.domain import Files
from tranche.kernel.web.application import UPLOAD
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.openapi import takes
from tranche.kernel.web.requests import AnyRequest, allow_query, read_choice, read_flag


class BringIn(Protocol):
    """Starts the import of a stored file."""

    def __call__(
        self, conn: Connection, ctx: Context, operations: Operations, /, *, wanted: Sent
    ) -> tuple[Import, Operation]: ...


_PARAMETERS: Final = frozenset({"mapping", "dryRun", "mode", "onDuplicate"})


@post("/api/items/upload", opt={UPLOAD: True, SCOPE: "items"}, status_code=202, sync_to_thread=True)
def upload_items(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    files: NamedDependency[Files],
    upload_limits: NamedDependency[UploadLimits],
    data: MultipartBody[UploadForm],
) -> JsonResponse[Any]:
    """Take a spreadsheet of items: 202 and the operation, with `dryRun=true` only for its report."""
    wanted = _read(request, ctx, files, upload_limits, data, fields=ITEM_FIELDS)
    return _begin(request, ctx, database, operations, data, wanted=wanted, bring_in=service.bring_in)


@post(
    "/api/batch/upload",
    opt={UPLOAD: True, SCOPE: "stock"},
    operation_class=takes(BRANCH),
    status_code=202,
    sync_to_thread=True,
)
def upload_stock(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    files: NamedDependency[Files],
    upload_limits: NamedDependency[UploadLimits],
    data: MultipartBody[UploadForm],
) -> JsonResponse[Any]:
    """Take a spreadsheet of opening stock of the branch: 202 and the operation, `dryRun=true` only for its report."""
    wanted = _read(request, ctx, files, upload_limits, data, fields=STOCK_FIELDS)
    return _begin(request, ctx, database, operations, data, wanted=wanted, bring_in=bring_in_stock)


UPLOAD_ROUTES: Final[tuple[Any, ...]] = (upload_items, upload_stock)


def _read(
    request: AnyRequest,
    ctx: Context,
    files: Files,
    limits: UploadLimits,
    data: UploadForm,
    *,
    fields: tuple[Field, ...],
) -> Sent:
    """The stored file and what is wanted of it."""
    allow_query(request, _PARAMETERS)
    mapping = decode_mapping(data.mapping or request.query_params.get("mapping"), fields=fields)
    on_duplicate = read_choice(request, "onDuplicate", choices=list(OnDuplicate)) or OnDuplicate.ERROR
    mode = read_choice(request, "mode", choices=list(ImportMode)) or ImportMode.VALID
    dry_run = read_flag(request, "dryRun")
    file_name = clean_name(data.file.filename)
    stored = files.put(ctx.organization_id, data.file.file, limit=limits.max_bytes)
    detect(files.path(ctx.organization_id, stored.sha256), file_name=file_name, limits=limits.parsing)
    return Sent(
        stored=stored,
        file_name=file_name,
        mapping=mapping,
        on_duplicate=OnDuplicate(on_duplicate),
        mode=ImportMode(mode),
        dry_run=dry_run,
    )


def _begin(
    request: AnyRequest,
    ctx: Context,
    database: Database,
    operations: Operations,
    data: UploadForm,
    *,
    wanted: Sent,
    bring_in: BringIn,
) -> JsonResponse[Any]:
    def action(conn: Connection) -> Answer:
        work, operation = bring_in(conn, ctx, operations, wanted=wanted)
        return Answer(
            envelope(ctx, item_import_out(work, operation), message="Import started"),
            status=HTTPStatus.ACCEPTED,
            headers={"Location": f"/api/operations/{operation.id}", "Retry-After": "1"},
        )

    given = [wanted.stored.sha256.hex(), wanted.file_name, data.mapping]
    return act(database, ctx, request, action, given=given)
