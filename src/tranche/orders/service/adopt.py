"""Orders from before order batches were kept."""

from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.orders.domain import OrderBatch
from tranche.orders.queries import batches, orders
from tranche.orders.service.look import get_batch
from tranche.orders.service.upload import require_user


def adopt_legacy(conn: Connection, ctx: Context) -> tuple[OrderBatch | None, int]:
    """Put orders without a batch under one named legacy_import; may be run again. None where there is nothing."""
    if not orders.has_unbatched(conn):
        return batches.find_legacy(conn), 0
    batch_id = batches.find_or_insert_legacy(conn, user_id=require_user(ctx))
    adopted = batches.adopt_orders(conn, batch_id=batch_id)
    audit.record(conn, ctx, action="order_batch.adopt", subject_id=batch_id, detail={"orders": adopted})
    return get_batch(conn, batch_id=batch_id), adopted
