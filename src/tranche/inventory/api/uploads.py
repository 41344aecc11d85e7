"""Spreadsheets of items and of opening stock come in."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Protocol

from litestar import post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import MultipartBody

from tranche.imports import service as imports
from tranche.imports.detect import detect
from tranche.imports.domain import Field, OnDuplicate
from tranche.imports.service import Sent
from tranche.imports.targets import Import
from tranche.imports.uploads import UploadLimits, clean_name, read_wish, wishes_about
from tranche.inventory import service
from tranche.inventory.fields import ITEM_FIELDS
from tranche.inventory.opening.fields import STOCK_FIELDS
from tranche.inventory.opening.service import bring_in_stock
from tranche.inventory.schemas.imports import ItemImportOut, UploadForm, item_import_out
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import Operations, get_operation
from tranche.kernel.storage.domain import Files
from tranche.kernel.web.application import UPLOAD
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.headers import WAITS
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.openapi import takes
from tranche.kernel.web.requests import AnyRequest
from tranche.kernel.web.stream import Hub
from tranche.kernel.web.wait import Waiting


class BringIn(Protocol):
    """Starts the import of a stored file."""

    def __call__(
        self, conn: Connection, ctx: Context, operations: Operations, /, *, wanted: Sent
    ) -> tuple[Import, Operation]: ...


_ITEMS: Final = takes(*wishes_about("an item"))
_STOCK: Final = takes(*wishes_about("stock of a lot", on_duplicate=(OnDuplicate.ERROR, OnDuplicate.SKIP)))
_OPT: Final = {UPLOAD: True, WAITS: True}


@post("/api/items/upload", opt={**_OPT, SCOPE: "items"}, operation_class=_ITEMS, status_code=202)
async def upload_items(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    hub: NamedDependency[Hub],
    operations: NamedDependency[Operations],
    files: NamedDependency[Files],
    upload_limits: NamedDependency[UploadLimits],
    data: MultipartBody[UploadForm],
) -> JsonResponse[Envelope[ItemImportOut]]:
    """Take a spreadsheet of items: 202 and the operation, with `dryRun=true` only for its report.

    `Prefer: wait=N` answers 200 with how it ended when that is within N seconds.
    """
    reception = _Reception(
        db=database, ctx=ctx, request=request, operations=operations, files=files, limits=upload_limits
    )
    return await reception.answer(hub, data, fields=ITEM_FIELDS, bring_in=service.bring_in)


@post("/api/batch/upload", opt={**_OPT, SCOPE: "stock"}, operation_class=_STOCK, status_code=202)
async def upload_stock(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    hub: NamedDependency[Hub],
    operations: NamedDependency[Operations],
    files: NamedDependency[Files],
    upload_limits: NamedDependency[UploadLimits],
    data: MultipartBody[UploadForm],
) -> JsonResponse[Envelope[ItemImportOut]]:
    """Take a spreadsheet of opening stock of the branch: 202 and the operation, `dryRun=true` only for its report.

    `Prefer: wait=N` answers 200 with how it ended when that is within N seconds.
    """
    reception = _Reception(
        db=database, ctx=ctx, request=request, operations=operations, files=files, limits=upload_limits
    )
    return await reception.answer(hub, data, fields=STOCK_FIELDS, bring_in=bring_in_stock)


UPLOAD_ROUTES: Final[tuple[Any, ...]] = (upload_items, upload_stock)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reception:
    """One upload on its way from the request to its operation."""

    db: Database
    ctx: Context
    request: AnyRequest
    operations: Operations
    files: Files
    limits: UploadLimits

    async def answer(
        self, hub: Hub, data: UploadForm, *, fields: tuple[Field, ...], bring_in: BringIn
    ) -> JsonResponse[Any]:
        """Start the import, and wait for its end if that is preferred."""
        response, started = await sync_to_thread(self._receive, data, fields=fields, bring_in=bring_in)

        def ended(conn: Connection) -> object:
            work, operation = imports.get(conn, import_id=started[0]), get_operation(conn, operation_id=started[1])
            return envelope(self.ctx, item_import_out(work, operation), message="Import ended")

        waiting = Waiting(request=self.request, ctx=self.ctx, hub=hub, database=self.db)
        return await waiting.answer(response, operation_id=started[1] if started else None, ended=ended)

    def _receive(
        self, data: UploadForm, *, fields: tuple[Field, ...], bring_in: BringIn
    ) -> tuple[JsonResponse[Any], list[int]]:
        """The answer, and the ids of the import and of its operation, if this request has made them."""
        wanted = self._wanted(data, fields=fields)
        started: list[int] = []

        def action(conn: Connection) -> Answer:
            work, operation = bring_in(conn, self.ctx, self.operations, wanted=wanted)
            started.extend((work.id, operation.id))
            return Answer(
                envelope(self.ctx, item_import_out(work, operation), message="Import started"),
                status=HTTPStatus.ACCEPTED,
                headers={"Location": f"/api/operations/{operation.id}", "Retry-After": "1"},
            )

        given = [wanted.stored.sha256.hex(), wanted.file_name, data.mapping]
        return act(self.db, self.ctx, self.request, action, given=given), started

    def _wanted(self, data: UploadForm, *, fields: tuple[Field, ...]) -> Sent:
        """The stored file and what is wanted of it."""
        wish = read_wish(self.request, data.mapping, fields=fields)
        file_name = clean_name(data.file.filename)
        stored = self.files.put(self.ctx.organization_id, data.file.file, limit=self.limits.max_bytes)
        path = self.files.path(self.ctx.organization_id, stored.sha256)
        detect(path, file_name=file_name, limits=self.limits.parsing)
        return Sent(
            stored=stored,
            file_name=file_name,
            mapping=wish.mapping,
            on_duplicate=wish.on_duplicate,
            mode=wish.mode,
            dry_run=wish.dry_run,
        )
