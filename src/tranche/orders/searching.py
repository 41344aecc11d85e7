"""Orders and uploads as answers to the search in the top bar: by the beginning of their number."""

from collections.abc import Sequence
from typing import Final

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.identity.service import organization_zone
from tranche.kernel.text import number_ranges, plural, spellings
from tranche.kernel.web.pages.filters import day
from tranche.kernel.web.pages.ports import Hit, Searcher
from tranche.orders import service


def find_orders(conn: Connection, ctx: Context, /, *, text: str, limit: int) -> Sequence[Hit]:
    """The first orders whose number begins so, written as it stands or in capitals."""
    del ctx
    found = [order for one in spellings(text) for order in service.list_first_orders(conn, beginning=one, limit=limit)]
    return [
        Hit(kind="Order", label=order.number, path=f"/orders/{order.id}", detail=order.customer_name)
        for order in found[:limit]
    ]


def find_uploads(conn: Connection, ctx: Context, /, *, text: str, limit: int) -> Sequence[Hit]:
    """The first uploads whose number begins so."""
    del ctx
    ranges = number_ranges(text)
    found = service.list_numbered_batches(conn, ranges=ranges, limit=limit) if ranges else []
    zone = organization_zone(conn).key if found else ""
    return [
        Hit(
            kind="Upload",
            label=f"{batch.id} · {batch.file_name}",
            path=f"/uploads/{batch.id}",
            detail=f"{plural(batch.total_orders, 'order')}, {day(batch.imported_at, zone)}",
        )
        for batch in found
    ]


SEARCHERS: Final[tuple[Searcher, ...]] = (find_orders, find_uploads)
