"""The domains of this program, in menu order, and the ports between them."""

from collections.abc import Sequence

from tranche.customers.api import ROUTES as CUSTOMER_ROUTES
from tranche.imports.api import IMPORT_ROUTES
from tranche.imports.corrections.api import CORRECTION_ROUTES
from tranche.imports.corrections.checks import CHECKS as CORRECTION_CHECKS
from tranche.imports.domain import Limits
from tranche.imports.tasks import FilePaths
from tranche.kernel.identity.api import ROUTES as IDENTITY_ROUTES
from tranche.kernel.module import Module
from tranche.kernel.operations.api import ROUTES as OPERATION_ROUTES
from tranche.kernel.operations.checks import CHECKS as OPERATION_CHECKS
from tranche.kernel.operations.handlers import Handler, Registry
from tranche.kernel.settings import Settings
from tranche.orders.api import make_routes as make_order_routes
from tranche.orders.checks import CHECKS as ORDER_CHECKS
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
        Module(name="imports", routes=(*IMPORT_ROUTES, *CORRECTION_ROUTES), checks=CORRECTION_CHECKS),
        Module(name="customers", routes=CUSTOMER_ROUTES),
        Module(name="operations", routes=OPERATION_ROUTES, checks=OPERATION_CHECKS),
        Module(name="identity", routes=IDENTITY_ROUTES),
    )


def make_registry(modules: Sequence[Module]) -> Registry:
    """The kinds of operation of all modules."""
    handlers: list[Handler] = [handler for module in modules for handler in module.handlers]
    return Registry(handlers)


def parsing_limits(settings: Settings) -> Limits:
    """What reading one file may cost."""
    return Limits(memory_bytes=settings.parser_memory_bytes, seconds=settings.parser_seconds, rows=settings.max_rows)
