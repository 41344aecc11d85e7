"""Wishes for customers in the TEMP table that the verbs read, and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from tranche.kernel.db.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One row of `wanted_customers`."""

    code: str | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    address: str | None = None


def want(conn: Connection, *wishes: Wish) -> None:
    conn.execute(
        "CREATE TEMP TABLE wanted_customers (position int, code text, name text, email text, phone text, address text, "
        "customer_id bigint) ON COMMIT DROP"
    )
    with (
        conn.cursor() as cursor,
        cursor.copy("COPY wanted_customers (position, code, name, email, phone, address) FROM STDIN") as copy,
    ):
        for position, wish in enumerate(wishes):
            copy.write_row((position, wish.code, wish.name, wish.email, wish.phone, wish.address))


def answers(conn: Connection) -> Sequence[int | None]:
    rows = conn.execute("SELECT customer_id FROM wanted_customers ORDER BY position").fetchall()
    return [row["customer_id"] for row in rows]


def refusals(conn: Connection) -> Sequence[str | None]:
    rows = conn.execute("SELECT refusal FROM wanted_customers ORDER BY position").fetchall()
    return [row["refusal"] for row in rows]
