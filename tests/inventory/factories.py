"""Items, lots and what is in them, for tests of stock."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from tranche.kernel.db.pool import Connection, Database

Demand = tuple[int, int, int, int, str]  # position, line, item, branch, quantity


def make_item(conn: Connection, *, name: str = "Paint", tracking: str = "lots", code: str | None = None) -> int:
    """An item of the transaction's organization."""
    return _id(
        conn,
        """
        INSERT INTO items (organization_id, code, name, name_folded, stock_tracking)
        VALUES (current_organization(), %(code)s, %(name)s, lower(%(name)s), %(tracking)s) RETURNING id
        """,
        {"name": name, "tracking": tracking, "code": code},
    )


def make_branch(conn: Connection, *, name: str = "Harbour") -> int:
    return _id(
        conn,
        "INSERT INTO branches (organization_id, name) VALUES (current_organization(), %(name)s) RETURNING id",
        {"name": name},
    )


def make_customer(conn: Connection, *, name: str = "Miller") -> int:
    return _id(
        conn,
        """
        INSERT INTO customers (organization_id, name, name_folded)
        VALUES (current_organization(), %(name)s, lower(%(name)s)) RETURNING id
        """,
        {"name": name},
    )


def make_lot(
    conn: Connection,
    *,
    item_id: int,
    number: str | None,
    stock: Mapping[int, str] | None = None,
    expires: date | None = None,
) -> int:
    """A lot with its opening stock by branch."""
    lot_id = _id(
        conn,
        """
        INSERT INTO lots (organization_id, item_id, number, folded, expires_at, expires_on)
        VALUES (current_organization(), %(item_id)s, %(number)s, lower(coalesce(%(number)s, '')), %(at)s, %(on)s)
        RETURNING id
        """,
        {
            "item_id": item_id,
            "number": number,
            "at": datetime.combine(expires, time(), UTC) if expires else None,
            "on": expires,
        },
    )
    for branch_id, quantity in (stock or {}).items():
        add_stock(conn, lot_id=lot_id, branch_id=branch_id, quantity=quantity)
    return lot_id


def add_stock(conn: Connection, *, lot_id: int, branch_id: int, quantity: str) -> None:
    conn.execute(
        """
        INSERT INTO lot_movements (organization_id, operation_group_id, kind, item_id, to_lot_id, to_branch_id,
            quantity)
        SELECT current_organization(), gen_random_uuid(), 'opening', l.item_id, l.id, %(branch_id)s, %(quantity)s
        FROM lots l WHERE l.organization_id = current_organization() AND l.id = %(lot_id)s
        """,
        {"lot_id": lot_id, "branch_id": branch_id, "quantity": Decimal(quantity)},
    )


def want(conn: Connection, lines: Iterable[Demand]) -> None:
    """Fill `stock_demand`."""
    for position, line, item_id, branch_id, quantity in lines:
        conn.execute(
            "INSERT INTO pg_temp.stock_demand VALUES (%s, %s, %s, %s, %s)",
            (position, line, item_id, branch_id, Decimal(quantity)),
        )


def balances(database: Database, organization_id: int) -> dict[tuple[int, int], Decimal]:
    """What there is, by lot and branch."""
    with database.transaction(organization_id) as conn:
        rows = conn.execute("SELECT lot_id, branch_id, quantity FROM lot_balances").fetchall()
    return {(row["lot_id"], row["branch_id"]): row["quantity"] for row in rows}


def sums(database: Database, organization_id: int) -> dict[tuple[int, int], Decimal]:
    """What the movements say there is, by lot and branch."""
    with database.transaction(organization_id) as conn:
        rows = conn.execute(
            """
            SELECT lot_id, branch_id, sum(quantity) AS quantity FROM (
                SELECT from_lot_id AS lot_id, from_branch_id AS branch_id, -quantity AS quantity FROM lot_movements
                WHERE from_lot_id IS NOT NULL
                UNION ALL
                SELECT to_lot_id, to_branch_id, quantity FROM lot_movements WHERE to_lot_id IS NOT NULL
            ) AS ends GROUP BY lot_id, branch_id
            """
        ).fetchall()
    return {(row["lot_id"], row["branch_id"]): row["quantity"] for row in rows}


def _id(conn: Connection, statement: str, values: dict[str, Any]) -> int:
    (row,) = conn.execute(statement, values).fetchall()
    return int(row["id"])
