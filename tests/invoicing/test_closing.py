"""Voiding, crediting and taking back a run: numbers stay, orders come free, nothing is done twice."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import psycopg
import pytest

from tests.invoicing.office import NOON, Office
from tranche.invoicing import service
from tranche.invoicing.domain import InvoiceKind, InvoiceNotFound, InvoiceStatus, NotLive, OrderRefused, Wishes
from tranche.kernel.errors import Conflict, Invalid
from tranche.kernel.operations.domain import Status, WrongState

Close = Callable[[Office, int], int | None]


def _void(office: Office, invoice_id: int) -> None:
    with office.transaction() as conn:
        service.void_invoice(conn, office.context, invoice_id=invoice_id, reason="wrong price")


def _credit(office: Office, invoice_id: int) -> int:
    with office.transaction() as conn:
        return service.credit_invoice(conn, office.context, invoice_id=invoice_id, reason="returned", now=NOON)


def _issue(office: Office, order_id: int) -> int:
    with office.transaction() as conn:
        return service.issue_one(
            conn, office.context, order_id=order_id, wishes=Wishes(), user_id=office.context.user_id, now=NOON
        )


def test_a_void_invoice_keeps_its_number_and_frees_its_order(office: Office) -> None:
    (order_id,) = office.orders()
    first = _issue(office, order_id)
    _void(office, first)
    second = _issue(office, order_id)
    assert office.numbers() == ["INV-2026-000001", "INV-2026-000002"]
    document = office.document(first)
    assert (document.status, document.void_reason) == (InvoiceStatus.VOID, "wrong price")
    assert office.document(second).status is InvoiceStatus.ISSUED
    assert office.is_sound()


def test_a_credit_note_takes_the_next_number_and_all_the_lines(office: Office) -> None:
    (order_id,) = office.orders(lines=2)
    invoice_id = _issue(office, order_id)
    note = office.document(_credit(office, invoice_id))
    credited = office.document(invoice_id)
    assert (note.kind, note.number, note.credited_number) == (
        InvoiceKind.CREDIT_NOTE,
        "INV-2026-000002",
        "INV-2026-000001",
    )
    assert (credited.status, credited.credited_by, credited.voided_at) == (
        InvoiceStatus.CREDITED,
        "INV-2026-000002",
        None,
    )
    assert (note.lines, note.total, note.invoice_date) == (credited.lines, Decimal("47.96"), date(2026, 11, 28))
    assert note.notes == "returned"
    assert office.rows("SELECT status FROM orders") == [{"status": "open"}]
    assert office.is_sound()


def test_a_credit_note_in_a_new_year_begins_that_years_numbers(office: Office) -> None:
    invoice_id = _issue(office, office.orders()[0])
    with office.transaction() as conn:
        note = service.credit_invoice(
            conn, office.context, invoice_id=invoice_id, reason="x", now=datetime(2027, 1, 2, tzinfo=UTC)
        )
    assert office.document(note).number == "INV-2027-000001"
    assert office.is_sound()


@pytest.mark.parametrize("first", [_void, _credit])
@pytest.mark.parametrize("second", [_void, _credit])
def test_an_invoice_is_closed_once(office: Office, first: Close, second: Close) -> None:
    invoice_id = _issue(office, office.orders()[0])
    first(office, invoice_id)
    with pytest.raises(NotLive, match="already"):
        second(office, invoice_id)
    assert office.is_sound()


def test_a_credit_note_can_be_neither_voided_nor_credited(office: Office) -> None:
    note = _credit(office, _issue(office, office.orders()[0]))
    with pytest.raises(NotLive, match="credit note"):
        _void(office, note)


def test_an_unknown_invoice_and_a_missing_reason_are_refused(office: Office) -> None:
    with pytest.raises(InvoiceNotFound):
        _void(office, 7)
    invoice_id = _issue(office, office.orders()[0])
    with office.transaction() as conn, pytest.raises(Invalid):
        service.void_invoice(conn, office.context, invoice_id=invoice_id, reason="  ")


def test_one_order_that_cannot_be_invoiced_is_refused_by_its_code(office: Office) -> None:
    (order_id,) = office.orders()
    _issue(office, order_id)
    with pytest.raises(OrderRefused, match="INV-2026-000001 already") as caught:
        _issue(office, order_id)
    assert caught.value.error_code == "already_invoiced"
    assert office.numbers() == ["INV-2026-000001"]


def test_an_undo_voids_what_is_live_and_keeps_the_rest(office: Office) -> None:
    run = office.invoice(office.orders(3))
    ids = [row["id"] for row in office.rows("SELECT id FROM invoices ORDER BY id")]
    _void(office, ids[0])
    undo = office.undo(run)
    assert (undo.status, undo.succeeded, undo.skipped) == (Status.COMPLETED, 2, 1)
    assert office.items(undo)[0].error_code == "already_void"
    assert {row["status"] for row in office.rows("SELECT status FROM orders")} == {"open"}
    again = office.undo(run)
    assert (again.succeeded, again.skipped) == (0, 3)
    assert office.invoice([row["id"] for row in office.rows("SELECT id FROM orders")]).succeeded == 3
    assert office.is_sound()


def test_a_run_that_has_not_ended_cannot_be_undone(office: Office) -> None:
    run = office.start(office.orders())
    with office.transaction() as conn, pytest.raises(WrongState, match="cancel it or wait"):
        office.operations.undo(conn, office.context, operation_id=run.id)


def test_an_undo_cannot_be_undone(office: Office) -> None:
    undo = office.undo(office.invoice(office.orders()))
    with office.transaction() as conn, pytest.raises(Conflict, match="cannot be undone"):
        office.operations.undo(conn, office.context, operation_id=undo.id)


def test_the_order_of_a_live_invoice_cannot_be_deleted(office: Office) -> None:
    invoice_id = _issue(office, office.orders()[0])
    with pytest.raises(psycopg.errors.CheckViolation, match="live_keeps_its_order"):
        office.rows("DELETE FROM orders RETURNING id")
    _void(office, invoice_id)
    office.rows("DELETE FROM orders RETURNING id")
    assert office.document(invoice_id).order_number == "SO-1"
    assert office.is_sound()
