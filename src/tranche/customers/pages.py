"""The pages of customers: the list and one."""

from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.customers import service
from tranche.customers.api import FILTERS
from tranche.customers.service import CUSTOMERS, customer_of
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.web.pages.browsing import browse
from tranche.kernel.web.pages.listing import Column
from tranche.kernel.web.pages.ports import MenuEntry
from tranche.kernel.web.pages.render import Html, render
from tranche.kernel.web.pages.routes import page
from tranche.kernel.web.requests import AnyRequest

PATH: Final = "/customers"

_COLUMNS: Final = (
    Column(label="Name", sort="name"),
    Column(label="Code"),
    Column(label="Id", is_number=True),
    Column(label="E-mail"),
    Column(label="Phone"),
    Column(label="Since"),
)


@page(PATH)
def customers_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """All customers by name."""
    with database.transaction(ctx.organization_id) as conn:
        rows, listing = browse(
            request, ctx, conn, CUSTOMERS, FILTERS,
            columns=_COLUMNS, search_label="Name or code begins with", export="/api/customers/export",
        )  # fmt: skip
    return render(request, "customers/list.html", {"customers": [customer_of(row) for row in rows], "listing": listing})


@page(PATH + "/{customer_id:int}")
def customer_page(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], customer_id: FromPath[int]
) -> Html:
    """One customer."""
    with database.transaction(ctx.organization_id) as conn:
        customer = service.find(conn, customer_id=customer_id)
    return render(request, "customers/customer.html", {"customer": customer})


CUSTOMER_PAGES: Final[tuple[Any, ...]] = (customers_page, customer_page)
CUSTOMER_MENU: Final = (MenuEntry(label="Customers", path=PATH, icon="customers", position=40),)
