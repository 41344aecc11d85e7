"""The seam to bulk consumers: what is judged, issued and put back."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.factories import Organization
from tests.inventory.factories import (
    Demand,
    add_stock,
    balances,
    make_branch,
    make_customer,
    make_item,
    make_lot,
    sums,
    want,
)
from tranche.inventory import service
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database

SOON = datetime.now(UTC).date() + timedelta(days=10)
LATER = SOON + timedelta(days=20)


@pytest.fixture
def branch(context: Context) -> int:
    assert context.branch_id
    return context.branch_id


def judged(conn: Connection, lines: list[Demand]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """(position, line, lot, quantity) of the allocations, (position, item, wanted, available) of the shortages."""
    service.make_demand(conn)
    want(conn, lines)
    service.judge_demand(conn)
    given = conn.execute("SELECT * FROM pg_temp.stock_allocations ORDER BY position, line, lot_id").fetchall()
    short = conn.execute("SELECT * FROM pg_temp.stock_shortages ORDER BY position, item_id").fetchall()
    return (
        [(row["position"], row["line"], row["lot_id"], str(row["quantity"])) for row in given],
        [(row["position"], row["item_id"], str(row["wanted"]), str(row["available"])) for row in short],
    )


def issued(conn: Connection, ctx: Context, lines: list[Demand], *, first: int = 100) -> int:
    """Judge and issue; the consumer of position n is `first` + n."""
    judged(conn, lines)
    service.make_consumers(conn)
    conn.execute(
        """
        INSERT INTO pg_temp.stock_consumers
        SELECT DISTINCT position, %(first)s + position, 'INV-' || position, NULL::bigint FROM pg_temp.stock_demand
        """,
        {"first": first},
    )
    return service.issue(conn, ctx, consumer_kind="invoice")


def put_back(conn: Connection, ctx: Context, *consumers: int) -> int:
    service.make_returns(conn)
    for consumer in consumers:
        conn.execute("INSERT INTO pg_temp.stock_returns VALUES (%s)", [consumer])
    return service.put_back(conn, ctx, consumer_kind="invoice", reason="voided")


def test_what_expires_first_goes_first_and_lots_follow_each_other(
    database: Database, context: Context, branch: int
) -> None:
    with database.transaction(context.organization_id) as conn:
        item = make_item(conn)
        never = make_lot(conn, item_id=item, number="A", stock={branch: "10"})
        late = make_lot(conn, item_id=item, number="B", stock={branch: "4"}, expires=LATER)
        soon = make_lot(conn, item_id=item, number="C", stock={branch: "2.5"}, expires=SOON)
        given, short = judged(conn, [(1, 1, item, branch, "3"), (2, 1, item, branch, "4"), (2, 2, item, branch, "0.5")])
    assert given == [
        (1, 1, late, "0.5"),
        (1, 1, soon, "2.5"),
        (2, 1, never, "0.5"),
        (2, 1, late, "3.5"),
        (2, 2, never, "0.5"),
    ]
    assert short == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE lots SET is_active = false",
        "UPDATE lots SET held_at = now(), hold_reason = 'recalled by the maker'",
        "UPDATE lots SET expires_at = now() - interval '2 days', expires_on = current_date - 2",
    ],
)
def test_inactive_held_and_expired_lots_give_nothing(
    database: Database, context: Context, branch: int, change: str
) -> None:
    with database.transaction(context.organization_id) as conn:
        item = make_item(conn)
        make_lot(conn, item_id=item, number="A", stock={branch: "10"})
        conn.execute(change.encode())
        assert judged(conn, [(1, 1, item, branch, "1")]) == ([], [(1, item, "1", "0")])


def test_a_lot_is_used_through_its_last_day_where_the_organization_is(
    database: Database, organization: Callable[..., Organization]
) -> None:
    zone = "Pacific/Kiritimati" if datetime.now(UTC).hour >= 10 else "Pacific/Pago_Pago"
    here = datetime.now(ZoneInfo(zone)).date()
    assert here != datetime.now(UTC).date()
    acme = organization(name="Far", zone=zone)
    with database.transaction(acme.id) as conn:
        item = make_item(conn)
        make_lot(conn, item_id=item, number="OLD", stock={acme.branch_id: "5"}, expires=here - timedelta(days=1))
        last = make_lot(conn, item_id=item, number="LAST", stock={acme.branch_id: "5"}, expires=here)
        given, short = judged(conn, [(1, 1, item, acme.branch_id, "5"), (2, 1, item, acme.branch_id, "1")])
    assert given == [(1, 1, last, "5")]
    assert short == [(2, item, "1", "0")]


def test_scarce_stock_follows_the_order_and_a_failed_position_gives_back_what_it_held(
    database: Database, context: Context, branch: int
) -> None:
    with database.transaction(context.organization_id) as conn:
        paint, brush = make_item(conn, name="Paint"), make_item(conn, name="Brush")
        tins = make_lot(conn, item_id=paint, number="P", stock={branch: "10"})
        box = make_lot(conn, item_id=brush, number="B", stock={branch: "6"})
        given, short = judged(
            conn,
            [
                (1, 1, paint, branch, "4"),
                (2, 1, paint, branch, "5"),
                (2, 2, brush, branch, "7"),
                (3, 1, paint, branch, "6"),
                (3, 2, brush, branch, "6"),
                (4, 1, brush, branch, "1"),
            ],
        )
    assert given == [(1, 1, tins, "4"), (3, 1, tins, "6"), (3, 2, box, "6")]
    assert short == [(2, brush, "7", "6"), (4, brush, "1", "0")]


def test_lines_of_one_position_that_want_the_same_item_count_together(
    database: Database, context: Context, branch: int
) -> None:
    with database.transaction(context.organization_id) as conn:
        item = make_item(conn)
        make_lot(conn, item_id=item, number="A", stock={branch: "5"})
        given, short = judged(conn, [(1, 1, item, branch, "3"), (1, 2, item, branch, "3"), (2, 1, item, branch, "5")])
    assert [entry[0] for entry in given] == [2]
    assert short == [(1, item, "6", "5")]


def test_untracked_items_never_run_short_and_plain_ones_do(database: Database, context: Context, branch: int) -> None:
    with database.transaction(context.organization_id) as conn:
        service_item = make_item(conn, name="Hour", tracking="none")
        plain = make_item(conn, name="Nails", tracking="plain")
        heap = make_lot(conn, item_id=plain, number=None, stock={branch: "3"})
        lines = [(1, 1, service_item, branch, "999"), (1, 2, plain, branch, "3"), (2, 1, plain, branch, "1")]
        given, short = judged(conn, lines)
    assert given == [(1, 2, heap, "3")]
    assert short == [(2, plain, "1", "0")]


def test_stock_of_another_branch_or_organization_is_none_of_ours(
    database: Database, context: Context, branch: int, organization: Callable[..., Organization]
) -> None:
    other = organization(name="Other")
    with database.transaction(other.id) as conn:
        foreign = make_item(conn)
        make_lot(conn, item_id=foreign, number="F", stock={other.branch_id: "50"})
    with database.transaction(context.organization_id) as conn:
        item, harbour = make_item(conn), make_branch(conn)
        make_lot(conn, item_id=item, number="A", stock={harbour: "5"})
        lines = [(1, 1, item, branch, "1"), (2, 1, foreign, other.branch_id, "1"), (3, 1, item, harbour, "5")]
        given, short = judged(conn, lines)
    assert [entry[0] for entry in given] == [3]
    assert short == [(1, item, "1", "0"), (2, foreign, "1", "0")]


def test_a_judgement_alone_changes_nothing(database: Database, context: Context, branch: int) -> None:
    with database.transaction(context.organization_id) as conn:
        item = make_item(conn)
        lot = make_lot(conn, item_id=item, number="A", stock={branch: "5"})
    with database.transaction(context.organization_id) as conn:
        judged(conn, [(1, 1, item, branch, "5")])
    assert balances(database, context.organization_id) == {(lot, branch): Decimal(5)}


def test_what_is_issued_leaves_its_lots_and_names_its_consumer(
    database: Database, context: Context, branch: int
) -> None:
    with database.transaction(context.organization_id) as conn:
        item, miller = make_item(conn), make_customer(conn)
        soon = make_lot(conn, item_id=item, number="C", stock={branch: "2"}, expires=SOON)
        late = make_lot(conn, item_id=item, number="D", stock={branch: "9"}, expires=LATER)
        judged(conn, [(1, 1, item, branch, "3"), (2, 1, item, branch, "1"), (3, 1, item, branch, "1")])
        conn.execute("DELETE FROM pg_temp.stock_allocations WHERE position = 2")
        service.make_consumers(conn)
        conn.execute(
            "INSERT INTO pg_temp.stock_consumers VALUES (1, 71, 'INV-71', %(c)s), (3, 73, 'INV-73', NULL)",
            {"c": miller},
        )
        assert service.issue(conn, context, consumer_kind="invoice") == 3
    with database.transaction(context.organization_id) as conn:
        rows = conn.execute("SELECT * FROM lot_movements WHERE kind = 'issue' ORDER BY id").fetchall()
        consumed = service.list_consumed(conn, consumer_kind="invoice", consumer_id=71)
    assert [(row["consumer_label"], row["customer_id"], row["created_by"]) for row in rows] == [
        ("INV-71", miller, context.user_id),
        ("INV-71", miller, context.user_id),
        ("INV-73", None, context.user_id),
    ]
    assert [(entry.number, str(entry.quantity), entry.expires_on) for entry in consumed] == [
        ("C", "2", SOON),
        ("D", "1", LATER),
    ]
    left = balances(database, context.organization_id)
    assert left == {(soon, branch): 0, (late, branch): 7} == sums(database, context.organization_id)


def test_an_allocation_without_a_consumer_is_not_lost_in_silence(
    database: Database, context: Context, branch: int
) -> None:
    with database.transaction(context.organization_id) as conn:
        item = make_item(conn)
        make_lot(conn, item_id=item, number="A", stock={branch: "5"})
        judged(conn, [(1, 1, item, branch, "1")])
        service.make_consumers(conn)
        with pytest.raises(ValueError, match="1 allocations"):
            service.issue(conn, context, consumer_kind="invoice")


def test_what_was_taken_comes_back_once_to_the_same_lots_and_branches(
    database: Database, context: Context, branch: int
) -> None:
    with database.transaction(context.organization_id) as conn:
        item, harbour = make_item(conn), make_branch(conn)
        one = make_lot(conn, item_id=item, number="A", stock={branch: "2", harbour: "2"})
        two = make_lot(conn, item_id=item, number="B", stock={branch: "5"})
        assert issued(conn, context, [(1, 1, item, branch, "4"), (1, 2, item, harbour, "1"), (2, 1, item, branch, "1")])
        before = {(one, branch): Decimal(2), (one, harbour): Decimal(2), (two, branch): Decimal(5)}
    with database.transaction(context.organization_id) as conn:
        conn.execute("UPDATE lots SET is_active = false")
        assert put_back(conn, context, 101, 999) == 3
        assert put_back(conn, context, 101) == 0
    with database.transaction(context.organization_id) as conn:
        assert put_back(conn, context, 101) == 0
        consumed = service.list_consumed(conn, consumer_kind="invoice", consumer_id=101)
        assert [entry.is_returned for entry in consumed] == [True, True, True]
        assert put_back(conn, context, 102) == 1
    assert balances(database, context.organization_id) == before == sums(database, context.organization_id)


def test_another_kind_of_consumer_with_the_same_id_keeps_its_stock(
    database: Database, context: Context, branch: int
) -> None:
    with database.transaction(context.organization_id) as conn:
        item = make_item(conn)
        make_lot(conn, item_id=item, number="A", stock={branch: "5"})
        issued(conn, context, [(1, 1, item, branch, "1")])
        service.make_returns(conn)
        conn.execute("INSERT INTO pg_temp.stock_returns VALUES (101)")
        assert service.put_back(conn, context, consumer_kind="delivery", reason="no") == 0


def test_chunks_that_want_the_same_stock_at_once_never_sell_it_twice(
    database: Database, context: Context, branch: int
) -> None:
    with database.transaction(context.organization_id) as conn:
        items = [make_item(conn, name=f"Item {n}") for n in range(4)]
        for item in items:
            for lot in range(3):
                make_lot(conn, item_id=item, number=f"L{item}-{lot}", stock={branch: "10"})
    faults: list[BaseException] = []

    def chunk(which: int) -> None:
        try:
            for turn in range(6):
                mine = items if which % 2 else items[::-1]
                lines = [(n, 1, item, branch, "2") for n, item in enumerate(mine)]
                with database.transaction(context.organization_id) as conn:
                    issued(conn, context, lines, first=1000 * which + 100 * turn)
        except BaseException as fault:  # noqa: BLE001  # told in the test's own thread
            faults.append(fault)

    threads = [threading.Thread(target=chunk, args=(which,)) for which in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    left = balances(database, context.organization_id)
    assert set(left.values()) == {Decimal(0)}
    assert left == sums(database, context.organization_id)
    with database.transaction(context.organization_id) as conn:
        (row,) = conn.execute("SELECT count(*) AS n FROM lot_movements WHERE kind = 'issue'").fetchall()
    assert row["n"] >= 60


def test_two_voids_of_the_same_invoice_at_once_put_back_once(database: Database, context: Context, branch: int) -> None:
    with database.transaction(context.organization_id) as conn:
        item = make_item(conn)
        lot = make_lot(conn, item_id=item, number="A", stock={branch: "5"})
        issued(conn, context, [(1, 1, item, branch, "2")])
    counts: list[int] = []

    def void() -> None:
        with database.transaction(context.organization_id) as conn:
            counts.append(put_back(conn, context, 101))

    threads = [threading.Thread(target=void) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0, 0, 0, 1]
    assert balances(database, context.organization_id) == {(lot, branch): Decimal(5)}


def test_a_hold_that_comes_while_a_judgement_waits_is_seen(database: Database, context: Context, branch: int) -> None:
    with database.transaction(context.organization_id) as conn:
        item = make_item(conn)
        make_lot(conn, item_id=item, number="A", stock={branch: "5"})
    found: list[Any] = []

    def judge() -> None:
        with database.transaction(context.organization_id) as conn:
            found.append(judged(conn, [(1, 1, item, branch, "1")]))

    with database.transaction(context.organization_id) as conn:
        conn.execute("UPDATE lots SET held_at = now(), hold_reason = 'smells'")
        thread = threading.Thread(target=judge)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join()
    assert found == [([], [(1, item, "1", "0")])]


def test_a_thousand_positions_over_many_lots_add_up(database: Database, context: Context, branch: int) -> None:
    with database.transaction(context.organization_id) as conn:
        item = make_item(conn)
        for lot in range(50):
            make_lot(conn, item_id=item, number=f"L{lot}", stock={branch: "30"}, expires=SOON + timedelta(days=lot % 7))
        given, short = judged(conn, [(n, 1, item, branch, "1.5") for n in range(1, 1002)])
    by_position: dict[int, Decimal] = {}
    for position, _, _, quantity in given:
        by_position[position] = by_position.get(position, Decimal(0)) + Decimal(quantity)
    assert by_position == {n: Decimal("1.5") for n in range(1, 1001)}
    assert short == [(1001, item, "1.5", "0.0")]


def test_a_demand_of_nothing_or_of_no_number_is_refused(database: Database, context: Context, branch: int) -> None:
    for quantity in ("0", "-1", "NaN"):
        with database.transaction(context.organization_id) as conn:
            service.make_demand(conn)
            with pytest.raises(Exception, match="stock_demand_quantity_check"):
                want(conn, [(1, 1, 1, branch, quantity)])


def test_stock_that_comes_in_between_is_added_up(database: Database, context: Context, branch: int) -> None:
    with database.transaction(context.organization_id) as conn:
        lot = make_lot(conn, item_id=make_item(conn), number="A", stock={branch: "1"})
        add_stock(conn, lot_id=lot, branch_id=branch, quantity="0.25")
    assert balances(database, context.organization_id) == {(lot, branch): Decimal("1.25")}
