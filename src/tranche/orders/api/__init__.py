"""The HTTP endpoints of order batches (document 1) and orders."""

from collections.abc import Sequence
from typing import Any

from litestar import Router

from tranche.kernel.settings import BatchesApi
from tranche.orders.api.batches import BATCH_ROUTES, adopt_legacy
from tranche.orders.api.errors import BATCH_ERROR_ROUTES
from tranche.orders.api.orders import ORDER_ROUTES
from tranche.orders.api.signposts import SIGNPOSTS
from tranche.orders.api.undo import UNDO_ROUTES
from tranche.orders.api.uploads import upload_orders

HOME = "/api/orders/batches"
BARE = "/api/batches"


def make_routes(*, batches_api: BatchesApi) -> Sequence[Any]:
    """All routes; the bare path of document 1 belongs to orders only where the setting says so."""
    bare = Router(BARE, route_handlers=BATCH_ROUTES if batches_api is BatchesApi.ORDERS else SIGNPOSTS)
    home = Router(HOME, route_handlers=[*BATCH_ROUTES, *BATCH_ERROR_ROUTES, *UNDO_ROUTES, adopt_legacy])
    return [upload_orders, home, bare, *ORDER_ROUTES]
