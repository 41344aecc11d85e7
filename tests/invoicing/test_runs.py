"""Runs of invoices over orders: what is issued, refused, skipped, numbered and rounded."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.invoicing.office import Office
from tranche.invoicing import service
from tranche.invoicing.domain import NothingSelected, OrderFilter, SelectionNotFound, TooManyOrders, Wishes
from tranche.invoicing.service import Choice
from tranche.kernel.errors import Invalid
from tranche.kernel.operations.domain import ItemStatus, Status


def test_every_order_becomes_one_invoice_in_the_order_given(office: Office) -> None:
    ids = office.orders(3)
    done = office.invoice([ids[2], ids[0], ids[1]])
    assert (done.status, done.total, done.succeeded) == (Status.COMPLETED, 3, 3)
    rows = office.rows("SELECT number, order_number, status, total FROM invoices ORDER BY id")
    assert [(row["number"], row["order_number"]) for row in rows] == [
        ("INV-2026-000001", "SO-3"),
        ("INV-2026-000002", "SO-1"),
        ("INV-2026-000003", "SO-2"),
    ]
    assert {row["status"] for row in office.rows("SELECT status FROM orders")} == {"invoiced"}
    assert office.is_sound()


def test_the_ledger_says_which_invoice_an_order_has_become(office: Office) -> None:
    (order_id,) = office.orders()
    (item,) = office.items(office.invoice([order_id]))
    (row,) = office.rows("SELECT id FROM invoices")
    assert item.label == "SO-1"
    assert item.result == {"invoiceId": row["id"]}


def test_a_document_shows_all_that_was_frozen(office: Office) -> None:
    (order_id,) = office.orders(lines=2)
    office.invoice([order_id], language="de", payment_terms="14 days net", due_days=14, notes="Thank you")
    (row,) = office.rows("SELECT id FROM invoices")
    office.rows("UPDATE customers SET name = 'Renamed' RETURNING id")
    document = office.document(row["id"])
    assert document.buyer.name == "Miller"
    assert document.buyer.address == "Mill Lane 1"
    assert document.seller.name == "Acme"
    assert (document.language, document.payment_terms, document.notes) == ("de", "14 days net", "Thank you")
    assert (document.invoice_date, document.due_date) == (date(2026, 11, 28), date(2026, 12, 12))
    assert [(line.net, line.tax) for line in document.lines] == [(Decimal("19.98"), Decimal("4.00"))] * 2
    assert (document.net, document.tax, document.total) == (Decimal("39.96"), Decimal("8.00"), Decimal("47.96"))
    assert [(tax.rate, tax.net, tax.tax) for tax in document.taxes] == [
        (Decimal(20), Decimal("39.96"), Decimal("8.00"))
    ]


@pytest.mark.parametrize(
    ("currency", "price", "rate", "amounts"),
    [
        ("EUR", "0.125", "20", ("0.13", "0.03")),  # 0.125 -> 0.13; 0.026 -> 0.03
        ("EUR", "2.50", "7", ("2.50", "0.18")),  # 0.175 is exactly half a cent over
        ("JPY", "10.5", "10", ("11", "1")),
        ("BHD", "1.2345", "5", ("1.235", "0.062")),
        ("USD", "0", "20", ("0.00", "0.00")),
    ],
)
def test_amounts_are_rounded_half_up_per_line_at_the_currencys_digits(
    office: Office, currency: str, price: str, rate: str, amounts: tuple[str, str]
) -> None:
    ids = office.orders(lines=1, quantity=Decimal(1), price=Decimal(price), tax_rate=Decimal(rate), currency=currency)
    office.invoice(ids)
    net, tax = map(Decimal, amounts)
    (row,) = office.rows("SELECT net, tax, total, total_minor, currency_digits(currency) AS digits FROM invoices")
    assert (row["net"], row["tax"], row["total"]) == (net, tax, net + tax)
    assert row["total_minor"] == (net + tax).scaleb(row["digits"])
    assert office.is_sound()


def test_a_line_without_a_rate_takes_the_organizations(office: Office) -> None:
    with office.transaction() as conn:
        settings = service.get_settings(conn)
        service.change_settings(conn, office.context, settings=replace(settings, tax_rate=Decimal(10)))
    office.invoice(office.orders(lines=1, price=Decimal(5), quantity=Decimal(1), tax_rate=None))
    (row,) = office.rows("SELECT net, tax FROM invoices")
    assert (row["net"], row["tax"]) == (Decimal(5), Decimal("0.50"))


def test_an_order_that_cannot_be_invoiced_says_why_and_blocks_no_other(office: Office) -> None:
    ids = office.orders(6)
    with office.transaction() as conn:
        conn.execute("UPDATE orders SET status = 'cancelled' WHERE id = %(id)s", {"id": ids[0]})
        conn.execute("UPDATE orders SET kind = 'return' WHERE id = %(id)s", {"id": ids[1]})
        conn.execute("DELETE FROM order_lines WHERE order_id = %(id)s", {"id": ids[2]})
        conn.execute("UPDATE order_lines SET quantity = -1 WHERE order_id = %(id)s AND line_number = 2", {"id": ids[3]})
        conn.execute("UPDATE order_lines SET unit_price = 1e20 WHERE order_id = %(id)s", {"id": ids[4]})
    done = office.invoice([*ids, 999_999])
    assert done.status is Status.COMPLETED_WITH_ERRORS
    assert [(item.status, item.error_code) for item in office.items(done)] == [
        (ItemStatus.FAILED, "order_cancelled"),
        (ItemStatus.FAILED, "order_is_return"),
        (ItemStatus.FAILED, "no_lines"),
        (ItemStatus.FAILED, "bad_quantity"),
        (ItemStatus.FAILED, "amount_too_large"),
        (ItemStatus.SUCCEEDED, None),
        (ItemStatus.FAILED, "order_not_found"),
    ]
    assert office.numbers() == ["INV-2026-000001"]


def test_an_order_that_has_an_invoice_is_skipped_and_names_it(office: Office) -> None:
    ids = office.orders(2)
    office.invoice(ids[:1])
    done = office.invoice(ids)
    assert (done.status, done.succeeded, done.skipped) == (Status.COMPLETED, 1, 1)
    skipped = office.items(done)[0]
    assert (skipped.status, skipped.error_code) == (ItemStatus.SKIPPED, "already_invoiced")
    assert skipped.error == "The order has the invoice INV-2026-000001 already."
    assert office.numbers() == ["INV-2026-000001", "INV-2026-000002"]


def test_the_year_of_a_number_is_that_of_the_invoice_date_in_the_organizations_zone(office: Office) -> None:
    office.owner.execute("UPDATE organizations SET zone = 'Asia/Dhaka'")
    late = datetime(2026, 12, 31, 20, tzinfo=UTC)  # already 2027 in Dhaka
    office.invoice(office.orders(prefix="A"), now=late)
    office.invoice(office.orders(prefix="B"), now=late, invoice_date=date(2026, 12, 31))
    assert office.numbers() == ["INV-2027-000001", "INV-2026-000001"]
    assert office.is_sound()


def test_a_failed_order_can_be_retried_in_the_same_run(office: Office) -> None:
    (order_id,) = office.orders()
    office.rows("UPDATE orders SET status = 'cancelled' RETURNING id")
    failed = office.invoice([order_id])
    assert failed.status is Status.FAILED
    office.rows("UPDATE orders SET status = 'open' RETURNING id")
    with office.transaction() as conn:
        office.operations.retry(conn, office.context, operation_id=failed.id, code="order_cancelled")
    assert office.end(failed).status is Status.COMPLETED
    assert office.is_sound()


def test_orders_of_a_deleted_batch_are_not_there(office: Office) -> None:
    (batch,) = office.rows(
        """
        INSERT INTO order_batches (organization_id, user_id, file_name, status, completed_at, deleted_at)
        VALUES (current_organization(), %(user_id)s, 'a.xlsx', 'completed', now(), now()) RETURNING id
        """,
        user_id=office.context.user_id,
    )
    (item,) = office.items(office.invoice(office.orders(batch_id=batch["id"])))
    assert item.error_code == "order_not_found"


def test_a_filter_takes_what_matches_and_a_selection_what_matched(office: Office) -> None:
    office.orders(2, prefix="AA")
    with office.transaction() as conn:
        selection = service.freeze_selection(conn, office.context, wanted=OrderFilter(search="AA", status="open"))
    office.orders(3, prefix="AA-later")
    assert (selection.order_count, selection.sums[0].orders, selection.sums[0].currency) == (2, 2, "EUR")
    assert office.invoice(choice=Choice(selection_id=selection.id)).succeeded == 2
    done = office.invoice(choice=Choice(filter=OrderFilter(search="AA")))
    assert (done.succeeded, done.skipped) == (3, 2)
    assert office.is_sound()


def test_a_preview_is_what_then_happens(office: Office) -> None:
    ids = office.orders(4)
    office.invoice(ids[:1])
    office.rows("UPDATE orders SET status = 'cancelled' WHERE id = %(id)s RETURNING id", id=ids[1])
    with office.transaction() as conn:
        seen = service.preflight(conn, office.context, choice=Choice(order_ids=ids), wishes=Wishes())
    assert (seen.total, seen.ready, seen.skipped, seen.failed) == (4, 2, 1, 1)
    assert {(found.code, found.orders, found.examples) for found in seen.findings} == {
        (None, 2, ("SO-3", "SO-4")),
        ("already_invoiced", 1, ("SO-1",)),
        ("order_cancelled", 1, ("SO-2",)),
    }
    assert [(total.currency, total.orders, total.total) for total in seen.sums] == [("EUR", 2, Decimal("143.88"))]
    assert office.numbers() == ["INV-2026-000001"]
    done = office.invoice(ids)
    assert (done.succeeded, done.skipped, done.failed) == (seen.ready, seen.skipped, seen.failed)


@pytest.mark.parametrize(
    ("choice", "refusal", "pointer"),
    [
        (Choice(), Invalid, "/order_ids"),
        (Choice(order_ids=[]), Invalid, "/order_ids"),
        (Choice(order_ids=[1], selection_id=1), Invalid, "/selection_id"),
        (Choice(order_ids=[1, 2, 1]), Invalid, "/order_ids/2"),
        (Choice(order_ids=[0]), Invalid, "/order_ids/0"),
        (Choice(order_ids=range(1, 10_002)), TooManyOrders, None),
        (Choice(filter=OrderFilter(search="nothing")), NothingSelected, None),
        (Choice(selection_id=1), SelectionNotFound, None),
    ],
)
def test_a_choice_that_names_no_orders_is_refused(
    office: Office, choice: Choice, refusal: type[Invalid], pointer: str | None
) -> None:
    with pytest.raises(refusal) as caught:
        office.start(choice=choice)
    assert [fault.pointer for fault in caught.value.errors] == ([pointer] if pointer else [])
    assert office.rows("SELECT id FROM operations") == []


@pytest.mark.parametrize(
    ("wishes", "pointer"),
    [
        ({"due_days": -1}, "/due_days"),
        ({"due_days": 4_000}, "/due_days"),
        ({"due_date": date(2026, 11, 27)}, "/due_date"),
        ({"due_date": date(2026, 11, 29), "due_days": 1}, "/due_days"),
        ({"invoice_date": date(1999, 12, 31)}, "/invoice_date"),
        ({"language": "Deutsch"}, "/language"),
        ({"notes": "x" * 2_001}, "/notes"),
    ],
)
def test_a_wish_that_cannot_be_granted_is_refused(office: Office, wishes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        office.start(office.orders(), **wishes)
    assert [fault.pointer for fault in caught.value.errors] == [pointer]
