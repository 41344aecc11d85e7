"""What is added to a batch: hold and release, activate and deactivate, and where its stock is."""

from collections.abc import Callable
from typing import Any, Final

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tranche.inventory import service
from tranche.inventory.api.batches import STOCK
from tranche.inventory.schemas.lots import BatchOut, BatchStockOut, HoldBody, batch_out, stock_out
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.pointers import under
from tranche.kernel.web.requests import AnyRequest, allow_query


@get("/{batch_id:int}/stock", opt=STOCK, sync_to_thread=True)
def get_stock(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], batch_id: FromPath[int]
) -> Envelope[BatchStockOut]:
    """What each branch has of a batch, and whether it is on hold."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        stock = service.get_stock(conn, ctx, lot_id=batch_id)
    return envelope(ctx, stock_out(stock), message="Stock fetched")


@post("/{batch_id:int}/hold", opt=STOCK, status_code=200, sync_to_thread=True)
def hold_batch(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    batch_id: FromPath[int],
    data: JSONBody[HoldBody],
) -> JsonResponse[Envelope[BatchStockOut]]:
    """Keep a batch back: nothing is consumed of it and nothing of it gets into other batches."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        with under("/data"):
            stock = service.hold(conn, ctx, lot_id=batch_id, reason=data.data.reason)
        return Answer(envelope(ctx, stock_out(stock), message="Batch put on hold"))

    return act(database, ctx, request, action, given=data)


@post("/{batch_id:int}/release", opt=STOCK, status_code=200, sync_to_thread=True)
def release_batch(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], batch_id: FromPath[int]
) -> JsonResponse[Envelope[BatchStockOut]]:
    """Let a batch go again."""

    def action(conn: Connection) -> Answer:
        stock = service.release(conn, ctx, lot_id=batch_id)
        return Answer(envelope(ctx, stock_out(stock), message="Batch released"))

    return _plain(request, ctx, database, action)


@post("/{batch_id:int}/activate", opt=STOCK, status_code=200, sync_to_thread=True)
def activate_batch(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], batch_id: FromPath[int]
) -> JsonResponse[Envelope[BatchOut]]:
    """Let a batch take part in operations and be consumed."""

    def action(conn: Connection) -> Answer:
        lot = service.set_active(conn, ctx, lot_id=batch_id, is_active=True)
        return Answer(envelope(ctx, batch_out(lot), message="Batch activated"))

    return _plain(request, ctx, database, action)


@post("/{batch_id:int}/deactivate", opt=STOCK, status_code=200, sync_to_thread=True)
def deactivate_batch(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], batch_id: FromPath[int]
) -> JsonResponse[Envelope[BatchOut]]:
    """Keep a batch out of operations; its stock stays where it is."""

    def action(conn: Connection) -> Answer:
        lot = service.set_active(conn, ctx, lot_id=batch_id, is_active=False)
        return Answer(envelope(ctx, batch_out(lot), message="Batch deactivated"))

    return _plain(request, ctx, database, action)


def _plain(
    request: AnyRequest, ctx: Context, database: Database, action: Callable[[Connection], Answer]
) -> JsonResponse[Any]:
    allow_query(request, ())
    return act(database, ctx, request, action)


STATE_ROUTES: Final[tuple[Any, ...]] = (get_stock, hold_batch, release_batch, activate_batch, deactivate_batch)
