"""Taking a file of orders in: upload, try out, confirm what was tried out, record what was refused."""

from dataclasses import dataclass

from tranche.imports import service as imports
from tranche.imports.targets import Import
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import Forbidden
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import Operations
from tranche.kernel.storage import service as storage
from tranche.kernel.storage.domain import StoredFile
from tranche.orders.domain import DuplicateFile, OrderBatch
from tranche.orders.queries import batches
from tranche.orders.service.look import get_batch

IMPORT_KIND = "order_import"
TARGET = "order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload(imports.Sent):
    """A file of orders; `allow_duplicate` takes the same bytes a second time."""

    allow_duplicate: bool = False


def upload(conn: Connection, ctx: Context, operations: Operations, *, wanted: Upload) -> tuple[OrderBatch, Operation]:
    """Make a batch for the file and start its import.

    Raises:
        DuplicateFile: the same bytes were uploaded before, and the sender did not allow that.
    """
    user_id = require_user(ctx)
    storage.register(conn, stored=wanted.stored)
    batch_id = _make_batch(
        conn,
        user_id=user_id,
        stored=wanted.stored,
        file_name=wanted.file_name,
        allow_duplicate=wanted.allow_duplicate,
    )
    operation, import_id = _start(conn, ctx, operations, wanted=wanted, batch_id=batch_id)
    batches.link_batch(conn, batch_id=batch_id, import_id=import_id, operation_id=operation.id)
    audit.record(conn, ctx, action="order_batch.upload", subject_id=batch_id, detail={"fileName": wanted.file_name})
    return get_batch(conn, batch_id=batch_id), operation


def try_out(conn: Connection, ctx: Context, operations: Operations, wanted: imports.Sent) -> Operation:
    """Start a dry run: the whole report, no batch and no order."""
    storage.register(conn, stored=wanted.stored)
    operation, _ = _start(conn, ctx, operations, wanted=wanted, batch_id=None)
    return operation


def accept(conn: Connection, ctx: Context, *, work: Import, allow_duplicate: bool) -> int:
    """Make the batch of a dry run that is to become an import; returns its id.

    Raises:
        DuplicateFile: the same bytes were uploaded before, and nobody allowed that.
    """
    user_id = require_user(ctx)
    stored = StoredFile(sha256=work.sha256, size=work.file_size)
    batch_id = _make_batch(
        conn, user_id=user_id, stored=stored, file_name=work.file_name, allow_duplicate=allow_duplicate
    )
    batches.link_batch(conn, batch_id=batch_id, import_id=work.id, operation_id=work.started_operation_id)
    audit.record(conn, ctx, action="order_batch.upload", subject_id=batch_id, detail={"fileName": work.file_name})
    return batch_id


def record_refused(conn: Connection, ctx: Context, *, stored: StoredFile, file_name: str, reason: str) -> int:
    """Keep a failed batch, with its file, for a file that could not even be opened; returns its id."""
    storage.register(conn, stored=stored)
    batch_id = batches.insert_batch(
        conn, user_id=require_user(ctx), file_name=file_name, file_size=stored.size, sha256=stored.sha256
    )
    batches.fail_batch(conn, batch_id=batch_id, failure=reason)
    audit.record(conn, ctx, action="order_batch.refuse", subject_id=batch_id, detail={"fileName": file_name})
    return batch_id


def _start(
    conn: Connection, ctx: Context, operations: Operations, *, wanted: imports.Sent, batch_id: int | None
) -> tuple[Operation, int]:
    work, operation = imports.begin(
        conn, ctx, operations, target=TARGET, kind=IMPORT_KIND, sent=wanted, links={"batchId": batch_id}
    )
    return operation, work.id


def _make_batch(conn: Connection, *, user_id: int, stored: StoredFile, file_name: str, allow_duplicate: bool) -> int:
    batches.lock_file(conn, sha256=stored.sha256)
    same = None if allow_duplicate else batches.find_same_file(conn, sha256=stored.sha256)
    if same:
        raise DuplicateFile(
            f"The same file was uploaded before as batch {same['id']} ({same['file_name']}). "
            "Delete or undo that batch first, or upload with allowDuplicate=true in the address."
        )
    return batches.insert_batch(conn, user_id=user_id, file_name=file_name, file_size=stored.size, sha256=stored.sha256)


def require_user(ctx: Context) -> int:
    """The person behind the caller.

    Raises:
        Forbidden: there is none.
    """
    if ctx.user_id is None:
        raise Forbidden("An upload needs a person or a key that belongs to one.")
    return ctx.user_id
