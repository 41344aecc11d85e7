"""POST /api/items/upload: a spreadsheet of items comes in."""

from http import HTTPStatus
from typing import Any, Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import MultipartBody

from tranche.imports.detect import detect
from tranche.imports.domain import ImportMode, OnDuplicate
from tranche.imports.service import Sent
from tranche.imports.uploads import UploadLimits, clean_name, decode_mapping
from tranche.inventory import service
from tranche.inventory.fields import ITEM_FIELDS
from tranche.inventory.schemas.imports import UploadForm, item_import_out
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.service import Operations
from tranche.kernel.storage.domain import Files
from tranche.kernel.web.application import UPLOAD
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.requests import AnyRequest, allow_query, read_choice, read_flag

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
    allow_query(request, _PARAMETERS)
    mapping = decode_mapping(data.mapping or request.query_params.get("mapping"), fields=ITEM_FIELDS)
    on_duplicate = read_choice(request, "onDuplicate", choices=list(OnDuplicate)) or OnDuplicate.ERROR
    mode = read_choice(request, "mode", choices=list(ImportMode)) or ImportMode.VALID
    dry_run = read_flag(request, "dryRun")
    file_name = clean_name(data.file.filename)
    stored = files.put(ctx.organization_id, data.file.file, limit=upload_limits.max_bytes)
    detect(files.path(ctx.organization_id, stored.sha256), file_name=file_name, limits=upload_limits.parsing)
    wanted = Sent(
        stored=stored,
        file_name=file_name,
        mapping=mapping,
        on_duplicate=OnDuplicate(on_duplicate),
        mode=ImportMode(mode),
        dry_run=dry_run,
    )

    def action(conn: Connection) -> Answer:
        work, operation = service.bring_in(conn, ctx, operations, wanted=wanted)
        return Answer(
            envelope(ctx, item_import_out(work, operation), message="Import started"),
            status=HTTPStatus.ACCEPTED,
            headers={"Location": f"/api/operations/{operation.id}", "Retry-After": "1"},
        )

    return act(database, ctx, request, action, given=[stored.sha256.hex(), file_name, data.mapping])


UPLOAD_ROUTES: Final[tuple[Any, ...]] = (upload_items,)
