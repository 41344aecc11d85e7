"""The HTTP endpoints of customers."""

from http import HTTPStatus
from typing import Any, Final

from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tranche.customers import service
from tranche.customers.schemas import CustomerChangesBody, CustomerOut, NewCustomerBody, customer_out, fields_of
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.pagination import page_links, read_page
from tranche.kernel.web.pointers import under
from tranche.kernel.web.requests import AnyRequest, allow_query, invalid_parameter

_SCOPE: Final = {SCOPE: "customers"}
_LONGEST_SEARCH: Final = 300


@get("/api/customers", opt=_SCOPE, sync_to_thread=True)
def list_customers(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[CustomerOut]]:
    """Customers by name; `search` is a code or the beginning of a name."""
    allow_query(request, {"page", "limit", "search"})
    page = read_page(request)
    search = request.query_params.get("search")
    if search is not None and len(search) > _LONGEST_SEARCH:
        raise invalid_parameter("search", f"must have at most {_LONGEST_SEARCH} characters")
    with database.transaction(ctx.organization_id) as conn:
        customers, total = service.list_page(conn, search=search, limit=page.limit, offset=page.offset)
    out = [customer_out(customer) for customer in customers]
    return envelope(ctx, out, message="Customers fetched", links=page_links(page, total=total))


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
) -> JsonResponse[Any]:
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
) -> JsonResponse[Any]:
    """Change the fields that are given; null empties one."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        with under("/data"):
            customer = service.update(conn, ctx, customer_id=customer_id, fields=fields_of(data.data))
        return Answer(envelope(ctx, customer_out(customer), message="Customer updated"))

    return act(database, ctx, request, action, given=data)


ROUTES: Final[tuple[Any, ...]] = (list_customers, find_customer, create_customer, update_customer)
