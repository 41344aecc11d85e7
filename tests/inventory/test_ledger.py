"""The ledger keeps the balances, and nothing else changes either of them."""

from collections.abc import Callable
from decimal import Decimal

import psycopg
import pytest

from tests.factories import Organization
from tests.inventory.factories import add_stock, balances, make_branch, make_item, make_lot
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database

_INSERT = """
    INSERT INTO lot_movements (organization_id, operation_group_id, kind, item_id, from_lot_id, from_branch_id,
        to_lot_id, to_branch_id, quantity)
    VALUES (current_organization(), gen_random_uuid(), %(kind)s, %(item)s, %(source)s, %(source_branch)s,
        %(target)s, %(target_branch)s, %(quantity)s)
"""


@pytest.fixture
def branch(context: Context) -> int:
    assert context.branch_id
    return context.branch_id


def move(conn: Connection, kind: str, **ends: object) -> None:
    names = ("item", "source", "source_branch", "target", "target_branch", "quantity")
    conn.execute(_INSERT, {"kind": kind, **dict.fromkeys(names), **ends})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE lot_balances SET quantity = quantity + 1",
        "DELETE FROM lot_balances",
        "UPDATE lot_movements SET quantity = quantity + 1",
        "DELETE FROM lot_movements",
        "INSERT INTO lot_balances SELECT organization_id, lot_id + 1, branch_id, 5 FROM lot_balances",
    ],
)
def test_nobody_changes_balances_or_the_past(
    database: Database, owner: Connection, context: Context, branch: int, statement: str
) -> None:
    with database.transaction(context.organization_id) as conn:
        make_lot(conn, item_id=make_item(conn), number="A", stock={branch: "5"})
    refused = pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="new rows of lot_movements only")
    with refused:
        owner.execute(statement.encode())
    with refused, database.transaction(context.organization_id) as conn:
        conn.execute(statement.encode())


def test_what_leaves_one_lot_arrives_in_the_other(database: Database, context: Context, branch: int) -> None:
    with database.transaction(context.organization_id) as conn:
        item = make_item(conn)
        one = make_lot(conn, item_id=item, number="A", stock={branch: "5"})
        two = make_lot(conn, item_id=item, number="B")
        ends = {"source": one, "source_branch": branch, "target": two, "target_branch": branch}
        move(conn, "transfer", item=item, quantity=Decimal("1.5"), **ends)
    assert balances(database, context.organization_id) == {(one, branch): Decimal("3.5"), (two, branch): Decimal("1.5")}


@pytest.mark.parametrize("quantity", ["5.001", "NaN", "Infinity", "0", "-1"])
def test_more_than_there_is_and_what_is_no_quantity_is_refused_by_the_database_itself(
    database: Database, context: Context, branch: int, quantity: str
) -> None:
    with database.transaction(context.organization_id) as conn:
        item = make_item(conn)
        lot = make_lot(conn, item_id=item, number="A", stock={branch: "5"})
    with pytest.raises(psycopg.errors.CheckViolation), database.transaction(context.organization_id) as conn:
        move(conn, "adjust", item=item, source=lot, source_branch=branch, quantity=Decimal(quantity))
    assert balances(database, context.organization_id) == {(lot, branch): Decimal(5)}


def test_a_movement_stays_in_one_item_one_branch_and_one_organization(
    database: Database, context: Context, branch: int, organization: Callable[..., Organization]
) -> None:
    with database.transaction(context.organization_id) as conn:
        item, other_item, harbour = make_item(conn), make_item(conn, name="Brush"), make_branch(conn)
        one = make_lot(conn, item_id=item, number="A", stock={branch: "5"})
        two = make_lot(conn, item_id=item, number="B")
        brush = make_lot(conn, item_id=other_item, number="C")
    other = organization(name="Other")
    with database.transaction(other.id) as conn:
        foreign = make_lot(conn, item_id=make_item(conn), number="A")
    here = {"item": item, "quantity": Decimal(1), "source": one, "source_branch": branch}
    for refused in (
        {"target": brush, "target_branch": branch},
        {"target": foreign, "target_branch": branch},
        {"target": two, "target_branch": harbour},
        {"target": two, "target_branch": other.branch_id},
        {"target": one, "target_branch": branch},
        {"target": two},
        {},
    ):
        with pytest.raises(psycopg.errors.IntegrityError), database.transaction(context.organization_id) as conn:
            move(conn, "transfer", **here, **refused)
    assert balances(database, context.organization_id) == {(one, branch): Decimal(5)}


def test_an_item_has_one_lot_without_a_number(database: Database, context: Context) -> None:
    with database.transaction(context.organization_id) as conn:
        item = make_item(conn, tracking="plain")
        make_lot(conn, item_id=item, number=None)
    with pytest.raises(psycopg.errors.UniqueViolation), database.transaction(context.organization_id) as conn:
        make_lot(conn, item_id=item, number=None)


def test_one_statement_may_touch_a_lot_many_times(database: Database, context: Context, branch: int) -> None:
    with database.transaction(context.organization_id) as conn:
        item = make_item(conn)
        lot = make_lot(conn, item_id=item, number="A")
        conn.execute(
            """
            INSERT INTO lot_movements (organization_id, operation_group_id, kind, item_id, to_lot_id, to_branch_id,
                quantity)
            SELECT current_organization(), gen_random_uuid(), 'receive', %(item)s, %(lot)s, %(branch)s, n
            FROM generate_series(1, 100) AS n
            """,
            {"item": item, "lot": lot, "branch": branch},
        )
        add_stock(conn, lot_id=lot, branch_id=branch, quantity="0.001")
    assert balances(database, context.organization_id) == {(lot, branch): Decimal("5050.001")}
