"""The verbs of customers."""

from tranche.customers import queries
from tranche.customers.domain import CodeTaken, Customer, CustomerFields, NameTaken, UnknownCustomer, clean
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db import matching
from tranche.kernel.db.listing import Choice, Prefix, fetch_slice
from tranche.kernel.db.matching import MatchCounts
from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import Conflict
from tranche.kernel.text import fold

CUSTOMERS = queries.CUSTOMERS
customer_of = queries.customer_of


def create(conn: Connection, ctx: Context, *, fields: CustomerFields) -> Customer:
    """Make a customer; `name` must be given.

    Raises:
        Invalid: a field cannot be taken.
        CodeTaken: another customer has this code.
        NameTaken: no code is given and another customer without one has this name.
    """
    given = clean({"name": "", **fields})
    customer = queries.insert_customer(
        conn,
        code=given.get("code"),
        name=given["name"],
        email=given.get("email"),
        phone=given.get("phone"),
        address=given.get("address"),
    )
    if customer is None:
        raise _taken(given.get("code"), given["name"])
    audit.record(conn, ctx, action="customer.create", subject_id=customer.id, detail={"code": customer.code})
    return customer


def list_first(conn: Connection, *, beginning: str, limit: int) -> list[Customer]:
    """The first customers by name whose name or code begins so, whatever the case."""
    wanted = Choice({"search": Prefix(fold(beginning))})
    return [customer_of(row) for row in fetch_slice(conn, CUSTOMERS, wanted, limit=limit).rows]


def update(conn: Connection, ctx: Context, *, customer_id: int, fields: CustomerFields) -> Customer:
    """Change the given fields, keep the others.

    Raises:
        UnknownCustomer: no such customer here.
        Invalid, CodeTaken, NameTaken: as for `create`.
    """
    given = clean(fields)
    old = queries.lock_customer(conn, customer_id=customer_id)
    if old is None:
        raise UnknownCustomer.of(customer_id)
    values = {"code": old.code, "name": old.name, "email": old.email, "phone": old.phone, "address": old.address}
    wanted = CustomerFields(**{**values, **given})  # type: ignore[typeddict-item]  # both halves are fields
    changed = sorted(key for key, value in wanted.items() if value != values[key])
    if not changed:
        return old
    customer = queries.update_customer(conn, customer_id=customer_id, **wanted)
    if customer is None:
        raise _taken(wanted["code"], wanted["name"])
    audit.record(conn, ctx, action="customer.update", subject_id=customer_id, detail={"changed": changed})
    return customer


def find(conn: Connection, *, customer_id: int) -> Customer:
    """Raises UnknownCustomer."""
    customer = queries.find_customer(conn, customer_id=customer_id)
    if customer is None:
        raise UnknownCustomer.of(customer_id)
    return customer


def list_page(conn: Connection, *, search: str | None, limit: int, offset: int) -> tuple[list[Customer], int]:
    """One page by name, and how many there are in all.

    `search` finds the customer with exactly this code, who comes first, and those whose names begin with it,
    whatever the case and spacing.
    """
    prefix = fold(search or "")
    if not prefix:
        return queries.list_customers(conn, limit=limit, offset=offset), queries.count_customers(conn)
    hit = queries.find_by_code(conn, code=(search or "").strip())
    besides, first = (0, 0) if hit is None else (hit.id, 1)
    head = [hit] if hit is not None and offset == 0 else []
    rest = queries.list_by_prefix(
        conn, prefix=prefix, besides=besides, limit=limit - len(head), offset=max(offset - first, 0)
    )
    return head + rest, first + queries.count_by_prefix(conn, prefix=prefix, besides=besides)


def match(conn: Connection) -> MatchCounts:
    """Fill `customer_id` in the TEMP table `wanted_customers` where the customer exists; make none.

    The table: `wanted_customers(code text, name text, email text, phone text, address text, customer_id bigint)`.
    A row without an answer has a `refusal`, or else its customer would be made by `match_or_create`.
    """
    return matching.match(conn, target=queries.WANTED)


def match_or_create(conn: Connection) -> MatchCounts:
    """Fill `customer_id` in the TEMP table `wanted_customers` of `match`, and make the customers that are missing.

    A row with a code means the customer with this code; one without means the only customer with this folded
    name. Where several have it the row stays NULL with the refusal "ambiguous". A new customer with a code but no
    name is named by its code. E-mail, phone and address are filled where empty, never overwritten. Rows that mean
    the same customer may differ: the most frequent value counts.
    """
    return matching.match_or_create(conn, target=queries.WANTED)


def _taken(code: str | None, name: str) -> Conflict:
    if code is not None:
        return CodeTaken(f"There is a customer with the code {code!r} already.")
    return NameTaken(f"There is a customer named {name!r} without a code already. Give this one a code.")
