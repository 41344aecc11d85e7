"""Where document 1's bare path belongs to the inventory, its requests are told the way.

The list stands at the inventory's own list, which knows a request of document 1 by its `status`.
"""

from litestar import delete, get
from litestar.params import FromPath

from tranche.kernel.settings import BatchesApi
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.other_path import OtherPath

_SCOPE = {SCOPE: "orders"}


def _refusal(path: str) -> OtherPath:
    return OtherPath("Order batches", path=path, setting=BatchesApi.ORDERS)


@get("/stats", opt=_SCOPE, sync_to_thread=True, include_in_schema=False)
def stats_elsewhere() -> None:
    """The statistics have another path."""
    raise _refusal("/api/orders/batches/stats")


@get("/{batch_id:int}/orders", opt=_SCOPE, sync_to_thread=True, include_in_schema=False)
def orders_elsewhere(batch_id: FromPath[int]) -> None:
    """The orders of a batch have another path."""
    raise _refusal(f"/api/orders/batches/{batch_id}/orders")


@delete("/{batch_id:int}", opt=_SCOPE, status_code=200, sync_to_thread=True, include_in_schema=False)
def delete_elsewhere(batch_id: FromPath[int]) -> None:
    """The deletion of a batch has another path."""
    raise _refusal(f"/api/orders/batches/{batch_id}")


SIGNPOSTS = (stats_elsewhere, orders_elsewhere, delete_elsewhere)
