"""What the judge of an order import says of rows and orders, and what is brought in."""

from collections.abc import Callable
from datetime import UTC
from decimal import Decimal
from pathlib import Path

import pytest

from tests.factories import Organization
from tests.orders.importing import Importer
from tranche.imports.domain import ImportMode, Mapping, OnDuplicate
from tranche.kernel.db.pool import Database
from tranche.kernel.operations.domain import Status
from tranche.orders.domain import BatchStatus

GOOD = ("1", "Acme", "A-1", "2", "10.50")


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (("", "Acme", "A-1", "2", "10"), "missing_field"),
        (("1", "Acme", "A-1", "", "10"), "missing_field"),
        (("1", "Acme", "A-1", "2", ""), "missing_field"),
        (("1", "Acme", "A-1", "two", "10"), "not_a_number"),
        (("1", "Acme", "A-1", "2", "ten"), "not_a_number"),
        (("1", "Acme", "A-1", "NaN", "10"), "not_a_number"),
        (("1", "Acme", "A-1", "1e400", "10"), "not_a_number"),
        (("1", "Acme", "A-1", "0", "10"), "not_positive"),
        (("1", "Acme", "A-1", "-2", "10"), "looks_like_return"),
        (("1", "Acme", "A-1", "2", "-0.01"), "negative_price"),
        (("1", "", "A-1", "2", "10"), "missing_customer"),
        (("1", "Acme", "", "2", "10"), "missing_item"),
        (("x" * 201, "Acme", "A-1", "2", "10"), "too_long"),
    ],
)
def test_a_bad_row_fails_its_order_and_says_why(importer: Importer, row: tuple[str, ...], code: str) -> None:
    done = importer.bring_in([("9", "Acme", "A-1", "1", "1"), row])
    assert done.codes == [(3, code)]
    assert (done.operation.succeeded, done.operation.failed) == (1, 1)
    assert done.operation.status is Status.COMPLETED_WITH_ERRORS
    assert importer.rows("SELECT number FROM orders") == [{"number": "9"}]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("taxRate", "101", "bad_tax_rate"),
        ("taxRate", "some", "bad_tax_rate"),
        ("currency", "Euro", "bad_currency"),
        ("orderDate", "2026-02-30", "not_a_date"),
        ("orderDate", "1899-12-31", "date_out_of_range"),
        ("orderDate", "soon", "not_a_date"),
    ],
)
def test_an_optional_cell_that_is_filled_must_be_right(importer: Importer, field: str, value: str, code: str) -> None:
    header = ("orderId", "customerName", "itemSku", "quantity", "unitPrice", field)
    done = importer.bring_in([(*GOOD, value)], header=header)
    assert [found for _, found in done.codes] == [code]
    assert done.operation.status is Status.FAILED


def test_a_leap_day_is_a_date_in_leap_years_only(importer: Importer) -> None:
    header = ("orderId", "customerName", "itemSku", "quantity", "unitPrice", "orderDate")
    rows = [("1", *GOOD[1:], "2024-02-29"), ("2", *GOOD[1:], "2025-02-29")]
    done = importer.bring_in(rows, header=header)
    assert [row for row, _ in done.codes] == [3]
    assert done.operation.succeeded == 1


def test_a_date_is_in_the_organizations_zone_unless_it_says_its_own(
    database: Database, organization: Callable[..., Organization], tmp_path: Path
) -> None:
    importer = Importer(database, organization(zone="Asia/Dhaka").context(), tmp_path)
    header = ("orderId", "customerName", "itemSku", "quantity", "unitPrice", "orderDate")
    rows = [("1", *GOOD[1:], "2026-11-20 06:00:00"), ("2", *GOOD[1:], "2026-11-20T06:00:00+02:00")]
    assert importer.bring_in(rows, header=header).operation.status is Status.COMPLETED
    dates = importer.rows("SELECT order_date FROM orders ORDER BY number")
    assert [row["order_date"].astimezone(UTC).hour for row in dates] == [0, 4]


def test_an_order_comes_in_whole_with_exact_sums(importer: Importer) -> None:
    done = importer.bring_in([("1", "Acme", "A-1", "3", "0.335"), ("1", "Acme", "A-2", "0.1", "0.2")])
    assert done.batch is not None
    assert done.batch.status is BatchStatus.COMPLETED
    assert done.batch.success_rate == Decimal("100.00")
    (order,) = importer.rows("SELECT number, line_count, total, kind, currency FROM orders")
    assert order == {"number": "1", "line_count": 2, "total": Decimal("1.03"), "kind": "sale", "currency": "USD"}
    lines = importer.rows("SELECT line_number, quantity, unit_price, amount, source_row FROM order_lines ORDER BY 1")
    assert [(line["amount"], line["source_row"]) for line in lines] == [(Decimal("1.01"), 2), (Decimal("0.02"), 3)]


