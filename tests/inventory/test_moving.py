"""Transfer, consolidation and split: what they move, make, change and refuse."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.auditing import list_entries
from tests.factories import make_user
from tests.inventory.desk import Desk, share
from tranche.catalog import service as catalog
from tranche.inventory import service
from tranche.inventory.domain import (
    Kind,
    LotHeld,
    LotInactive,
    LotNotInBranch,
    MovementFilter,
    NoBranch,
    NotEnough,
    OtherItem,
)
from tranche.inventory.wishes import spoken
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Invalid, TrancheError

SOON, LATER = datetime(2030, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)


@pytest.fixture
def desk(database: Database, context: Context) -> Desk:
    return Desk.open(database, context)


def test_a_transfer_moves_within_the_branch_and_makes_what_is_not_there(desk: Desk) -> None:
    desk.receive("A", "10", cost_price=Decimal(8), unit_price=Decimal(9), expires_at=SOON, made_at=SOON)
    moved = desk.transfer("A", "NEW", "4.125")
    assert (moved.source_number, moved.destination_number, moved.quantity) == ("A", "NEW", Decimal("4.125"))
    assert desk.has("A", "NEW") == ["5.875", "4.125"]
    made = desk.lot("NEW")
    assert (made.cost_price, made.unit_price, made.expires_at, made.made_at) == (Decimal(8), Decimal(9), SOON, SOON)
    assert made.created_by == desk.ctx.user_name
    desk.settle()


def test_a_destination_that_is_there_has_its_cost_weighted_over_all_branches(desk: Desk) -> None:
    harbour = desk.branch_named("Harbour")
    desk.receive("A", "10", cost_price=Decimal(100), unit_price=Decimal(120), expires_at=SOON)
    desk.receive("B", "10", cost_price=Decimal(80), unit_price=Decimal(110), expires_at=LATER)
    desk.at(harbour).receive("B", "20")
    desk.transfer("A", "B", "10")
    lot = desk.lot("B")
    assert (lot.cost_price, lot.unit_price, lot.expires_at) == (Decimal(85), Decimal(110), SOON)
    with desk.database.transaction(desk.ctx.organization_id) as conn:
        row = conn.execute("SELECT * FROM lot_movements WHERE kind = 'transfer'").fetchone()
    assert row
    assert (row["previous_cost_price"], row["previous_unit_price"], row["previous_expires_at"]) == (80, 110, LATER)
    assert (row["cost_price"], row["unit_price"], row["expires_at"]) == (85, 110, SOON)


def test_what_is_said_of_a_destination_wins(desk: Desk) -> None:
    desk.receive("A", "10", cost_price=Decimal(100), expires_at=SOON)
    desk.receive("B", "10", cost_price=Decimal(80), expires_at=SOON)
    desk.transfer("A", "B", "1", cost_price=Decimal("0.5"), unit_price=Decimal(7), expires_at=LATER)
    lot = desk.lot("B")
    assert (lot.cost_price, lot.unit_price, lot.expires_at) == (Decimal("0.5"), Decimal(7), LATER)


def test_a_consolidation_is_the_same_transfers_one_after_another(desk: Desk) -> None:
    for names in ("AB", "CD"):
        desk.receive(names[0], "10", cost_price=Decimal(100), expires_at=LATER)
        desk.receive(names[1], "30", cost_price=Decimal(60), expires_at=SOON)
    moved = desk.consolidate("ONE", share("A"), share("B", "10"))
    desk.transfer("C", "TWO", "10")
    desk.transfer("D", "TWO", "10")
    assert [(entry.source_number, str(entry.quantity)) for entry in moved] == [("A", "10"), ("B", "10")]
    assert len({entry.operation_group_id for entry in moved}) == 1
    one, two = desk.lot("ONE"), desk.lot("TWO")
    assert (one.cost_price, one.expires_at) == (two.cost_price, two.expires_at) == (Decimal(80), SOON)
    assert desk.has("A", "B", "ONE") == ["0", "20", "20"]
    desk.settle()


def test_a_split_gives_to_several(desk: Desk) -> None:
    desk.receive("A", "10", cost_price=Decimal(5))
    desk.receive("B", "1", cost_price=Decimal(1))
    desk.split("A", share("B", "1"), share("X", "2", cost_price=Decimal(9)), share("Y", "7"))
    assert desk.has("A", "B", "X", "Y") == ["0", "2", "2", "7"]
    assert [desk.lot(number).cost_price for number in "BXY"] == [3, 9, 5]
    desk.settle()


@pytest.mark.parametrize(
    ("verb", "pointer"),
    [
        (lambda desk: desk.transfer("A", "B", "10.001"), "/quantity"),
        (lambda desk: desk.consolidate("B", share("C", "1"), share("A", "10.5")), "/sources/1/quantity"),
        (lambda desk: desk.split("A", share("X", "6"), share("Y", "5")), "/destinations/1/quantity"),
    ],
)
def test_more_than_there_is_is_refused_and_nothing_is_half_done(desk: Desk, verb: Any, pointer: str) -> None:
    desk.receive("A", "10")
    desk.receive("B", "1")
    desk.receive("C", "1")
    with pytest.raises(NotEnough, match="Insufficient quantity") as caught:
        verb(desk)
    assert caught.value.errors[0].pointer == pointer
    assert f"Insufficient quantity: {spoken(pointer)} is " in caught.value.message
    assert desk.has("A", "B", "C") == ["10", "1", "1"]
    numbers = {lot.number for lot in desk.run(service.list_lots_of_item, item_id=desk.item)}
    assert numbers == {"A", "B", "C"}


def test_all_of_nothing_is_refused(desk: Desk) -> None:
    desk.receive("A", "10")
    desk.transfer("A", "B", "10")
    with pytest.raises(NotEnough) as caught:
        desk.consolidate("C", share("B", "1"), share("A"))
    assert caught.value.errors[0].pointer == "/sources/1/batchNumber"


def test_only_a_source_can_be_unknown(desk: Desk) -> None:
    desk.receive("A", "10")
    brush = desk.item_named("Brush")
    desk.of(brush).receive("OTHER", "5")
    harbour = desk.branch_named("Harbour")
    for source in ("NOBODY", "OTHER"):
        with pytest.raises(LotNotInBranch):
            desk.transfer(source, "A", "1")
    with pytest.raises(LotNotInBranch, match="lot A"):
        desk.at(harbour).transfer("A", "B", "1")
    with pytest.raises(LotNotInBranch):
        desk.of(999_999).transfer("A", "B", "1")
    with pytest.raises(OtherItem) as caught:
        desk.transfer("A", "OTHER", "1")
    with desk.database.transaction(desk.ctx.organization_id) as conn:
        other = catalog.find(conn, item_id=brush)
    assert caught.value.message == f"Lot OTHER is a lot of another item ({other.code or other.name})."
    assert caught.value.errors[0].pointer == "/destinationBatchNumber"
    with pytest.raises(OtherItem) as caught:
        desk.split("A", share("X", "1"), share("OTHER", "1"))
    assert caught.value.errors[0].pointer == "/destinations/1/batchNumber"


def test_lots_on_hold_give_nothing_and_inactive_ones_take_no_part(desk: Desk) -> None:
    desk.receive("A", "10")
    desk.receive("B", "10")
    held = desk.lot("A").id
    desk.run(service.hold, lot_id=held, reason="recalled by the maker")
    with pytest.raises(LotHeld, match="recalled by the maker"):
        desk.transfer("A", "B", "1")
    desk.transfer("B", "A", "1")
    desk.run(service.release, lot_id=held)
    desk.transfer("A", "B", "1")
    desk.run(service.set_active, lot_id=held, is_active=False)
    for source, destination in (("A", "B"), ("B", "A")):
        with pytest.raises(LotInactive):
            desk.transfer(source, destination, "1")
    assert desk.has("A", "B") == ["10", "10"]


@pytest.mark.parametrize(
    ("verb", "pointers"),
    [
        (lambda desk: desk.transfer("A", "A", "1"), ["/destinationBatchNumber"]),
        (lambda desk: desk.transfer(" A", "A ", "0"), ["/quantity", "/destinationBatchNumber"]),
        (lambda desk: desk.transfer("", " ", "-1"), ["/quantity", "/sourceBatchNumber", "/destinationBatchNumber"]),
        (lambda desk: desk.transfer("A", "B", "0.0001"), ["/quantity"]),
        (lambda desk: desk.transfer("A", "B", "1000000000000"), ["/quantity"]),
        (lambda desk: desk.transfer("A", "B\n", "1", cost_price=Decimal(-1)), ["/costPrice"]),
        (lambda desk: desk.transfer("A", "B\nC", "1"), ["/destinationBatchNumber"]),
        (lambda desk: desk.transfer("A", "B" * 101, "1"), ["/destinationBatchNumber"]),
        (
            lambda desk: desk.transfer("A", "B", "1", expires_at=datetime(1, 1, 1, tzinfo=UTC)),
            ["/expirationDate"],
        ),
        (lambda desk: desk.consolidate("B"), ["/sources"]),
        (lambda desk: desk.consolidate("B", *[share(f"S{n}") for n in range(1001)]), ["/sources"]),
        (lambda desk: desk.consolidate("B", share("A"), share("A", "1")), ["/sources/1/batchNumber"]),
        (lambda desk: desk.consolidate("A", share("B"), share("A")), ["/sources/1/batchNumber"]),
        (lambda desk: desk.consolidate("B", share("A", "0")), ["/sources/0/quantity"]),
        (lambda desk: desk.split("A"), ["/destinations"]),
        (lambda desk: desk.split("A", share("B", "1"), share("B", "2")), ["/destinations/1/batchNumber"]),
        (lambda desk: desk.split("A", share("A", "1")), ["/destinations/0/batchNumber"]),
        (lambda desk: desk.split("A", share("B")), ["/destinations/0/quantity"]),
    ],
)
def test_what_cannot_be_meant_is_refused_with_every_field_named(desk: Desk, verb: Any, pointers: list[str]) -> None:
    desk.receive("A", "10")
    with pytest.raises(Invalid) as caught:
        verb(desk)
    assert [error.pointer for error in caught.value.errors] == pointers
    assert desk.has("A") == ["10"]


def test_without_a_branch_nothing_moves(desk: Desk) -> None:
    desk.receive("A", "10")
    nowhere = desk.at(None)
    for verb in (
        lambda: nowhere.transfer("A", "B", "1"),
        lambda: nowhere.receive("A", "1"),
        lambda: nowhere.run(service.adjust, item_id=desk.item, number="A", change=Decimal(1)),
    ):
        with pytest.raises(NoBranch, match="x-branch-id"):
            verb()
    assert nowhere.lot("A").quantity is None


def test_every_operation_leaves_one_audit_entry_and_its_history(
    desk: Desk, owner: Connection, database: Database
) -> None:
    desk.receive("A", "10")
    first = desk.split("A", share("B", "1"), share("C", "2"))
    clerk = make_user(owner, desk.ctx.organization_id, name="Carl Clerk", role=Role.OPERATOR)
    with database.transaction(desk.ctx.organization_id) as conn:
        (entry,) = list_entries(conn, action="lot.split")
        history, count = service.list_movements(conn, wanted=MovementFilter(item_id=desk.item), limit=2, offset=0)
    assert entry.subject_id == first[0].id
    assert entry.detail["operationGroupId"] == str(first[0].operation_group_id)
    assert (count, [movement.kind for movement in history]) == (3, [Kind.SPLIT, Kind.SPLIT])
    assert clerk != history[0].created_by == desk.ctx.user_id


def test_a_verb_that_is_refused_leaves_no_trace(desk: Desk) -> None:
    desk.receive("A", "10")
    for wrong in ("11", "0"):
        with pytest.raises(TrancheError):
            desk.transfer("A", "NEW", wrong)
    with desk.database.transaction(desk.ctx.organization_id) as conn:
        (row,) = conn.execute(
            "SELECT (SELECT count(*) FROM lots) AS lots, (SELECT count(*) FROM lot_movements) AS movements"
        ).fetchall()
    assert (row["lots"], row["movements"]) == (1, 1)
