"""Stock that invoices draw: first expiry first, by branch, all of an order or nothing, and back when it is closed."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from tests.inventory.factories import make_branch, make_item, make_lot
from tests.invoicing.office import NOON, Office
from tranche.inventory import service as stock
from tranche.invoicing import service
from tranche.invoicing.domain import Wishes
from tranche.invoicing.service import Choice
from tranche.kernel.operations.domain import ItemStatus, Status


@dataclass
class Shelf:
    """An item in lots of the default branch."""

    office: Office
    item_id: int
    branch_id: int

    def lot(self, number: str, quantity: str, *, expires: date | None = None) -> int:
        with self.office.transaction() as conn:
            return make_lot(
                conn, item_id=self.item_id, number=number, stock={self.branch_id: quantity}, expires=expires
            )

    def left(self) -> dict[int, Decimal]:
        rows = self.office.rows("SELECT lot_id, quantity FROM lot_balances ORDER BY lot_id")
        return {row["lot_id"]: row["quantity"] for row in rows}

    def orders(self, count: int = 1, quantity: int = 2) -> list[int]:
        return self.office.orders(count, lines=1, items=[self.item_id], quantity=Decimal(quantity))


@pytest.fixture
def shelf(office: Office) -> Shelf:
    with office.transaction() as conn:
        item_id = make_item(conn, code="P-1")
    return Shelf(office, item_id, office.context.branch_id or 0)


def test_what_expires_first_goes_first_and_can_be_traced(office: Office, shelf: Shelf) -> None:
    late, soon = shelf.lot("L1", "10", expires=date(2099, 1, 1)), shelf.lot("L2", "3", expires=date(2098, 1, 1))
    office.invoice(shelf.orders(2))
    assert shelf.left() == {late: 9, soon: 0}
    second = office.rows("SELECT id FROM invoices ORDER BY id")[1]["id"]
    with office.transaction() as conn:
        taken = stock.list_consumed(conn, consumer_kind="invoice", consumer_id=second)
    assert {each.number: each.quantity for each in taken} == {"L2": 1, "L1": 1}
    assert office.rows("SELECT DISTINCT consumer_label, customer_id FROM lot_movements WHERE kind = 'issue'") == [
        {"consumer_label": "INV-2026-000001", "customer_id": office.customer_id},
        {"consumer_label": "INV-2026-000002", "customer_id": office.customer_id},
    ]
    assert office.is_sound()


def test_scarce_stock_goes_in_the_order_given_and_the_rest_say_what_is_missing(office: Office, shelf: Shelf) -> None:
    shelf.lot("L1", "5")
    first, second, third = shelf.orders(3)
    choice = Choice(order_ids=[third, first, second])
    with office.transaction() as conn:
        seen = service.preflight(conn, office.context, choice=choice, wishes=Wishes())
    assert (seen.ready, seen.failed) == (2, 1)
    done = office.invoice(choice=choice)
    assert done.status is Status.COMPLETED_WITH_ERRORS
    short = office.items(done)[2]
    assert (short.reference, short.status, short.error_code) == (second, ItemStatus.FAILED, "insufficient_stock")
    assert short.error == "Short of stock: 2 of P-1 wanted, 1 left."
    assert office.numbers() == ["INV-2026-000001", "INV-2026-000002"]
    assert sum(shelf.left().values()) == 1
    assert office.is_sound()


def test_stock_that_may_not_be_used_is_named_where_it_is_missed(office: Office, shelf: Shelf) -> None:
    shelf.lot("L1", "1")
    shelf.lot("L2", "15.5", expires=date(2001, 1, 1))
    with office.transaction() as conn:
        elsewhere = make_branch(conn)
        make_lot(conn, item_id=shelf.item_id, number="L3", stock={elsewhere: "9"}, expires=date(2001, 1, 1))
    (short,) = office.items(office.invoice(shelf.orders()))
    assert short.error == (
        "Short of stock: 2 of P-1 wanted, 1 left; "
        "15.5 more may not be used, because their lots are expired, held or inactive."
    )
    assert short.result == {"itemId": shelf.item_id, "wanted": 2, "available": 1, "keptBack": 15.5}


def test_a_preview_takes_no_stock(office: Office, shelf: Shelf) -> None:
    lot = shelf.lot("L1", "5")
    with office.transaction() as conn:
        service.preflight(conn, office.context, choice=Choice(order_ids=shelf.orders()), wishes=Wishes())
    assert shelf.left() == {lot: 5}


def test_stock_of_another_branch_is_not_drawn(office: Office, shelf: Shelf) -> None:
    with office.transaction() as conn:
        harbour = make_branch(conn)
    shelf.lot("L1", "5")
    (order_id,) = shelf.orders()
    failed = office.invoice([order_id], branch_id=harbour)
    assert office.items(failed)[0].error_code == "insufficient_stock"
    assert office.invoice([order_id]).succeeded == 1


def test_an_organization_without_a_default_branch_must_name_one(office: Office, shelf: Shelf) -> None:
    office.rows("UPDATE branches SET is_default = false RETURNING id")
    office.context = office.as_user(branch_id=None)
    failed = office.invoice(shelf.orders())
    assert office.items(failed)[0].error_code == "no_branch"


@pytest.mark.parametrize("way", ["void", "credit", "undo"])
def test_stock_comes_back_to_the_same_lots_once(office: Office, shelf: Shelf, way: str) -> None:
    lots = [shelf.lot("L1", "1"), shelf.lot("L2", "4")]
    run = office.invoice(shelf.orders())
    assert shelf.left() == {lots[0]: 0, lots[1]: 3}
    (row,) = office.rows("SELECT id FROM invoices")
    with office.transaction() as conn:
        if way == "void":
            service.void_invoice(conn, office.context, invoice_id=row["id"], reason="wrong")
        elif way == "credit":
            service.credit_invoice(conn, office.context, invoice_id=row["id"], reason="wrong", now=NOON)
    office.undo(run)
    assert shelf.left() == {lots[0]: 1, lots[1]: 4}
    assert office.is_sound()