def test_a_bad_line_takes_its_whole_order_with_it(importer: Importer) -> None:
    done = importer.bring_in([GOOD, ("1", "Acme", "A-2", "-1", "5"), ("2", "Acme", "A-1", "1", "1")])
    assert done.codes == [(2, "order_rejected"), (3, "looks_like_return")]
    assert done.errors[0]["message"] == "Not imported: row 3 of this order is bad"
    assert [row["number"] for row in importer.rows("SELECT number FROM orders")] == ["2"]


def test_rows_without_an_order_number_count_as_one_failed_order_each(importer: Importer) -> None:
    done = importer.bring_in([GOOD, ("", "Acme", "A-1", "1", "1"), ("", "Acme", "A-1", "1", "1")])
    assert done.batch is not None
    assert (done.batch.total_orders, done.batch.successful_orders, done.batch.failed_orders) == (3, 1, 2)
    assert done.errors[0]["message"] == "Missing required field: orderId"


def test_customer_currency_and_direction_must_agree_within_an_order(importer: Importer) -> None:
    header = ("orderId", "customerName", "itemSku", "quantity", "unitPrice", "currency")
    rows = [
        ("1", "Acme", "A", "1", "1", "EUR"),
        ("1", "Bolt", "A", "1", "1", "EUR"),
        ("2", "Acme", "A", "1", "1", "EUR"),
        ("2", "Acme", "A", "1", "1", "USD"),
        ("3", "Acme", "A", "1", "1", "EUR"),
        ("3", "Acme", "A", "-1", "1", "EUR"),
    ]
    done = importer.bring_in(rows, header=header, mapping=Mapping(accept_returns=True))
    assert [code for _, code in done.codes if code != "order_rejected"] == [
        "customer_differs",
        "currency_differs",
        "mixed_return",
    ]
    assert done.operation.succeeded == 0


def test_spelling_of_one_customer_may_differ_in_case(importer: Importer) -> None:
    done = importer.bring_in([GOOD, ("1", "ACME", "A-2", "1", "1")])
    assert done.operation.succeeded == 1
    assert len(importer.rows("SELECT id FROM customers")) == 1


def test_accepted_returns_form_a_return_order(importer: Importer) -> None:
    done = importer.bring_in([("C1", "Acme", "A-1", "-2", "10.50")], mapping=Mapping(accept_returns=True))
    assert done.operation.status is Status.COMPLETED
    assert importer.rows("SELECT kind, total FROM orders") == [{"kind": "return", "total": Decimal("-21.00")}]


def test_a_price_of_zero_is_a_price(importer: Importer) -> None:
    assert importer.bring_in([("1", "Acme", "A-1", "2", "0")]).operation.status is Status.COMPLETED


def test_a_default_customer_takes_rows_without_one(importer: Importer) -> None:
    done = importer.bring_in([("1", "", "A-1", "2", "1")], mapping=Mapping(default_customer="Walk-in"))
    assert done.operation.status is Status.COMPLETED
    assert importer.rows("SELECT name FROM customers") == [{"name": "Walk-in"}]


def test_a_default_customer_names_nobody_who_has_a_code(importer: Importer) -> None:
    header = ("orderId", "customerCode", "itemSku", "quantity", "unitPrice")
    rows = [("1", "C1", "A", "2", "1"), ("2", "", "A", "2", "1"), ("3", "C2", "A", "2", "1"), ("4", "", "A", "2", "1")]
    done = importer.bring_in(rows, header=header, mapping=Mapping(default_customer="Counter"))
    assert done.errors == []
    assert importer.rows("SELECT code, name FROM customers ORDER BY name") == [
        {"code": "C1", "name": "C1"},
        {"code": "C2", "name": "C2"},
        {"code": None, "name": "Counter"},
    ]
    again = importer.bring_in([("5", "C1", "A", "2", "1")], header=header, mapping=Mapping(default_customer="Counter"))
    assert again.errors == []


def test_a_default_customer_that_fits_several_is_refused_and_not_lost(importer: Importer) -> None:
    header = ("orderId", "customerName", "customerCode", "itemSku", "quantity", "unitPrice")
    importer.bring_in([("1", "Acme", "C1", "A", "1", "1"), ("2", "Acme", "C2", "A", "1", "1")], header=header)
    done = importer.bring_in([("3", "", "", "A", "1", "1")], header=header, mapping=Mapping(default_customer="Acme"))
    assert done.codes == [(2, "ambiguous_name")]
    assert done.errors[0]["message"] == "Several records are named 'Acme'; give the code"


def test_repeated_lines_are_taken_with_a_warning(importer: Importer) -> None:
    done = importer.bring_in([GOOD, GOOD])
    assert done.codes == [(3, "repeated_line")]
    assert done.operation.status is Status.COMPLETED
    assert done.batch is not None
    assert done.batch.warning_count == 1


def test_a_name_that_fits_several_customers_asks_for_the_code(importer: Importer) -> None:
    header = ("orderId", "customerName", "customerCode", "itemSku", "quantity", "unitPrice")
    importer.bring_in([("1", "Acme", "C1", "A", "1", "1"), ("2", "Acme", "C2", "A", "1", "1")], header=header)
    done = importer.bring_in([("3", "Acme", "", "A", "1", "1"), ("4", "", "C2", "A", "1", "1")], header=header)
    assert done.codes == [(2, "ambiguous_name")]
    assert done.operation.succeeded == 1


