"""SQL of customers."""

from psycopg.errors import UniqueViolation

from tranche.customers.domain import Customer
from tranche.kernel.db.listing import Column, Key, Kind, Listing
from tranche.kernel.db.matching import Target
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.text import after_prefix, fold

WANTED = Target(
    table="customers",
    wanted="wanted_customers",
    id_column="customer_id",
    extras={column: f"nullif(btrim(w.{column}), '')" for column in ("email", "phone", "address")},
)

_COLUMNS = "c.id, c.code, c.name, c.email, c.phone, c.address, c.created_at, c.updated_at"
CUSTOMERS = Listing(
    name="customers",
    select=_COLUMNS,
    source="customers c",
    counted="customers c",
    where="c.organization_id = current_organization()",
    filters={
        "search": """
            c.name_folded ~>=~ %(search_low)s AND c.name_folded ~<~ %(search_high)s
            OR c.code_folded ~>=~ %(search_low)s AND c.code_folded ~<~ %(search_high)s
        """
    },
    sorts={"name": (Key("c.name_folded", "text", by_pattern=True), Key("c.id")), "id": (Key("c.id"),)},
    default_sort="name",
    export=(
        Column("id", "c.id", Kind.NUMBER),
        Column("code", "c.code"),
        Column("name", "c.name"),
        Column("email", "c.email"),
        Column("phone", "c.phone"),
        Column("address", "c.address"),
        Column("createdAt", "c.created_at", Kind.MOMENT),
        Column("updatedAt", "c.updated_at", Kind.MOMENT),
    ),
)
_FILTERS = {
    "all": "c.organization_id = current_organization()",
    "named": """
        c.organization_id = current_organization() AND c.id <> %(besides)s
        AND c.name_folded ~>=~ %(low)s AND c.name_folded ~<~ %(high)s
    """,
}


def find_customer(conn: Connection, *, customer_id: int) -> Customer | None:
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM customers c WHERE c.organization_id = current_organization() AND c.id = %(id)s",
        {"id": customer_id},
    ).fetchone()
    return Customer(**row) if row else None


def customer_of(row: Row) -> Customer:
    """The customer that a row of the list is."""
    return Customer(**row)


def find_by_code(conn: Connection, *, code: str) -> Customer | None:
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM customers c WHERE c.organization_id = current_organization() AND c.code = %(code)s",
        {"code": code},
    ).fetchone()
    return Customer(**row) if row else None


def lock_customer(conn: Connection, *, customer_id: int) -> Customer | None:
    row = conn.execute(
        f"""
        SELECT {_COLUMNS} FROM customers c
        WHERE c.organization_id = current_organization() AND c.id = %(id)s
        FOR UPDATE
        """,
        {"id": customer_id},
    ).fetchone()
    return Customer(**row) if row else None


def insert_customer(
    conn: Connection, *, code: str | None, name: str, email: str | None, phone: str | None, address: str | None
) -> Customer | None:
    """None when the code, or without one the name, is taken."""
    row = conn.execute(
        f"""
        INSERT INTO customers AS c (organization_id, code, name, name_folded, email, phone, address)
        VALUES (
            current_organization(), %(code)s, %(name)s, %(name_folded)s, %(email)s, %(phone)s, %(address)s
        )
        ON CONFLICT DO NOTHING
        RETURNING {_COLUMNS}
        """,
        {"code": code, "name": name, "name_folded": fold(name), "email": email, "phone": phone, "address": address},
    ).fetchone()
    return Customer(**row) if row else None


def update_customer(
    conn: Connection,
    *,
    customer_id: int,
    code: str | None,
    name: str,
    email: str | None,
    phone: str | None,
    address: str | None,
) -> Customer | None:
    """None when the code, or without one the name, is taken."""
    values = {"code": code, "name": name, "email": email, "phone": phone, "address": address}
    try:
        with conn.transaction():
            (row,) = conn.execute(
                f"""
                UPDATE customers AS c
                SET code = %(code)s, name = %(name)s, name_folded = %(name_folded)s,
                    email = %(email)s, phone = %(phone)s, address = %(address)s, updated_at = now()
                WHERE c.organization_id = current_organization() AND c.id = %(id)s
                RETURNING {_COLUMNS}
                """,
                {**values, "id": customer_id, "name_folded": fold(name)},
            ).fetchall()
    except UniqueViolation:
        return None
    return Customer(**row)


def list_customers(conn: Connection, *, limit: int, offset: int) -> list[Customer]:
    """In the order of their names."""
    return _list(conn, which="all", values={}, limit=limit, offset=offset)


def count_customers(conn: Connection) -> int:
    return _count(conn, which="all", values={})


def list_by_prefix(conn: Connection, *, prefix: str, besides: int, limit: int, offset: int) -> list[Customer]:
    """Whose folded names begin with `prefix`, in the order of their names, without the one with the id `besides`."""
    return _list(conn, which="named", values=_range(prefix, besides), limit=limit, offset=offset)


def count_by_prefix(conn: Connection, *, prefix: str, besides: int) -> int:
    return _count(conn, which="named", values=_range(prefix, besides))


def _range(prefix: str, besides: int) -> dict[str, object]:
    return {"low": prefix, "high": after_prefix(prefix), "besides": besides}


def _list(conn: Connection, *, which: str, values: dict[str, object], limit: int, offset: int) -> list[Customer]:
    # ~<~ is the order of the index (text_pattern_ops), and like the range operators it is leakproof: under a
    # tenant wall only such operators reach an index
    rows = conn.execute(
        f"""
        SELECT {_COLUMNS} FROM customers c
        WHERE {_FILTERS[which]}
        ORDER BY c.name_folded USING ~<~, c.id
        LIMIT %(limit)s OFFSET %(offset)s
        """,
        {**values, "limit": limit, "offset": offset},
    ).fetchall()
    return [Customer(**row) for row in rows]


def _count(conn: Connection, *, which: str, values: dict[str, object]) -> int:
    (row,) = conn.execute(f"SELECT count(*) AS n FROM customers c WHERE {_FILTERS[which]}", values).fetchall()
    return int(row["n"])
