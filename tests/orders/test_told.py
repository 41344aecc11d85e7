"""A cell of a sound row that has no effect, because another row or what is known counts, is named in a warning."""

import pytest

from tests.orders.importing import Importer

_HEAD = ("orderId", "customerCode", "customerName", "itemSku", "quantity", "unitPrice")


def _row(order: str, code: str, name: str, *more: str) -> tuple[str, ...]:
    return (order, code, name, "A-1", "1", "1", *more)


def test_dates_of_an_order_that_do_not_count_are_named(importer: Importer) -> None:
    rows = [
        _row("1", "", "Acme", "2026-11-20 10:00:00"),
        _row("1", "", "Acme", "2026-11-20 09:59:00"),
        _row("1", "", "Acme", ""),
        _row("1", "", "Acme", "2026-11-20T09:59:00"),
        _row("2", "", "Acme", "2026-11-21"),
        _row("2", "", "Acme", "2026-11-21 00:00:00"),
    ]
    done = importer.bring_in(rows, header=(*_HEAD, "orderDate"))
    told = [
        (one["row_number"], one["severity"], one["column_name"]) for one in done.errors if one["code"] == "date_differs"
    ]
    assert told == [(2, "warning", "orderDate")]
    assert "2026-11-20 10:00:00 in this row does not count" in next(
        one["message"] for one in done.errors if one["code"] == "date_differs"
    )
    assert done.operation.succeeded == 2


@pytest.mark.parametrize("code", ["C1", ""])
def test_what_a_known_customer_does_not_take_over_is_named_once(importer: Importer, code: str) -> None:
    head = (*_HEAD, "customerEmail", "customerPhone", "customerAddress")
    first = importer.bring_in([_row("1", code, "Acme", "a@acme.example", "", "Main Street 1")], header=head)
    assert first.codes == []
    again = [
        _row("2", code, "Acme", "a@acme.example", "+49 1", "Main Street 1"),
        _row("3", code, "Acme", "b@acme.example", "+49 1", "Main Street 1"),
        _row("4", code, "Acme", "b@acme.example", "+49 1", "Main Street 1"),
        _row("5", code, "Acme", "a@acme.example", "+49 1", "Side Street 2"),
    ]
    done = importer.bring_in(again, header=head)
    assert done.codes == [(3, "customer_kept"), (5, "customer_kept")]
    assert {one["severity"] for one in done.errors} == {"warning"}
    assert [one["column_name"] for one in done.errors] == ["customerEmail", "customerAddress"]
    assert done.errors[0]["message"] == (
        f"Customer {code or 'Acme'} keeps the e-mail 'a@acme.example'; 'b@acme.example' in this row does not count"
    )
    (customer,) = importer.rows("SELECT email, phone, address FROM customers")
    assert customer == {"email": "a@acme.example", "phone": "+49 1", "address": "Main Street 1"}


def test_of_what_is_new_the_most_frequent_counts_and_the_rest_is_named(importer: Importer) -> None:
    rows = [
        _row("1", "C1", "Acme", "a@acme.example"),
        _row("2", "C1", "Acme Ltd", "b@acme.example"),
        _row("3", "C1", "ACME", "b@acme.example"),
        _row("4", "C2", "", "c@bolt.example"),
        _row("5", "C2", "", ""),
    ]
    done = importer.bring_in(rows, header=(*_HEAD, "customerEmail"))
    assert done.operation.succeeded == 5
    known = {row["code"]: row for row in importer.rows("SELECT code, name, email FROM customers")}
    assert known["C1"]["email"] == "b@acme.example"
    named = {(one["row_number"], one["column_name"]) for one in done.errors}
    assert (2, "customerEmail") in named
    assert (3, "customerName") in named
    assert not {5, 6} & {row for row, _ in named}
    told = {text for one in done.errors for text in (one["message"],)}
    assert all(f"the name '{known['C1']['name']}'" in text or "e-mail" in text for text in told)


def test_rows_that_agree_are_not_spoken_of(importer: Importer) -> None:
    head = (*_HEAD, "customerEmail", "orderDate")
    rows = [_row(str(number), "C1", "Acme", "a@acme.example", "2026-11-20") for number in (1, 1, 2, 3)]
    assert [code for _, code in importer.bring_in(rows, header=head).codes] == ["repeated_line"]
    more = [_row("9", "C1", "acme", "a@acme.example", "2026-11-20")]
    assert importer.bring_in(more, header=head).codes == []


def test_rows_of_refused_orders_say_only_why_they_are(importer: Importer) -> None:
    importer.bring_in([_row("1", "C1", "Acme", "a@acme.example")], header=(*_HEAD, "customerEmail"))
    bad = [("2", "C1", "Acme", "A-1", "-1", "1", "b@acme.example")]
    assert importer.bring_in(bad, header=(*_HEAD, "customerEmail")).codes == [(2, "looks_like_return")]
