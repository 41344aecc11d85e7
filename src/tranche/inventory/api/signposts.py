"""Where the bare path belongs to the orders, what document 5 changes under it is told the way.

What it reads there is answered by document 1, which has the same addresses.
"""

from typing import Any, Final

from litestar import post, put
from litestar.params import FromPath

from tranche.inventory.api.batches import STOCK
from tranche.kernel.settings import BatchesApi
from tranche.kernel.web.other_path import OtherPath


def _refusal(path: str) -> OtherPath:
    return OtherPath("Batches of stock", path=path, setting=BatchesApi.INVENTORY)


@post("/", opt=STOCK, sync_to_thread=True, include_in_schema=False)
def create_elsewhere() -> None:
    """A batch of stock is made at another path."""
    raise _refusal("/api/inventory/batches")


@put("/{batch_id:int}", opt=STOCK, sync_to_thread=True, include_in_schema=False)
def update_elsewhere(batch_id: FromPath[int]) -> None:
    """A batch of stock is changed at another path."""
    raise _refusal(f"/api/inventory/batches/{batch_id}")


SIGNPOSTS: Final[tuple[Any, ...]] = (create_elsewhere, update_elsewhere)
