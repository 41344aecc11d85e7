"""Where batches came from and went, who has to be told in a recall, and what expires."""

from typing import Any, Final

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.inventory import service
from tranche.inventory.api.batches import STOCK
from tranche.inventory.api.parameters import DAYS, MOST_DAYS, PAGES
from tranche.inventory.domain import SOON_DAYS
from tranche.inventory.schemas.tracing import (
    ExpiringOut,
    RecallOut,
    TraceOut,
    expiring_out,
    recall_out,
    trace_out,
)
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.openapi import takes
from tranche.kernel.web.pagination import page_links, read_page
from tranche.kernel.web.requests import AnyRequest, allow_query, read_whole


@get("/{batch_id:int}/trace", opt=STOCK, sync_to_thread=True)
def trace_batch(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], batch_id: FromPath[int]
) -> Envelope[TraceOut]:
    """The batches it came from and went to, and who consumed them."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        trace = service.trace(conn, ctx, lot_id=batch_id)
    return envelope(ctx, trace_out(trace), message="Batch traced")


@get("/{batch_id:int}/recall", opt=STOCK, operation_class=takes(*PAGES), sync_to_thread=True)
def recall_batch(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], batch_id: FromPath[int]
) -> Envelope[RecallOut]:
    """What a recall of this batch must reach: later batches, what is left of them, and a page of who got them."""
    allow_query(request, {"page", "limit", "size"})
    page = read_page(request, limit=100, alias="size")
    with database.transaction(ctx.organization_id) as conn:
        recall = service.recall(conn, ctx, lot_id=batch_id, limit=page.limit, offset=page.offset)
    recipients = recall.out.customers + bool(recall.out.without_customer)
    return envelope(ctx, recall_out(recall), message="Recall report made", links=page_links(page, total=recipients))


@get("/api/batch/expiring", opt=STOCK, operation_class=takes(*PAGES, DAYS), sync_to_thread=True)
def list_expiring(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[ExpiringOut]]:
    """Stock with at most `days` (30) left or none, the nearest first, in the branch of the request or in all."""
    allow_query(request, {"page", "limit", "size", "days"})
    page = read_page(request, alias="size")
    days = read_whole(request, "days", least=0, most=MOST_DAYS)
    with database.transaction(ctx.organization_id) as conn:
        found, count = service.list_expiring(
            conn, ctx, days=SOON_DAYS if days is None else days, limit=page.limit, offset=page.offset
        )
    out = [expiring_out(entry) for entry in found]
    return envelope(ctx, out, message="Expiring stock fetched", links=page_links(page, total=count.total))


LINEAGE_ROUTES: Final[tuple[Any, ...]] = (trace_batch, recall_batch)
EXPIRY_ROUTES: Final[tuple[Any, ...]] = (list_expiring,)
