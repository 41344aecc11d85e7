"""The pages of customers: the list, and one that can be changed."""

from http import HTTPStatus
from typing import Any, Final, cast

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from msgspec.structs import asdict

from tranche.customers import service
from tranche.customers.api import FILTERS
from tranche.customers.domain import CustomerFields
from tranche.customers.service import CUSTOMERS, customer_of
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import Conflict, Invalid, TrancheError
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.browsing import browse
from tranche.kernel.web.pages.listing import Column
from tranche.kernel.web.pages.ports import MenuEntry
from tranche.kernel.web.pages.render import Html, faults_of, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest

PATH: Final = "/customers"
_ONE: Final = PATH + "/{customer_id:int}"

_COLUMNS: Final = (
    Column(label="Name", sort="name"),
    Column(label="Code"),
    Column(label="Id", is_number=True),
    Column(label="E-mail"),
    Column(label="Phone"),
    Column(label="Since"),
)


class CustomerForm(Body, frozen=True):
    """What is known of a customer; what is left empty is not known."""

    name: str = ""
    code: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""


@page(PATH)
def customers_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """All customers by name."""
    with database.transaction(ctx.organization_id) as conn:
        rows, listing = browse(
            request, ctx, conn, CUSTOMERS, FILTERS,
            columns=_COLUMNS, search_label="Name or code begins with", export="/api/customers/export",
        )  # fmt: skip
    return render(request, "customers/list.html", {"customers": [customer_of(row) for row in rows], "listing": listing})


@page(_ONE)
def customer_page(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], customer_id: FromPath[int]
) -> Html:
    """One customer."""
    return _show(request, ctx, database, customer_id)


@form(_ONE)
def change_customer(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    customer_id: FromPath[int],
    data: URLEncodedBody[CustomerForm],
) -> Html:
    """Change it; invoices that were issued keep what they were issued with."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            service.update(conn, ctx, customer_id=customer_id, fields=cast("CustomerFields", asdict(data)))
    except (Invalid, Conflict) as error:
        return _show(request, ctx, database, customer_id, data=data, error=error)
    return redirect(f"{PATH}/{customer_id}", say="Saved.")


def _show(
    request: AnyRequest,
    ctx: Context,
    database: Database,
    customer_id: int,
    *,
    data: CustomerForm | None = None,
    error: TrancheError | None = None,
) -> Html:
    with database.transaction(ctx.organization_id) as conn:
        customer = service.find(conn, customer_id=customer_id)
    shown = {"customer": customer, "data": data or customer, "faults": faults_of(error) if error else {}}
    status = HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK
    return render(request, "customers/customer.html", shown, status=status)


CUSTOMER_PAGES: Final[tuple[Any, ...]] = (customers_page, customer_page, change_customer)
CUSTOMER_MENU: Final = (MenuEntry(label="Customers", path=PATH, icon="customers", position=40),)
