"""The domains of this program, in menu order, and the ports between them."""

from collections.abc import Sequence

from tranche.catalog.api import ROUTES as CATALOG_ROUTES
from tranche.customers.api import ROUTES as CUSTOMER_ROUTES
from tranche.imports.api import IMPORT_ROUTES
from tranche.imports.domain import Limits
from tranche.imports.intakes import Intakes
from tranche.imports.tasks import FilePaths
from tranche.inventory.api import ROUTES as INVENTORY_ROUTES
from tranche.inventory.intake import ItemIntake
from tranche.inventory.service import TARGET as ITEM_TARGET
from tranche.inventory.tasks import make_handlers as make_item_handlers
from tranche.kernel.identity.api import ROUTES as IDENTITY_ROUTES
from tranche.kernel.module import Module
from tranche.kernel.operations.api import ROUTES as OPERATION_ROUTES
from tranche.kernel.operations.checks import CHECKS as OPERATION_CHECKS
from tranche.kernel.operations.handlers import Handler, Registry
from tranche.kernel.settings import Settings
from tranche.orders.api import make_routes as make_order_routes
from tranche.orders.checks import CHECKS as ORDER_CHECKS
from tranche.orders.intake import OrderIntake
from tranche.orders.service import TARGET as ORDER_TARGET
from tranche.orders.service import mark_used_items
from tranche.orders.tasks import make_handlers as make_order_handlers


def make_modules(settings: Settings, *, files: FilePaths) -> Sequence[Module]:
    """Every domain with what it adds."""
    limits = parsing_limits(settings)
    return (
        Module(
            name="orders",
            routes=make_order_routes(batches_api=settings.batches_api),
            handlers=make_order_handlers(files, limits=limits),
            checks=ORDER_CHECKS,
        ),
        Module(
            name="inventory",
            routes=INVENTORY_ROUTES,
            handlers=make_item_handlers(files, limits=limits, users=[mark_used_items]),
        ),
        Module(name="imports", routes=IMPORT_ROUTES),
        Module(name="catalog", routes=CATALOG_ROUTES),
        Module(name="customers", routes=CUSTOMER_ROUTES),
        Module(name="operations", routes=OPERATION_ROUTES, checks=OPERATION_CHECKS),
        Module(name="identity", routes=IDENTITY_ROUTES),
    )


def make_intakes() -> Intakes:
    """The targets of imports, as the web sees them."""
    return Intakes({ORDER_TARGET: OrderIntake(), ITEM_TARGET: ItemIntake()})


def make_registry(modules: Sequence[Module]) -> Registry:
    """The kinds of operation of all modules."""
    handlers: list[Handler] = [handler for module in modules for handler in module.handlers]
    return Registry(handlers)


def parsing_limits(settings: Settings) -> Limits:
    """What reading one file may cost."""
    return Limits(memory_bytes=settings.parser_memory_bytes, seconds=settings.parser_seconds, rows=settings.max_rows)
