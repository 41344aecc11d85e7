"""The domains of this program, in menu order, and the ports between them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from tranche.billing_stops.api import ROUTES as BILL_STOP_ROUTES
from tranche.billing_stops.batch_log import BatchLog
from tranche.billing_stops.bill_stop import BILL_STOP
from tranche.billing_stops.checks import CHECKS as BILL_STOP_CHECKS
from tranche.billing_stops.pages import MENU as BILL_STOP_MENU
from tranche.billing_stops.pages import PAGES as BILL_STOP_PAGES
from tranche.billing_stops.panels import PANELS as BILL_STOP_PANELS
from tranche.billing_stops.service.tidy import prune as prune_snapshots
from tranche.billing_stops.sources.making import Readers
from tranche.billing_stops.tasks import make_handler as make_snapshot_handler
from tranche.billing_stops.tasks import make_tasks as make_snapshot_tasks
from tranche.customers.api import ROUTES as CUSTOMER_ROUTES
from tranche.customers.pages import CUSTOMER_MENU, CUSTOMER_PAGES
from tranche.customers.searching import SEARCHERS as CUSTOMER_SEARCHERS
from tranche.examination import make_patient
from tranche.imports.api import IMPORT_ROUTES
from tranche.imports.corrections.api import CORRECTION_ROUTES
from tranche.imports.corrections.checks import CHECKS as CORRECTION_CHECKS
from tranche.imports.corrections.service import Corrections
from tranche.imports.domain import Limits
from tranche.imports.intakes import Intakes
from tranche.inventory.api import make_routes as make_stock_routes
from tranche.inventory.checks import CHECKS as STOCK_CHECKS
from tranche.inventory.intake import ItemIntake
from tranche.inventory.opening.intake import StockIntake
from tranche.inventory.opening.service import TARGET as STOCK_TARGET
from tranche.inventory.pages import CARDS as STOCK_CARDS
from tranche.inventory.pages import MENU as STOCK_MENU
from tranche.inventory.pages import PAGES as STOCK_PAGES
from tranche.inventory.panels import PANELS as STOCK_PANELS
from tranche.inventory.searching import SEARCHERS as STOCK_SEARCHERS
from tranche.inventory.service import TARGET as ITEM_TARGET
from tranche.inventory.tasks import make_handlers as make_item_handlers
from tranche.invoicing.api import ROUTES as INVOICE_ROUTES
from tranche.invoicing.bulk.api import LOOKING
from tranche.invoicing.bulk.api_printing import PRINTING
from tranche.invoicing.bulk.api_verbs import CHANGING
from tranche.invoicing.bulk.checks import CHECKS as BULK_CHECKS
from tranche.invoicing.bulk.composing import list_values
from tranche.invoicing.bulk.domain import PLACES
from tranche.invoicing.bulk.pages import MENU as BULK_MENU
from tranche.invoicing.bulk.pages import PAGES as BULK_PAGES
from tranche.invoicing.bulk.pages import PANELS as BULK_PANELS
from tranche.invoicing.bulk.sample import sample_document
from tranche.invoicing.bulk.tasks import make_handlers as make_bulk_handlers
from tranche.invoicing.checks import CHECKS as INVOICE_CHECKS
from tranche.invoicing.pages import MENU as INVOICE_MENU
from tranche.invoicing.pages import PAGES as INVOICE_PAGES
from tranche.invoicing.pages import PANELS as INVOICE_PANELS
from tranche.invoicing.pages import SEARCHERS as INVOICE_SEARCHERS
from tranche.invoicing.service import find_order_invoices, forget_selections, mark_freed_orders, void_batch
from tranche.invoicing.service import mark_used_items as mark_invoiced_items
from tranche.invoicing.tasks import make_handlers as make_invoice_handlers
from tranche.kernel.audit.checks import CHECKS as AUDIT_CHECKS
from tranche.kernel.db.pool import Connection
from tranche.kernel.doctor.api import ROUTES as DOCTOR_ROUTES
from tranche.kernel.doctor.nightly import make_nightly
from tranche.kernel.doctor.pages import MENU as DOCTOR_MENU
from tranche.kernel.doctor.pages import PAGES as DOCTOR_PAGES
from tranche.kernel.identity.api import ROUTES as IDENTITY_ROUTES
from tranche.kernel.identity.api import WEBHOOK_ROUTES
from tranche.kernel.identity.pages import MENU as IDENTITY_MENU
from tranche.kernel.identity.pages import PAGES as IDENTITY_PAGES
from tranche.kernel.identity.service import prune as prune_entries
from tranche.kernel.module import Module, Scope
from tranche.kernel.notify import service as notify
from tranche.kernel.notify.checks import CHECKS as NOTIFY_CHECKS
from tranche.kernel.notify.signing import load_signing_key
from tranche.kernel.operations.api import ROUTES as OPERATION_ROUTES
from tranche.kernel.operations.bell import CARDS as OPERATION_CARDS
from tranche.kernel.operations.bell import SEARCHERS as OPERATION_SEARCHERS
from tranche.kernel.operations.checks import CHECKS as OPERATION_CHECKS
from tranche.kernel.operations.handlers import Handler, Registry
from tranche.kernel.operations.pages import OPERATION_MENU, OPERATION_PAGES
from tranche.kernel.operations.service import Operations
from tranche.kernel.operations.waking import PROCESS_BATCH_JOBS
from tranche.kernel.reference.pages import MENU as REFERENCE_MENU
from tranche.kernel.reference.pages import PAGES as REFERENCE_PAGES
from tranche.kernel.schedules.api import ROUTES as SCHEDULE_ROUTES
from tranche.kernel.schedules.domain import Tasks
from tranche.kernel.schedules.pages import SCHEDULE_MENU, SCHEDULE_PAGES
from tranche.kernel.schedules.retention import HISTORY, Prune, make_retention
from tranche.kernel.schedules.sealing import make_sealing
from tranche.kernel.secrets import SecretBox
from tranche.kernel.settings import Settings
from tranche.kernel.storage.domain import Storage
from tranche.kernel.web.queries import forget_answers
from tranche.messaging.api import ROUTES as MESSAGE_ROUTES
from tranche.messaging.api import make_template_routes
from tranche.messaging.checks import CHECKS as MESSAGE_CHECKS
from tranche.messaging.pages import MENU as MESSAGE_MENU
from tranche.messaging.pages import PAGES as MESSAGE_PAGES
from tranche.messaging.pages import make_template_pages
from tranche.orders.api import make_routes as make_order_routes
from tranche.orders.checks import CHECKS as ORDER_CHECKS
from tranche.orders.home import CARDS as ORDER_CARDS
from tranche.orders.home import PAGES as ORDER_HOME_PAGES
from tranche.orders.intake import OrderIntake
from tranche.orders.pages import ORDER_MENU, ORDER_PAGES, ORDER_PANELS
from tranche.orders.searching import SEARCHERS as ORDER_SEARCHERS
from tranche.orders.service import TARGET as ORDER_TARGET
from tranche.orders.service import InvoiceFinder, Voider, mark_used_items
from tranche.orders.target import OrderTarget
from tranche.orders.tasks import make_handlers as make_order_handlers
from tranche.outward import Outward

_KEEP_NOTIFICATIONS = timedelta(days=30)


def _prune_notifications(conn: Connection, *, organization_id: int, most: int) -> int:
    del organization_id
    return notify.prune(conn, older_than=_KEEP_NOTIFICATIONS, most=most)


# What the nightly retention deletes; one line for each thing that grows.
PRUNES: Sequence[Prune] = (
    Prune(what="answers kept for repeated requests", scope=Scope.ORGANIZATION, prune=forget_answers),
    Prune(what="ended notifications", scope=Scope.ORGANIZATION, prune=_prune_notifications),
    Prune(what="ended sessions and links", scope=Scope.ORGANIZATION, prune=prune_entries),
    Prune(what="parts of old snapshots", scope=Scope.ORGANIZATION, prune=prune_snapshots),
    Prune(what="selections of orders", scope=Scope.ORGANIZATION, prune=forget_selections),
    *HISTORY,
)


def _sample_values(conn: Connection, language: str) -> Mapping[str, str]:
    document = sample_document(conn, language=language)
    return list_values([document.head], customer=document.buyer.name)


def make_modules(settings: Settings, *, files: Storage, outward: Outward | None = None) -> Sequence[Module]:
    """Every domain with what it adds; without `outward` nothing is printed or sent by this process."""
    limits = parsing_limits(settings)
    modules = (
        Module(
            name="invoicing",
            routes=(*INVOICE_ROUTES, *LOOKING, *CHANGING, *PRINTING),
            handlers=_make_invoice_handlers(outward),
            checks=(*INVOICE_CHECKS, *BULK_CHECKS),
            pages=(*INVOICE_PAGES, *BULK_PAGES),
            menu=(*INVOICE_MENU, *BULK_MENU),
            searchers=INVOICE_SEARCHERS,
            panels=(*INVOICE_PANELS, *BULK_PANELS),
        ),
        Module(
            name="orders",
            routes=make_order_routes(batches_api=settings.batches_api),
            handlers=make_order_handlers(files, limits=limits, mark_freed=mark_freed_orders),
            checks=ORDER_CHECKS,
            pages=(*ORDER_PAGES, *ORDER_HOME_PAGES),
            cards=ORDER_CARDS,
            menu=ORDER_MENU,
            panels=ORDER_PANELS,
            searchers=ORDER_SEARCHERS,
        ),
        Module(
            name="inventory",
            routes=make_stock_routes(batches_api=settings.batches_api),
            handlers=make_item_handlers(files, limits=limits, users=[mark_used_items, mark_invoiced_items]),
            checks=STOCK_CHECKS,
            pages=STOCK_PAGES,
            menu=STOCK_MENU,
            cards=STOCK_CARDS,
            searchers=STOCK_SEARCHERS,
            panels=STOCK_PANELS,
        ),
        Module(
            name="messaging",
            routes=(*MESSAGE_ROUTES, *make_template_routes(places=PLACES, samples=_sample_values)),
            pages=(*MESSAGE_PAGES, *make_template_pages(places=PLACES, samples=_sample_values)),
            menu=MESSAGE_MENU,
            checks=MESSAGE_CHECKS,
        ),
        _make_bill_stops(settings),
        Module(name="imports", routes=(*IMPORT_ROUTES, *CORRECTION_ROUTES), checks=CORRECTION_CHECKS),
        Module(
            name="customers",
            routes=CUSTOMER_ROUTES,
            pages=CUSTOMER_PAGES,
            menu=CUSTOMER_MENU,
            searchers=CUSTOMER_SEARCHERS,
        ),
        Module(
            name="operations",
            routes=OPERATION_ROUTES,
            checks=OPERATION_CHECKS,
            schedules=(PROCESS_BATCH_JOBS,),
            cards=OPERATION_CARDS,
            searchers=OPERATION_SEARCHERS,
            pages=OPERATION_PAGES,
            menu=OPERATION_MENU,
        ),
        Module(
            name="identity",
            routes=IDENTITY_ROUTES,
            pages=IDENTITY_PAGES,
            menu=IDENTITY_MENU,
            checks=AUDIT_CHECKS,
        ),
        Module(
            name="schedules",
            routes=SCHEDULE_ROUTES,
            schedules=(make_retention(PRUNES), make_sealing(files)),
            pages=SCHEDULE_PAGES,
            menu=SCHEDULE_MENU,
        ),
        Module(name="notify", routes=WEBHOOK_ROUTES, checks=NOTIFY_CHECKS),
        Module(name="reference", pages=REFERENCE_PAGES, menu=REFERENCE_MENU),
    )
    checks = [check for module in modules for check in module.checks]
    patient = make_patient(settings, checks, files=files)
    nightly = make_nightly(patient, owner_url=settings.owner_url)
    doctor = Module(name="doctor", routes=DOCTOR_ROUTES, schedules=(nightly,), pages=DOCTOR_PAGES, menu=DOCTOR_MENU)
    return (*modules, doctor)


def _make_invoice_handlers(outward: Outward | None) -> Sequence[Handler]:
    run, undo = make_invoice_handlers()
    if outward is None:
        return run, undo
    return undo, *make_bulk_handlers(
        run,
        database=outward.database,
        files=outward.files,
        printer=outward.printer,
        delivery=outward.delivery,
    )


def _make_bill_stops(settings: Settings) -> Module:
    handler = make_snapshot_handler(BILL_STOP, make_readers(settings), BatchLog(settings.home))
    return Module(
        name="bill stop",
        routes=BILL_STOP_ROUTES,
        pages=BILL_STOP_PAGES,
        menu=BILL_STOP_MENU,
        panels=BILL_STOP_PANELS,
        handlers=(handler,),
        checks=BILL_STOP_CHECKS,
        schedules=make_snapshot_tasks(handler, cron=settings.bill_stop_batch_schedule, zone=settings.tz),
    )


def make_readers(settings: Settings) -> Readers:
    """What reads the sources of snapshots; the key of their credentials is loaded when it is first needed."""
    return Readers(
        box=lambda: make_secret_box(settings),
        home=settings.home,
        database_url=settings.database_url or "",
        sample_database=settings.sample_database,
        allow_private=settings.source_allow_private,
    )


def make_secret_box(settings: Settings) -> SecretBox:
    """What seals credentials that are given to us."""
    return SecretBox(load_signing_key(settings.home, given=settings.signing_key).derive("secrets"))


def make_intakes() -> Intakes:
    """The targets of imports, as the web sees them."""
    return Intakes({ORDER_TARGET: OrderIntake(), ITEM_TARGET: ItemIntake(), STOCK_TARGET: StockIntake()})


def make_corrections(operations: Operations) -> Corrections:
    """The targets whose refused rows can be corrected."""
    return Corrections({ORDER_TARGET: OrderTarget()}, operations)


def make_order_ports() -> Mapping[str, object]:
    """What orders ask of invoices: to void those of a batch that is to be deleted, to name those of an order."""
    voider: Voider = void_batch
    finder: InvoiceFinder = find_order_invoices
    return {"voider": voider, "invoice_finder": finder}


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
