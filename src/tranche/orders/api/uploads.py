"""POST /api/orders/upload: a spreadsheet comes in."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from litestar import post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import MultipartBody

from tranche.imports.detect import detect
from tranche.imports.uploads import UploadLimits, clean_name, read_wish, wishes_about
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import TrancheError
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import Operations, get_operation
from tranche.kernel.storage.domain import Files, StoredFile
from tranche.kernel.web.application import UPLOAD
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.headers import WAITS
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.openapi import answers, flag, takes
from tranche.kernel.web.requests import AnyRequest, read_flag
from tranche.kernel.web.stream import Hub
from tranche.kernel.web.wait import Waiting
from tranche.orders import service
from tranche.orders.fields import ORDER_FIELDS
from tranche.orders.schemas import BatchDetailOut, BatchOut, DryRunOut, UploadForm, batch_detail_out, batch_out
from tranche.orders.service import Upload

_TAKEN = takes(*wishes_about("an order"), flag("allowDuplicate", "Take a file that came in before."))


_IN_TIME = answers(HTTPStatus.OK, BatchDetailOut | DryRunOut)


@post(
    "/api/orders/upload",
    opt={UPLOAD: True, WAITS: True, SCOPE: "orders"},
    status_code=202,
    operation_class=_TAKEN,
    responses=_IN_TIME,
)
async def upload_orders(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    hub: NamedDependency[Hub],
    operations: NamedDependency[Operations],
    files: NamedDependency[Files],
    upload_limits: NamedDependency[UploadLimits],
    data: MultipartBody[UploadForm],
) -> JsonResponse[BatchOut | DryRunOut]:
    """Take a spreadsheet of order lines: 202 and the batch, or with `dryRun=true` only the report.

    `Prefer: wait=N` answers 200 with the finished batch when it is done within N seconds.
    """
    reception = _Reception(
        db=database, ctx=ctx, request=request, operations=operations, files=files, limits=upload_limits
    )
    response, operation_id = await sync_to_thread(reception.receive, data)
    if operation_id is None:
        return response
    waiting = Waiting(request=request, ctx=ctx, hub=hub, database=database)
    return await waiting.answer(response, operation_id=operation_id, ended=lambda conn: _ended(conn, operation_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reception:
    """One upload on its way from the request to its operation."""

    db: Database
    ctx: Context
    request: AnyRequest
    operations: Operations
    files: Files
    limits: UploadLimits

    def receive(self, form: UploadForm) -> tuple[JsonResponse[Any], int | None]:
        """Keep the file, look at what it is, start the import; returns the answer and the operation's id."""
        wanted = self._wanted(form)
        started: list[int] = []

        def action(conn: Connection) -> Answer:
            body: object
            if wanted.dry_run:
                operation = service.try_out(conn, self.ctx, self.operations, wanted=wanted)
                body, location = _dry_run_out(operation), f"/api/operations/{operation.id}"
            else:
                batch, operation = service.upload(conn, self.ctx, self.operations, wanted=wanted)
                body, location = batch_out(batch), f"/api/orders/batches/{batch.id}"
            started.append(operation.id)
            return Answer(body, status=HTTPStatus.ACCEPTED, headers={"Location": location, "Retry-After": "1"})

        given = [wanted.stored.sha256.hex(), wanted.file_name, form.mapping]
        response = act(self.db, self.ctx, self.request, action, given=given)
        return response, started[0] if started else None

    def _wanted(self, form: UploadForm) -> Upload:
        wish = read_wish(self.request, form.mapping, fields=ORDER_FIELDS, besides=("allowDuplicate",))
        allow_duplicate = read_flag(self.request, "allowDuplicate")
        file_name = clean_name(form.file.filename)
        stored = self.files.put(self.ctx.organization_id, form.file.file, limit=self.limits.max_bytes)
        self._look(stored, file_name=file_name, dry_run=wish.dry_run)
        return Upload(
            stored=stored,
            file_name=file_name,
            mapping=wish.mapping,
            on_duplicate=wish.on_duplicate,
            mode=wish.mode,
            allow_duplicate=allow_duplicate,
            dry_run=wish.dry_run,
        )

    def _look(self, stored: StoredFile, *, file_name: str, dry_run: bool) -> None:
        """Refuse what is no spreadsheet at once, and keep that as a failed batch."""
        path = self.files.path(self.ctx.organization_id, stored.sha256)
        try:
            detect(path, file_name=file_name, limits=self.limits.parsing)
        except TrancheError as refusal:
            if not dry_run:
                with self.db.transaction(self.ctx.organization_id) as conn:
                    service.record_refused(conn, self.ctx, stored=stored, file_name=file_name, reason=refusal.message)
            raise


def _dry_run_out(operation: Operation) -> DryRunOut:
    return DryRunOut(
        dry_run=True,
        operation_id=operation.id,
        import_id=operation.payload["importId"],
        status=operation.status.value,
        total_orders=operation.total,
        valid_orders=operation.succeeded,
        failed_orders=operation.failed,
        skipped_orders=operation.skipped,
        summary=operation.summary,
        failure=operation.error,
    )


def _ended(conn: Connection, operation_id: int) -> DryRunOut | BatchDetailOut:
    """The body for who waited for the end."""
    operation = get_operation(conn, operation_id=operation_id)
    batch_id = operation.payload["batchId"]
    if batch_id is None:
        return _dry_run_out(operation)
    batch = service.get_batch(conn, batch_id=batch_id)
    errors = service.list_logged_errors(conn, batch=batch)
    return batch_detail_out(batch, errors=errors, notices=service.list_notices(conn, batch=batch))
