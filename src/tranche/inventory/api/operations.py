"""Document 5's operations on batches: transfer, consolidation, split."""

from typing import Any, Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from tranche.inventory import service
from tranche.inventory.api.batches import STOCK
from tranche.inventory.schemas.operations import (
    BatchOperationOut,
    ConsolidationBody,
    SplitBody,
    TransferBody,
    operation_out,
    share_of,
)
from tranche.inventory.service import Share
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.pointers import under
from tranche.kernel.web.requests import AnyRequest, allow_query


@post("/api/batch/transfer", opt=STOCK, status_code=200, sync_to_thread=True)
def transfer_batch(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: JSONBody[TransferBody],
) -> JsonResponse[Envelope[BatchOperationOut]]:
    """Move a quantity from one batch into another of the same item, in the branch of the request."""
    allow_query(request, ())
    wanted = data.data
    destination = Share(
        number=wanted.destination_batch_number,
        quantity=wanted.quantity,
        cost_price=wanted.cost_price,
        unit_price=wanted.unit_price,
        expires_at=wanted.expiration_date,
    )

    def action(conn: Connection) -> Answer:
        with under("/data"):
            moved = service.transfer(
                conn,
                ctx,
                item_id=wanted.item_id,
                source=wanted.source_batch_number,
                destination=destination,
                notes=wanted.notes,
            )
        out = operation_out(moved, company_id=ctx.organization_id)
        return Answer(envelope(ctx, out, message="Batch transfer completed successfully"))

    return act(database, ctx, request, action, given=data)


@post("/api/batch/consolidation", opt=STOCK, status_code=200, sync_to_thread=True)
def consolidate_batches(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: JSONBody[ConsolidationBody],
) -> JsonResponse[Envelope[list[BatchOperationOut]]]:
    """Move from several batches into one; a source without quantity gives all that the branch has of it."""
    allow_query(request, ())
    wanted = data.data

    def action(conn: Connection) -> Answer:
        with under("/data"):
            moved = service.consolidate(
                conn,
                ctx,
                item_id=wanted.item_id,
                destination=wanted.destination_batch_number,
                sources=[share_of(source) for source in wanted.sources],
                notes=wanted.notes,
            )
        out = [operation_out(one, company_id=ctx.organization_id) for one in moved]
        return Answer(envelope(ctx, out, message="Batch consolidation completed successfully"))

    return act(database, ctx, request, action, given=data)


@post("/api/batch/split", opt=STOCK, status_code=200, sync_to_thread=True)
def split_batch(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: JSONBody[SplitBody],
) -> JsonResponse[Envelope[list[BatchOperationOut]]]:
    """Move from one batch into several."""
    allow_query(request, ())
    wanted = data.data

    def action(conn: Connection) -> Answer:
        with under("/data"):
            moved = service.split(
                conn,
                ctx,
                item_id=wanted.item_id,
                source=wanted.source_batch_number,
                destinations=[share_of(destination) for destination in wanted.destinations],
                notes=wanted.notes,
            )
        out = [operation_out(one, company_id=ctx.organization_id) for one in moved]
        return Answer(envelope(ctx, out, message="Batch split completed successfully"))

    return act(database, ctx, request, action, given=data)


OPERATION_ROUTES: Final[tuple[Any, ...]] = (transfer_batch, consolidate_batches, split_batch)
