"""SQLAlchemy's ORM making the same invoices: `python bench/peer_invoices.py URL ORGANIZATION`, prints the seconds.

Per order one transaction, as such programs are commonly written: the order and its lines are loaded as objects, the
counter's row is locked, an invoice with its lines is added, the order changes its state. The tables are the product's
own, reflected. It works as the owner, whom no tenant wall holds, without stock, ledger, progress, audit or HTTP, and
its libraries are loaded before the clock starts.
"""

import sys
import time
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import MetaData, create_engine, select
from sqlalchemy.orm import Session, registry

_CENT = Decimal("0.01")
_TABLES = (
    "orders",
    "order_lines",
    "customers",
    "items",
    "invoices",
    "invoice_lines",
    "invoice_counters",
    "invoice_imprints",
)


class Mapped:
    """A row as an object."""

    def __init__(self, **values: object) -> None:
        for name, value in values.items():
            setattr(self, name, value)


class Kinds:
    """The mapped classes by the names of their tables."""

    def __init__(self, engine) -> None:  # noqa: ANN001  # the peer's own
        metadata = MetaData()
        metadata.reflect(engine, only=_TABLES)
        mapping = registry(metadata=metadata)
        for name in _TABLES:
            setattr(self, name, type(name, (Mapped,), {}))
            # The driver has no Python value for the infinite moment that sorts orders without a date.
            mapping.map_imperatively(getattr(self, name), metadata.tables[name], exclude_properties=["date_sort"])


def main() -> None:
    """Invoice every open order of the organization."""
    url, organization = sys.argv[1].replace("postgresql://", "postgresql+psycopg://", 1), int(sys.argv[2])
    engine = create_engine(url)
    kinds = Kinds(engine)
    with Session(engine) as session:
        imprint = kinds.invoice_imprints(organization_id=organization, digest=b"x" * 32, content={})
        session.add(imprint)
        session.commit()
        imprint_id = imprint.id
        open_orders = select(kinds.orders.id).where(
            kinds.orders.organization_id == organization, kinds.orders.status == "open"
        )
        ids = list(session.scalars(open_orders))
    begun = time.perf_counter()
    for order_id in ids:
        with Session(engine) as session, session.begin():
            _invoice(session, kinds, organization=organization, order_id=order_id, imprint_id=imprint_id)
    sys.stdout.write(f"{time.perf_counter() - begun}\n")


def _invoice(session: Session, kinds, *, organization: int, order_id: int, imprint_id: int) -> None:  # noqa: ANN001  # reflected
    order = session.get(kinds.orders, (organization, order_id), with_for_update=True)
    customer = session.get(kinds.customers, (organization, order.customer_id))
    wanted = select(kinds.order_lines).where(
        kinds.order_lines.organization_id == organization, kinds.order_lines.order_id == order_id
    )
    made, net, tax = [], Decimal(0), Decimal(0)
    for line in session.scalars(wanted):
        item = session.get(kinds.items, (organization, line.item_id))
        amount = (line.quantity * line.unit_price).quantize(_CENT, ROUND_HALF_UP)
        due = (amount * line.tax_rate / 100).quantize(_CENT, ROUND_HALF_UP)
        net, tax = net + amount, tax + due
        made.append((line, item, amount, due))
    number = _number(session, kinds, organization)
    invoice = kinds.invoices(
        organization_id=organization,
        series="INV",
        year=2026,
        sequence=number,
        number=f"INV-2026-{number:06}",
        invoice_date="2026-11-28",
        due_date="2026-12-28",
        currency=order.currency,
        customer_id=order.customer_id,
        buyer_code=customer.code,
        buyer_name=customer.name,
        buyer_email=customer.email,
        buyer_address=customer.address,
        order_id=order_id,
        order_number=order.number,
        imprint_id=imprint_id,
        line_count=len(made),
        net=net,
        tax=tax,
        total=net + tax,
        total_minor=int((net + tax) * 100),
    )
    session.add(invoice)
    session.flush()
    for line, item, amount, due in made:
        session.add(
            kinds.invoice_lines(
                organization_id=organization,
                invoice_id=invoice.id,
                line_number=line.line_number,
                item_id=item.id,
                item_code=item.code,
                description=line.description,
                quantity=line.quantity,
                unit_price=line.unit_price,
                tax_rate=line.tax_rate,
                net=amount,
                tax=due,
            )
        )
    order.status = "invoiced"


def _number(session: Session, kinds, organization: int) -> int:  # noqa: ANN001  # reflected
    counter = session.get(kinds.invoice_counters, (organization, "INV", 2026), with_for_update=True)
    if counter is None:
        counter = kinds.invoice_counters(organization_id=organization, series="INV", year=2026, last_number=0)
        session.add(counter)
    counter.last_number += 1
    return int(counter.last_number)


if __name__ == "__main__":
    main()
