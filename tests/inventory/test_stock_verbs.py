"""Receipts, corrections, other branches, holds, undo, plain stock, numbers and days."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.factories import Organization
from tests.inventory.desk import Desk, share
from tests.inventory.test_demand import issued, put_back
from tranche.catalog import service as catalog
from tranche.catalog.domain import StockTracking, UnknownItem
from tranche.inventory import service
from tranche.inventory.domain import (
    AlreadyUndone,
    ConsumedSince,
    Kind,
    LotNotInBranch,
    NotEnough,
    NotUndoable,
    TrackingInUse,
    UnknownLot,
    UnknownOperation,
)
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import Invalid, NotFound

SOON, LATER = datetime(2030, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)


@pytest.fixture
def desk(database: Database, context: Context) -> Desk:
    return Desk.open(database, context)


def tracking(desk: Desk, item: int) -> StockTracking:
    with desk.database.transaction(desk.ctx.organization_id) as conn:
        return catalog.find(conn, item_id=item).stock_tracking


def test_a_receipt_makes_a_lot_and_a_second_one_adds_to_it(desk: Desk) -> None:
    first = desk.receive("R-1", "2.5", name="Red", supplier_number="S", cost_price=Decimal(3), expires_at=SOON)
    second = desk.receive("R-1", "1", cost_price=Decimal(4), name="not used", notes="second delivery")
    lot = desk.lot("R-1")
    assert (lot.quantity, lot.name, lot.supplier_number, lot.cost_price) == (Decimal("3.5"), "Red", "S", Decimal(4))
    assert (first.kind, second.notes, second.to_lot_id) == (Kind.RECEIVE, "second delivery", lot.id)
    desk.settle()


def test_a_receipt_of_an_unknown_item_or_into_another_items_lot_is_refused(desk: Desk) -> None:
    desk.receive("A", "1")
    with pytest.raises(UnknownItem):
        desk.of(999_999).receive("B", "1")
    with pytest.raises(Invalid, match="another item"):
        desk.of(desk.item_named("Brush")).receive("A", "1")


def test_a_lot_or_a_receipt_turns_tracking_on(desk: Desk) -> None:
    named, plain, made = (desk.item_named(name, tracking="none") for name in ("Named", "Plain", "Made"))
    desk.of(named).receive("N-1", "1")
    desk.of(plain).receive(None, "5")
    values = {"name": "x", "cost_price": Decimal(1), "unit_price": Decimal(1)}
    desk.run(service.create_lot, item_id=made, values=values)
    assert [tracking(desk, item) for item in (named, plain, made)] == ["lots", "plain", "lots"]
    with pytest.raises(Invalid) as caught:
        desk.of(named).receive(None, "1")
    assert caught.value.errors[0].pointer == "/batchNumber"


def test_plain_stock_is_shown_nowhere_until_the_item_is_kept_in_lots(desk: Desk) -> None:
    nails = desk.of(desk.item_named("Nails", tracking="plain"))
    nails.receive(None, "5")
    nails.run(service.adjust, item_id=nails.item, number=None, change=Decimal(-1))
    harbour = desk.branch_named("Harbour")
    nails.run(service.send, item_id=nails.item, number=None, to_branch_id=harbour, quantity=Decimal(1))
    assert nails.run(service.list_lots_of_item, item_id=nails.item) == []
    with pytest.raises(LotNotInBranch):
        nails.transfer("BATCH-001", "X", "1")
    nails.receive("NAMED", "2")
    lots = nails.run(service.list_lots_of_item, item_id=nails.item)
    assert [(lot.number, str(lot.quantity)) for lot in lots] == [("BATCH-001", "3"), ("NAMED", "2")]
    assert tracking(desk, nails.item) == "lots"
    desk.settle()


def test_stock_is_corrected_by_a_change_or_to_what_was_counted(desk: Desk) -> None:
    desk.receive("A", "10")

    def adjust(**how: Any) -> Decimal | None:
        movement = desk.run(service.adjust, item_id=desk.item, number="A", **how)
        return movement.quantity if movement else None

    assert adjust(change=Decimal("-2.5")) == Decimal("2.5")
    assert adjust(change=Decimal("0.125")) == Decimal("0.125")
    assert adjust(counted=Decimal(7)) == Decimal("0.625")
    assert adjust(counted=Decimal(7)) is None
    assert adjust(counted=Decimal(0)) == 7
    assert desk.has("A") == ["0"]
    with pytest.raises(NotEnough):
        adjust(change=Decimal(-1))
    for wrong in ({}, {"change": Decimal(1), "counted": Decimal(1)}, {"change": Decimal(0)}, {"counted": Decimal(-1)}):
        with pytest.raises(Invalid):
            adjust(**wrong)
    desk.settle()


def test_stock_goes_to_another_branch_with_its_lot(desk: Desk) -> None:
    harbour = desk.branch_named("Harbour")
    desk.receive("A", "10")
    desk.run(service.send, item_id=desk.item, number="A", to_branch_id=harbour, quantity=Decimal(4))
    assert (desk.has("A"), desk.at(harbour).has("A")) == (["6"], ["4"])
    stock = desk.run(service.get_stock, lot_id=desk.lot("A").id)
    assert [(place.branch_name, str(place.quantity)) for place in stock.places] == [("Harbour", "4"), ("Main", "6")]
    for branch, error in ((desk.branch, Invalid), (999_999, NotFound)):
        with pytest.raises(error):
            desk.run(service.send, item_id=desk.item, number="A", to_branch_id=branch, quantity=Decimal(1))
    with pytest.raises(NotEnough):
        desk.run(service.send, item_id=desk.item, number="A", to_branch_id=harbour, quantity=Decimal(7))


def test_a_hold_says_who_and_why_and_may_be_said_anew(desk: Desk) -> None:
    desk.receive("A", "10")
    lot_id = desk.lot("A").id
    desk.run(service.hold, lot_id=lot_id, reason="smells")
    stock = desk.run(service.hold, lot_id=lot_id, reason=" recalled ")
    assert (stock.lot.hold_reason, stock.held_by) == ("recalled", desk.ctx.user_name)
    with pytest.raises(Invalid):
        desk.run(service.hold, lot_id=lot_id, reason=" ")
    assert desk.run(service.release, lot_id=lot_id).held_at is None
    assert desk.run(service.release, lot_id=lot_id).held_at is None
    for verb in (lambda: desk.run(service.release, lot_id=999), lambda: desk.run(service.get_lot, lot_id=999)):
        with pytest.raises(UnknownLot):
            verb()


def test_an_operation_is_undone_as_a_whole_with_prices_and_dates(desk: Desk) -> None:
    desk.receive("A", "10", cost_price=Decimal(100), expires_at=SOON)
    desk.receive("B", "10", cost_price=Decimal(80), expires_at=LATER)
    moved = desk.split("A", share("B", "5"), share("NEW", "5"))
    assert desk.lot("B").cost_price != 80
    back = desk.undo(moved[1].id)
    assert [(entry.kind, entry.reverses_id) for entry in back] == [
        (Kind.REVERSAL, moved[1].id),
        (Kind.REVERSAL, moved[0].id),
    ]
    assert desk.has("A", "B", "NEW") == ["10", "10", "0"]
    assert (desk.lot("B").cost_price, desk.lot("B").expires_at) == (Decimal(80), LATER)
    with pytest.raises(AlreadyUndone):
        desk.undo(moved[0].id)
    with pytest.raises(NotUndoable):
        desk.undo(back[0].id)
    desk.settle()


def test_what_was_changed_since_by_hand_keeps_its_change_when_undone(desk: Desk) -> None:
    desk.receive("A", "10", cost_price=Decimal(100))
    desk.receive("B", "10", cost_price=Decimal(80))
    moved = desk.transfer("A", "B", "5")
    desk.run(service.update_lot, lot_id=moved.destination_id, values={"cost_price": Decimal(1)})
    desk.undo(moved.id)
    assert desk.lot("B").cost_price == 1


def test_nothing_is_undone_of_which_something_left_since(desk: Desk) -> None:
    desk.receive("A", "10")
    moved = desk.transfer("A", "B", "5")
    later = desk.transfer("B", "C", "1")
    with pytest.raises(ConsumedSince, match=f"operation {later.id} has taken from lot B"):
        desk.undo(moved.id)
    desk.undo(later.id)
    with desk.database.transaction(desk.ctx.organization_id) as conn:
        issued(conn, desk.ctx, [(1, 1, desk.item, desk.branch, "10")])
    with pytest.raises(ConsumedSince, match="INV-1 has taken"):
        desk.undo(moved.id)
    with desk.database.transaction(desk.ctx.organization_id) as conn:
        put_back(conn, desk.ctx, 101)
    desk.undo(moved.id)
    assert desk.has("A", "B", "C") == ["10", "0", "0"]
    desk.settle()


def test_receipts_corrections_and_branch_transfers_are_undone_and_issues_are_not(desk: Desk) -> None:
    harbour = desk.branch_named("Harbour")
    received = desk.receive("A", "10")
    lost = desk.run(service.adjust, item_id=desk.item, number="A", change=Decimal(-4))
    sent = desk.run(service.send, item_id=desk.item, number="A", to_branch_id=harbour, quantity=Decimal(6))
    assert lost
    with pytest.raises(ConsumedSince):
        desk.undo(received.id)
    for movement in (sent, lost, received):
        desk.undo(movement.id)
    assert (desk.has("A"), desk.at(harbour).has("A")) == (["0"], ["0"])
    desk.receive("A", "1")
    with desk.database.transaction(desk.ctx.organization_id) as conn:
        issued(conn, desk.ctx, [(1, 1, desk.item, desk.branch, "1")])
        (row,) = conn.execute("SELECT id FROM lot_movements WHERE kind = 'issue'").fetchall()
    with pytest.raises(NotUndoable, match="void that instead"):
        desk.undo(row["id"])
    with pytest.raises(UnknownOperation):
        desk.undo(999_999)
    desk.settle()


def test_two_undos_at_once_take_back_once(desk: Desk) -> None:
    desk.receive("A", "10")
    moved = desk.transfer("A", "B", "5")
    outcomes: list[str] = []

    def undo() -> None:
        try:
            desk.undo(moved.id)
            outcomes.append("done")
        except AlreadyUndone:
            outcomes.append("already")

    threads = [threading.Thread(target=undo) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["already", "already", "already", "done"]
    desk.settle()


def test_numbers_are_the_next_free_ones_whatever_people_have_taken(desk: Desk) -> None:
    values = {"name": "x", "cost_price": Decimal(1), "unit_price": Decimal(1)}
    desk.receive("BATCH-002", "1")
    for number in range(4, 205):
        desk.receive(f"BATCH-{number:03d}", "1")
    made = [desk.run(service.create_lot, item_id=desk.item, values=values).number for _ in range(4)]
    assert made == ["BATCH-001", "BATCH-003", "BATCH-205", "BATCH-206"]
    with desk.database.transaction(desk.ctx.organization_id) as conn:
        conn.execute("UPDATE lot_numbers SET last = 998")
    assert [desk.run(service.create_lot, item_id=desk.item, values=values).number for _ in range(2)] == [
        "BATCH-999",
        "BATCH-1000",
    ]


def test_lots_that_are_made_at_once_have_different_numbers(desk: Desk) -> None:
    values = {"name": "x", "cost_price": Decimal(1), "unit_price": Decimal(1)}
    made: list[str] = []
    threads = [
        threading.Thread(
            target=lambda: made.extend(
                desk.run(service.create_lot, item_id=desk.item, values=values).number for _ in range(5)
            )
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == len(made) == 20


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2030, 1, 31, tzinfo=UTC), date(2030, 1, 31)),
        (datetime(2030, 1, 30, 18, tzinfo=UTC), date(2030, 1, 31)),
        (datetime(2030, 1, 31, 17, 59, tzinfo=UTC), date(2030, 1, 31)),
    ],
)
def test_midnight_utc_is_a_day_and_any_other_moment_the_organizations_day(
    database: Database, organization: Callable[..., Organization], moment: datetime, day: date
) -> None:
    desk = Desk.open(database, organization(name="Dhaka", zone="Asia/Dhaka").context())
    desk.receive("A", "1", expires_at=moment)
    lot = desk.lot("A")
    assert (lot.expires_at, lot.expires_on) == (moment, day)


def test_tracking_is_not_changed_over_stock(desk: Desk) -> None:
    desk.receive("A", "1")
    for wanted in (StockTracking.NONE, StockTracking.PLAIN):
        with pytest.raises(TrackingInUse):
            desk.run(service.update_item, item_id=desk.item, fields={"stock_tracking": wanted})
    desk.run(service.adjust, item_id=desk.item, number="A", counted=Decimal(0))
    desk.run(service.update_item, item_id=desk.item, fields={"stock_tracking": StockTracking.NONE})
    assert tracking(desk, desk.item) == "none"
    nails = desk.of(desk.item_named("Nails", tracking="plain"))
    nails.receive(None, "5")
    nails.run(service.update_item, item_id=nails.item, fields={"stock_tracking": StockTracking.LOTS, "name": "Nail"})
    assert nails.has("BATCH-001") == ["5"]


def test_what_expires_is_listed_by_its_last_day(desk: Desk) -> None:
    with desk.database.transaction(desk.ctx.organization_id) as conn:
        (row,) = conn.execute("SELECT current_date AS today").fetchall()
    today = datetime.combine(row["today"], datetime.min.time(), UTC)
    for number, days in (("PAST", -1), ("TODAY", 0), ("SOON", 30), ("LATE", 31), ("EMPTY", 5)):
        desk.receive(number, "1", expires_at=today + timedelta(days=days))
    desk.run(service.adjust, item_id=desk.item, number="EMPTY", counted=Decimal(0))
    desk.receive("NEVER", "1")
    found, count = desk.run(service.list_expiring, days=30, limit=10, offset=0)
    assert [(entry.number, entry.days_left) for entry in found] == [("PAST", -1), ("TODAY", 0), ("SOON", 30)]
    assert (count.total, count.expired) == (3, 1)
    elsewhere = desk.at(desk.branch_named("Harbour"))
    assert elsewhere.run(service.count_expiring, days=30).total == 0
    assert desk.at(None).run(service.count_expiring, days=30).total == 3
