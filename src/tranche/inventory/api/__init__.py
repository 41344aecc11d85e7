"""The HTTP endpoints of document 5: batches, operations on them, items; and what is added to it."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Router

from tranche.inventory.api.batches import BATCH_ROUTES
from tranche.inventory.api.items import ITEM_ROUTES
from tranche.inventory.api.operations import OPERATION_ROUTES
from tranche.inventory.api.signposts import SIGNPOSTS
from tranche.inventory.api.states import STATE_ROUTES
from tranche.inventory.api.stock import STOCK_ROUTES
from tranche.inventory.api.tracing import EXPIRY_ROUTES, LINEAGE_ROUTES
from tranche.inventory.api.uploads import UPLOAD_ROUTES
from tranche.kernel.settings import BatchesApi

HOME: Final = "/api/inventory/batches"
BARE: Final = "/api/batches"


def make_routes(*, batches_api: BatchesApi) -> Sequence[Any]:
    """All routes; the bare path belongs to document 5 unless the setting gives it to document 1."""
    batches = [*BATCH_ROUTES, *STATE_ROUTES, *LINEAGE_ROUTES]
    home = Router(HOME, route_handlers=batches)
    bare = Router(BARE, route_handlers=SIGNPOSTS if batches_api is BatchesApi.ORDERS else batches)
    return [home, bare, *OPERATION_ROUTES, *STOCK_ROUTES, *EXPIRY_ROUTES, *ITEM_ROUTES, *UPLOAD_ROUTES]
