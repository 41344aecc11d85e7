"""The domains of this program, in menu order, and the ports between them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tranche.catalog.api import ROUTES as CATALOG_ROUTES
from tranche.customers.api import ROUTES as CUSTOMER_ROUTES
from tranche.customers.pages import CUSTOMER_MENU, CUSTOMER_PAGES
from tranche.imports.api import IMPORT_ROUTES
from tranche.imports.corrections.api import CORRECTION_ROUTES
from tranche.imports.corrections.checks import CHECKS as CORRECTION_CHECKS
from tranche.imports.corrections.service import Corrections
from tranche.imports.domain import Limits
from tranche.imports.intakes import Intakes
from tranche.imports.tasks import FilePaths
from tranche.inventory.api import ROUTES as INVENTORY_ROUTES
from tranche.inventory.intake import ItemIntake
from tranche.inventory.service import TARGET as ITEM_TARGET
from tranche.inventory.tasks import make_handlers as make_item_handlers
from tranche.kernel.db.pool import Connection
from tranche.kernel.doctor.api import ROUTES as DOCTOR_ROUTES
from tranche.kernel.doctor.nightly import make_nightly
from tranche.kernel.identity.api import ROUTES as IDENTITY_ROUTES
from tranche.kernel.identity.api import WEBHOOK_ROUTES
from tranche.kernel.identity.pages import MENU as IDENTITY_MENU
from tranche.kernel.identity.pages import PAGES as IDENTITY_PAGES
from tranche.kernel.module import Module, Scope
from tranche.kernel.notify import service as notify
from tranche.kernel.notify.checks import CHECKS as NOTIFY_CHECKS
from tranche.kernel.operations.api import ROUTES as OPERATION_ROUTES
from tranche.kernel.operations.bell import CARDS as OPERATION_CARDS
from tranche.kernel.operations.checks import CHECKS as OPERATION_CHECKS
from tranche.kernel.operations.handlers import Handler, Registry
from tranche.kernel.operations.pages import OPERATION_MENU, OPERATION_PAGES
from tranche.kernel.operations.service import Operations
from tranche.kernel.operations.waking import PROCESS_BATCH_JOBS
from tranche.kernel.schedules.api import ROUTES as SCHEDULE_ROUTES
from tranche.kernel.schedules.domain import Tasks
from tranche.kernel.schedules.pages import SCHEDULE_MENU, SCHEDULE_PAGES
from tranche.kernel.schedules.retention import HISTORY, Prune, make_retention
from tranche.kernel.settings import Settings
from tranche.kernel.web.queries import forget_answers
from tranche.orders.api import make_routes as make_order_routes
from tranche.orders.checks import CHECKS as ORDER_CHECKS
from tranche.orders.intake import OrderIntake
from tranche.orders.pages import ORDER_MENU, ORDER_PAGES, ORDER_PANELS
from tranche.orders.service import TARGET as ORDER_TARGET
from tranche.orders.service import mark_used_items
from tranche.orders.target import OrderTarget
from tranche.orders.tasks import make_handlers as make_order_handlers

_KEEP_NOTIFICATIONS = timedelta(days=30)


def _prune_notifications(conn: Connection, *, organization_id: int, most: int) -> int:
    del organization_id
    return notify.prune(conn, older_than=_KEEP_NOTIFICATIONS, most=most)


# What the nightly retention deletes; one line for each thing that grows.
PRUNES: Sequence[Prune] = (
    Prune(what="answers kept for repeated requests", scope=Scope.ORGANIZATION, prune=forget_answers),
    Prune(what="ended notifications", scope=Scope.ORGANIZATION, prune=_prune_notifications),
    *HISTORY,
)


def make_modules(settings: Settings, *, files: FilePaths) -> Sequence[Module]:
    """Every domain with what it adds."""
    limits = parsing_limits(settings)
    modules = (
        Module(
            name="orders",
            routes=make_order_routes(batches_api=settings.batches_api),
            handlers=make_order_handlers(files, limits=limits),
            checks=ORDER_CHECKS,
            pages=ORDER_PAGES,
            menu=ORDER_MENU,
            panels=ORDER_PANELS,
        ),
        Module(
            name="inventory",
            routes=INVENTORY_ROUTES,
            handlers=make_item_handlers(files, limits=limits, users=[mark_used_items]),
        ),
        Module(name="catalog", routes=CATALOG_ROUTES),
        Module(name="imports", routes=(*IMPORT_ROUTES, *CORRECTION_ROUTES), checks=CORRECTION_CHECKS),
        Module(name="customers", routes=CUSTOMER_ROUTES, pages=CUSTOMER_PAGES, menu=CUSTOMER_MENU),
        Module(
            name="operations",
            routes=OPERATION_ROUTES,
            checks=OPERATION_CHECKS,
            schedules=(PROCESS_BATCH_JOBS,),
            cards=OPERATION_CARDS,
            pages=OPERATION_PAGES,
            menu=OPERATION_MENU,
        ),
        Module(name="identity", routes=IDENTITY_ROUTES, pages=IDENTITY_PAGES, menu=IDENTITY_MENU),
        Module(
            name="schedules",
            routes=SCHEDULE_ROUTES,
            schedules=(make_retention(PRUNES),),
            pages=SCHEDULE_PAGES,
            menu=SCHEDULE_MENU,
        ),
        Module(name="notify", routes=WEBHOOK_ROUTES, checks=NOTIFY_CHECKS),
    )
    checks = [check for module in modules for check in module.checks]
    nightly = make_nightly(checks, home=settings.home, owner_url=settings.owner_url)
    return (*modules, Module(name="doctor", routes=DOCTOR_ROUTES, schedules=(nightly,)))


def make_intakes() -> Intakes:
    """The targets of imports, as the web sees them."""
    return Intakes({ORDER_TARGET: OrderIntake(), ITEM_TARGET: ItemIntake()})


def make_corrections(operations: Operations) -> Corrections:
    """The targets whose refused rows can be corrected."""
    return Corrections({ORDER_TARGET: OrderTarget()}, operations)


def make_registry(modules: Sequence[Module]) -> Registry:
    """The kinds of operation of all modules."""
    handlers: list[Handler] = [handler for module in modules for handler in module.handlers]
    return Registry(handlers)


def make_tasks(modules: Sequence[Module]) -> Tasks:
    """The work by the clock of all modules.

    Raises:
        Invalid: a setting holds no time that can be read.
    """
    return Tasks([task for module in modules for task in module.schedules], now=datetime.now(UTC))


def parsing_limits(settings: Settings) -> Limits:
    """What reading one file may cost."""
    return Limits(memory_bytes=settings.parser_memory_bytes, seconds=settings.parser_seconds, rows=settings.max_rows)