def test_a_missing_customer_is_told_at_the_column_that_the_file_has(importer: Importer) -> None:
    header = ("orderId", "Customer ID", "itemSku", "quantity", "unitPrice")
    done = importer.bring_in([("1", "", "A", "1", "1"), ("2", "C7", "A", "1", "1")], header=header)
    assert [(error["row_number"], error["column_name"]) for error in done.errors] == [(2, "Customer ID")]


def test_unknown_columns_are_kept_as_extra(importer: Importer) -> None:
    header = ("orderId", "customerName", "itemSku", "quantity", "unitPrice", "Colour")
    importer.bring_in([(*GOOD, "blue")], header=header)
    assert importer.rows("SELECT extra FROM order_lines") == [{"extra": {"Colour": "blue"}}]


def test_an_order_that_exists_is_an_error_unless_the_sender_chose(importer: Importer) -> None:
    first = importer.bring_in([GOOD])
    again = importer.bring_in([GOOD, ("2", "Acme", "A-1", "1", "1")])
    assert again.codes == [(2, "order_exists")]
    skipped = importer.bring_in([("1", "Acme", "A-1", "5", "1")], on_duplicate=OnDuplicate.SKIP)
    assert (skipped.operation.skipped, skipped.operation.status) == (1, Status.COMPLETED)
    updated = importer.bring_in([("1", "Bolt", "A-1", "5", "1")], on_duplicate=OnDuplicate.UPDATE)
    assert (updated.operation.succeeded, updated.operation.failed) == (1, 0)
    orders = importer.rows("SELECT batch_id, total FROM orders WHERE number = '1'")
    assert first.batch is not None
    assert updated.batch is not None
    assert orders == [{"batch_id": updated.batch.id, "total": Decimal("5.00")}]


def test_atomic_mode_refuses_all_when_one_row_is_bad(importer: Importer) -> None:
    done = importer.bring_in([GOOD, ("2", "Acme", "A-1", "0", "1")], mode=ImportMode.ATOMIC)
    assert done.operation.status is Status.FAILED
    assert done.batch is not None
    assert done.batch.status is BatchStatus.FAILED
    assert "mode=atomic" in str(done.batch.failure)
    assert importer.rows("SELECT id FROM orders") == []
    assert importer.rows("SELECT id FROM customers") == []


def test_a_dry_run_reports_everything_and_writes_nothing(importer: Importer) -> None:
    done = importer.bring_in([GOOD, ("2", "Acme", "A-1", "0", "1")], dry_run=True)
    assert done.codes == [(3, "not_positive")]
    assert (done.operation.total, done.operation.succeeded, done.operation.failed) == (2, 1, 1)
    for table in ("orders", "order_batches", "customers", "items"):
        assert importer.rows(f"SELECT * FROM {table}") == []


def test_a_file_without_rows_fails_with_a_sentence(importer: Importer) -> None:
    done = importer.bring_in([])
    assert done.operation.status is Status.FAILED
    assert done.operation.error


def test_nothing_is_left_on_the_stage(importer: Importer) -> None:
    importer.bring_in([GOOD, ("", "Acme", "A-1", "1", "1")])
    assert importer.rows("SELECT * FROM order_import_lines") == []
    assert importer.rows("SELECT * FROM order_import_groups") == []


def test_a_stage_that_a_crash_emptied_is_read_again(importer: Importer) -> None:
    operation = importer.upload([GOOD, ("2", "Acme", "A-1", "1", "1")])
    while importer.look(operation).operation.phase != "commit":
        importer.step(operation)
    with importer.database.transaction(None) as conn:
        conn.execute("DELETE FROM order_import_lines")
    done = importer.work(operation)
    assert (done.operation.status, done.operation.succeeded) == (Status.COMPLETED, 2)


def test_a_retry_after_an_import_brings_in_what_is_right_by_now(importer: Importer) -> None:
    header = ("orderId", "customerName", "customerCode", "itemSku", "quantity", "unitPrice")
    importer.bring_in([("1", "Acme", "C1", "A", "1", "1"), ("2", "Acme", "C2", "A", "1", "1")], header=header)
    done = importer.bring_in([("3", "Acme", "", "A", "1", "1"), ("4", "", "C2", "A", "1", "1")], header=header)
    assert done.operation.failed == 1
    with importer.database.transaction(importer.context.organization_id) as conn:
        conn.execute("UPDATE customers SET name = 'Acme North', name_folded = 'acme north' WHERE code = 'C1'")
        importer.operations.retry(conn, importer.context, operation_id=done.operation.id, code=None)
    again = importer.work(done.operation)
    assert (again.operation.succeeded, again.operation.failed, again.operation.total) == (2, 0, 2)
    assert again.batch is not None
    assert again.batch.status is BatchStatus.COMPLETED
    assert len(importer.rows("SELECT id FROM orders")) == 4
