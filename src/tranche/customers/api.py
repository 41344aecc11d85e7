"""The HTTP endpoints of customers."""

from http import HTTPStatus
from typing import Any, Final

from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tranche.customers import service
from tranche.customers.schemas import CustomerChangesBody, CustomerOut, NewCustomerBody, customer_out, fields_of
from tranche.customers.service import CUSTOMERS, customer_of
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.exports import Download, Exports
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.listing import (
    EXPORTING,
    PAGING,
    Readers,
    exports_of,
    is_by_cursor,
    lists,
    look,
    prefix,
    read_filters,
)
from tranche.kernel.web.pagination import page_links, read_page
from tranche.kernel.web.pointers import under
from tranche.kernel.web.requests import AnyRequest, allow_query, read_text

_SCOPE: Final = {SCOPE: "customers"}
FILTERS: Final[Readers] = {"search": ("search", prefix(folded=True))}


@get("/api/customers", opt=_SCOPE, operation_class=lists(CUSTOMERS, FILTERS), sync_to_thread=True)
def list_customers(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[CustomerOut]]:
    """Customers by name; `search` is a code or the beginning of a name, by cursor also the beginning of a code."""
    choice = read_filters(request, CUSTOMERS, FILTERS, besides=PAGING)
    with database.transaction(ctx.organization_id) as conn:
        if choice.sort or is_by_cursor(request):
            found = look(request, ctx, conn, CUSTOMERS, choice)
            out = [customer_out(customer_of(row)) for row in found.rows]
            return envelope(ctx, out, message="Customers fetched", links=found.links)
        page, search = read_page(request), read_text(request, "search")
        customers, total = service.list_page(conn, search=search, limit=page.limit, offset=page.offset)
    out = [customer_out(customer) for customer in customers]
    return envelope(ctx, out, message="Customers fetched", links=page_links(page, total=total))


@get("/api/customers/export", opt=_SCOPE, operation_class=exports_of(CUSTOMERS, FILTERS), sync_to_thread=False)
def export_customers(request: AnyRequest, ctx: NamedDependency[Context], exports: NamedDependency[Exports]) -> Download:
    """The customers under the same filters as a file: `format=csv` or `format=xlsx`."""
    return exports.answer(ctx, request, CUSTOMERS, read_filters(request, CUSTOMERS, FILTERS, besides=EXPORTING))


@get("/api/customers/{customer_id:int}", opt=_SCOPE, sync_to_thread=True)
def find_customer(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], customer_id: FromPath[int]
) -> Envelope[CustomerOut]:
    """One customer."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        customer = service.find(conn, customer_id=customer_id)
    return envelope(ctx, customer_out(customer), message="Customer fetched")


@post("/api/customers", opt=_SCOPE, sync_to_thread=True)
def create_customer(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: JSONBody[NewCustomerBody],
) -> JsonResponse[Envelope[CustomerOut]]:
    """Make a customer."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        with under("/data"):
            customer = service.create(conn, ctx, fields=fields_of(data.data))
        return Answer(envelope(ctx, customer_out(customer), message="Customer created"), status=HTTPStatus.CREATED)

    return act(database, ctx, request, action, given=data)


@put("/api/customers/{customer_id:int}", opt=_SCOPE, sync_to_thread=True)
def update_customer(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    customer_id: FromPath[int],
    data: JSONBody[CustomerChangesBody],
) -> JsonResponse[Envelope[CustomerOut]]:
    """Change the fields that are given; null empties one."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        with under("/data"):
            customer = service.update(conn, ctx, customer_id=customer_id, fields=fields_of(data.data))
        return Answer(envelope(ctx, customer_out(customer), message="Customer updated"))

    return act(database, ctx, request, action, given=data)


ROUTES: Final[tuple[Any, ...]] = (list_customers, export_customers, find_customer, create_customer, update_customer)
