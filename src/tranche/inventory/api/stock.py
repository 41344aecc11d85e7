"""What is added to document 5's operations: receive, adjust, branch transfer, history and undo."""

from typing import Any, Final

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tranche.inventory import service
from tranche.inventory.api.batches import STOCK
from tranche.inventory.api.parameters import HISTORY
from tranche.inventory.domain import MovementFilter
from tranche.inventory.schemas.operations import (
    KINDS,
    AdjustBody,
    BranchTransferBody,
    MovementOut,
    ReceiveBody,
    movement_out,
)
from tranche.inventory.service import Receipt
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.openapi import takes
from tranche.kernel.web.pagination import page_links, read_page
from tranche.kernel.web.pointers import under
from tranche.kernel.web.requests import AnyRequest, allow_query, read_choice, read_whole


@post("/api/batch/receive", opt=STOCK, status_code=200, sync_to_thread=True)
def receive_stock(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: JSONBody[ReceiveBody],
) -> JsonResponse[Envelope[MovementOut]]:
    """Take stock in; a batch that is not there is made."""
    allow_query(request, ())
    wanted = data.data
    receipt = Receipt(
        number=wanted.batch_number,
        quantity=wanted.quantity,
        name=wanted.batch_name,
        cost_price=wanted.cost_price,
        unit_price=wanted.unit_price,
        expires_at=wanted.expiration_date,
        made_at=wanted.manufacturing_date,
        supplier_number=wanted.supplier_batch_number,
        notes=wanted.notes,
    )

    def action(conn: Connection) -> Answer:
        with under("/data"):
            movement = service.receive(conn, ctx, item_id=wanted.item_id, receipt=receipt)
        return Answer(envelope(ctx, movement_out(movement), message="Stock received"))

    return act(database, ctx, request, action, given=data)


@post("/api/batch/adjust", opt=STOCK, status_code=200, sync_to_thread=True)
def adjust_stock(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: JSONBody[AdjustBody],
) -> JsonResponse[Envelope[MovementOut | None]]:
    """Correct what the branch has of a batch; `data` is null where what was counted is what there is."""
    allow_query(request, ())
    wanted = data.data

    def action(conn: Connection) -> Answer:
        with under("/data"):
            movement = service.adjust(
                conn,
                ctx,
                item_id=wanted.item_id,
                number=wanted.batch_number,
                change=wanted.quantity,
                counted=wanted.counted_quantity,
                notes=wanted.notes,
            )
        out = movement_out(movement) if movement else None
        return Answer(envelope(ctx, out, message="Stock adjusted" if movement else "Nothing to adjust"))

    return act(database, ctx, request, action, given=data)


@post("/api/batch/branch-transfer", opt=STOCK, status_code=200, sync_to_thread=True)
def send_stock(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: JSONBody[BranchTransferBody],
) -> JsonResponse[Envelope[MovementOut]]:
    """Move stock of a batch from the branch of the request to another one."""
    allow_query(request, ())
    wanted = data.data

    def action(conn: Connection) -> Answer:
        with under("/data"):
            movement = service.send(
                conn,
                ctx,
                item_id=wanted.item_id,
                number=wanted.batch_number,
                to_branch_id=wanted.to_branch_id,
                quantity=wanted.quantity,
                notes=wanted.notes,
            )
        return Answer(envelope(ctx, movement_out(movement), message="Stock sent to the other branch"))

    return act(database, ctx, request, action, given=data)


@get("/api/batch/operations", opt=STOCK, operation_class=takes(*HISTORY), sync_to_thread=True)
def list_operations(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[MovementOut]]:
    """What was done to the stock, newest first; what consumers took only for a `batchId` or their `operationType`."""
    allow_query(request, {parameter.name for parameter in HISTORY})
    page = read_page(request, alias="size")
    word = read_choice(request, "operationType", choices=list(KINDS))
    wanted = MovementFilter(
        item_id=read_whole(request, "itemId"),
        lot_id=read_whole(request, "batchId"),
        kind=KINDS[word] if word else None,
    )
    with database.transaction(ctx.organization_id) as conn:
        movements, total = service.list_movements(conn, wanted=wanted, limit=page.limit, offset=page.offset)
    out = [movement_out(movement) for movement in movements]
    return envelope(ctx, out, message="Operations fetched", links=page_links(page, total=total))


@get("/api/batch/operations/{operation_id:int}", opt=STOCK, sync_to_thread=True)
def get_operation(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operation_id: FromPath[int],
) -> Envelope[MovementOut]:
    """One movement."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        movement = service.get_movement(conn, movement_id=operation_id)
    return envelope(ctx, movement_out(movement), message="Operation fetched")


@post(
    "/api/batch/operations/{operation_id:int}/undo",
    opt=STOCK,
    status_code=200,
    sync_to_thread=True,
)
def undo_operation(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operation_id: FromPath[int],
) -> JsonResponse[Envelope[list[MovementOut]]]:
    """Undo the whole operation of this movement, unless something has left the batches since."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        movements = service.reverse(conn, ctx, movement_id=operation_id)
        return Answer(envelope(ctx, [movement_out(one) for one in movements], message="Operation undone"))

    return act(database, ctx, request, action)


STOCK_ROUTES: Final[tuple[Any, ...]] = (
    receive_stock,
    adjust_stock,
    send_stock,
    list_operations,
    get_operation,
    undo_operation,
)
