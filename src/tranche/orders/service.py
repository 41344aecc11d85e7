"""The verbs of order batches and orders: upload, delete, adopt, look."""

from dataclasses import dataclass
from typing import Any, Protocol

from tranche.imports import service as imports
from tranche.imports.choices import write_mapping
from tranche.imports.corrections.keeping import forget_rows, hold_still
from tranche.imports.domain import Mapping
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.errors import Forbidden
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import Operations
from tranche.kernel.storage import service as storage
from tranche.kernel.storage.domain import StoredFile
from tranche.orders.domain import (
    DELETED_AT_ONCE,
    LOGGED_ERRORS,
    BatchBusy,
    BatchNotFound,
    BatchStats,
    BatchStatus,
    DuplicateFile,
    ImportMode,
    InvoicedOrders,
    OnDuplicate,
    Order,
    OrderBatch,
    OrderLine,
    OrderNotFound,
)
from tranche.orders.queries import batches, orders

IMPORT_KIND = "order_import"
DELETE_KIND = "order_delete"
TARGET = "order"
_MOST_LINES = 10_000
_NAMED_ORDERS = 20


class Voider(Protocol):
    """The port to invoicing: void the live invoices of a batch's orders."""

    def __call__(self, conn: Connection, ctx: Context, *, batch_id: int) -> int:
        """Returns how many invoices were voided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A stored file and what its sender wants done with it."""

    stored: StoredFile
    file_name: str
    mapping: Mapping
    on_duplicate: OnDuplicate = OnDuplicate.ERROR
    mode: ImportMode = ImportMode.VALID
    allow_duplicate: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What a deletion removed, or is removing while `operation` runs."""

    orders: int
    operation: Operation | None = None


def upload(conn: Connection, ctx: Context, operations: Operations, *, wanted: Upload) -> tuple[OrderBatch, Operation]:
    """Make a batch for the file and start its import.

    Raises:
        DuplicateFile: the same bytes were uploaded before, and the sender did not allow that.
    """
    user_id = _user(ctx)
    storage.register(conn, stored=wanted.stored)
    batches.lock_file(conn, sha256=wanted.stored.sha256)
    if not wanted.allow_duplicate:
        _refuse_same_file(conn, wanted)
    batch_id = batches.insert_batch(
        conn,
        user_id=user_id,
        file_name=wanted.file_name,
        file_size=wanted.stored.size,
        sha256=wanted.stored.sha256,
    )
    operation, import_id = _start(conn, ctx, operations, wanted=wanted, batch_id=batch_id)
    batches.link_batch(conn, batch_id=batch_id, import_id=import_id, operation_id=operation.id)
    audit.record(conn, ctx, action="order_batch.upload", subject_id=batch_id, detail={"fileName": wanted.file_name})
    return get_batch(conn, batch_id=batch_id), operation


def try_out(conn: Connection, ctx: Context, operations: Operations, *, wanted: Upload) -> Operation:
    """Start a dry run: the whole report, no batch and no order."""
    storage.register(conn, stored=wanted.stored)
    operation, _ = _start(conn, ctx, operations, wanted=wanted, batch_id=None)
    return operation


def record_refused(conn: Connection, ctx: Context, *, stored: StoredFile, file_name: str, reason: str) -> int:
    """Keep a failed batch, with its file, for a file that could not even be opened; returns its id."""
    storage.register(conn, stored=stored)
    batch_id = batches.insert_batch(
        conn, user_id=_user(ctx), file_name=file_name, file_size=stored.size, sha256=stored.sha256
    )
    batches.fail_batch(conn, batch_id=batch_id, failure=reason)
    audit.record(conn, ctx, action="order_batch.refuse", subject_id=batch_id, detail={"fileName": file_name})
    return batch_id


def get_batch(conn: Connection, *, batch_id: int) -> OrderBatch:
    """One batch.

    Raises:
        BatchNotFound
    """
    batch = batches.find_batch(conn, batch_id=batch_id)
    if batch is None:
        raise BatchNotFound("There is no such order batch.")
    return batch


def list_batches(
    conn: Connection, *, status: BatchStatus | None, limit: int, offset: int
) -> tuple[list[OrderBatch], int]:
    """A page of batches, newest first, and how many there are."""
    return (
        batches.list_batches(conn, status=status, limit=limit, offset=offset),
        batches.count_batches(conn, status=status),
    )


def get_stats(conn: Connection) -> BatchStats:
    """Document 1's statistics."""
    return batches.find_stats(conn)


def list_notices(conn: Connection, *, batch: OrderBatch) -> list[str]:
    """What the reading decided for whole columns, such as which comma is the decimal sign."""
    if batch.import_id is None:
        return []
    mapping = imports.get(conn, import_id=batch.import_id).mapping or {}
    return list(mapping.get("notices", []))


def list_logged_errors(conn: Connection, *, batch: OrderBatch) -> list[Row]:
    """The first 1,000 errors of a batch, by row."""
    if batch.import_id is None:
        return []
    rows, _ = imports.list_errors(
        conn, import_id=batch.import_id, severity="error", code=None, limit=LOGGED_ERRORS, offset=0
    )
    return rows


def delete_batch(
    conn: Connection,
    ctx: Context,
    operations: Operations,
    *,
    batch_id: int,
    force_void: bool = False,
    voider: Voider | None = None,
) -> Deleted:
    """Remove a batch and its orders; past 10,000 orders they are hidden at once and removed by an operation.

    Raises:
        BatchNotFound: there is none, or it was deleted before.
        BatchBusy, CorrectionRunning: it is still being processed or corrected.
        InvoicedOrders: some orders have invoices and `force_void` was not asked for, or nobody can void them.
    """
    hold_still(conn, import_id=get_batch(conn, batch_id=batch_id).import_id)
    if not batches.lock_batch(conn, batch_id=batch_id):
        raise BatchNotFound("There is no such order batch.")
    batch = get_batch(conn, batch_id=batch_id)
    if batch.status is BatchStatus.PROCESSING:
        raise BatchBusy(
            f"Batch {batch_id} is still being processed. Cancel operation {batch.operation_id} or wait, then delete."
        )
    _settle_invoices(conn, ctx, batch_id=batch_id, force_void=force_void, voider=voider)
    count = orders.count_batch_orders(conn, batch_id=batch_id)
    batches.mark_deleted(conn, batch_id=batch_id, user_id=ctx.user_id)
    forget_rows(conn, import_id=batch.import_id)
    detail: dict[str, str | int] = {"fileName": batch.file_name, "orders": count}
    audit.record(conn, ctx, action="order_batch.delete", subject_id=batch_id, detail=detail)
    if count <= DELETED_AT_ONCE:
        return Deleted(orders=orders.delete_batch_orders(conn, batch_id=batch_id, limit=DELETED_AT_ONCE))
    operation = operations.start(
        conn,
        ctx,
        kind=DELETE_KIND,
        label=f"Delete {count} orders of {batch.file_name}",
        payload={"batchId": batch_id, "orders": count},
    )
    return Deleted(orders=count, operation=operation)


def adopt_legacy(conn: Connection, ctx: Context) -> tuple[OrderBatch | None, int]:
    """Put orders without a batch under one named legacy_import; may be run again. None where there is nothing."""
    if not orders.has_unbatched(conn):
        return batches.find_legacy(conn), 0
    batch_id = batches.find_or_insert_legacy(conn, user_id=_user(ctx))
    adopted = batches.adopt_orders(conn, batch_id=batch_id)
    audit.record(conn, ctx, action="order_batch.adopt", subject_id=batch_id, detail={"orders": adopted})
    return get_batch(conn, batch_id=batch_id), adopted


def list_orders(
    conn: Connection,
    *,
    batch_id: int | None = None,
    customer_id: int | None = None,
    status: str | None = None,
    search: str | None = None,
    limit: int,
    offset: int,
) -> tuple[list[Order], int]:
    """A page of orders by id, and how many match."""
    rows = orders.list_orders(
        conn,
        batch_id=batch_id,
        customer_id=customer_id,
        status=status,
        search=search,
        limit=limit,
        offset=offset,
    )
    total = orders.count_orders(conn, batch_id=batch_id, customer_id=customer_id, status=status, search=search)
    return rows, total


def get_order(conn: Connection, *, order_id: int) -> tuple[Order, list[OrderLine]]:
    """An order with its lines, at most 10,000 of them.

    Raises:
        OrderNotFound
    """
    order = orders.find_order(conn, order_id=order_id)
    if order is None:
        raise OrderNotFound("There is no such order.")
    return order, orders.list_lines(conn, order_id=order_id, limit=_MOST_LINES)


def _start(
    conn: Connection, ctx: Context, operations: Operations, *, wanted: Upload, batch_id: int | None
) -> tuple[Operation, int]:
    options: dict[str, Any] = {
        "mapping": write_mapping(wanted.mapping),
        "onDuplicate": wanted.on_duplicate,
        "mode": wanted.mode,
        "dryRun": wanted.dry_run,
        "batchId": batch_id,
    }
    work = imports.create(
        conn,
        target=TARGET,
        sha256=wanted.stored.sha256,
        file_name=wanted.file_name,
        file_size=wanted.stored.size,
        options=options,
    )
    payload = {"importId": work.id, "batchId": batch_id}
    operation = operations.start(
        conn, ctx, kind=IMPORT_KIND, label=wanted.file_name, payload=payload, is_small=work.is_small
    )
    return operation, work.id


def _refuse_same_file(conn: Connection, wanted: Upload) -> None:
    same = batches.find_same_file(conn, sha256=wanted.stored.sha256)
    if same:
        raise DuplicateFile(
            f"The same file was uploaded before as batch {same['id']} ({same['file_name']}). "
            "Delete that batch first, or upload with allowDuplicate=true."
        )


def _settle_invoices(conn: Connection, ctx: Context, *, batch_id: int, force_void: bool, voider: Voider | None) -> None:
    numbers = orders.list_invoiced_numbers(conn, batch_id=batch_id, limit=_NAMED_ORDERS)
    if not numbers:
        return
    if force_void and voider is not None:
        voider(conn, ctx, batch_id=batch_id)
        return
    raise InvoicedOrders(
        f"Orders of this batch have invoices ({', '.join(numbers)}). Void them first, or delete with force=void."
    )


def _user(ctx: Context) -> int:
    if ctx.user_id is None:
        raise Forbidden("An upload needs a person or a key that belongs to one.")
    return ctx.user_id
