"""Document 1's uploads as ruled: what is taken in, what is refused, what a sender may choose."""

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.contracts.document_1 import Desk, csv, errors_of, october_trades, read, xlsx
from tests.live import Live
from tranche.kernel.context import Role

GOOD = ("A1", "Bob", "S-1", "Thing", 2, "9.99")
XLSX = "orders.xlsx"


@pytest.fixture
def desk(live: Live) -> Desk:
    return Desk(live.client, "/api/orders/batches")


def order(live: Live, number: str) -> Any:
    """One order with its lines, found by its number."""
    found = read(live.client.get("/api/orders", params={"search": number}))["data"]
    return read(live.client.get(f"/api/orders/{found[0]['id']}"))["data"]


def how_many(live: Live, table: str) -> int:
    with live.database.transaction(live.context.organization_id) as conn:
        row = conn.execute(f"SELECT count(*) AS n FROM {table}".encode()).fetchone()
    assert row is not None
    return int(row["n"])


def test_a_row_is_an_order_line_and_orderid_groups_rows_into_one_order(desk: Desk, live: Live) -> None:
    batch = desk.bring(csv(GOOD, ("B1", "Eve", "S-1", "Thing", 1, 5), ("A1", "Bob", "S-2", "Other", 3, "0.335")))
    assert (batch["totalOrders"], batch["successfulOrders"]) == (2, 2)
    found = order(live, "A1")
    assert [(line["itemSku"], line["row"], line["amount"]) for line in found["lines"]] == [
        ("S-1", 2, Decimal("19.98")),
        ("S-2", 4, Decimal("1.01")),
    ]
    assert (found["total"], found["currency"], found["customerName"]) == (Decimal("20.99"), "USD", "Bob")


@pytest.mark.parametrize("name", ["orders.xlsx", "orders.csv"])
def test_a_spreadsheet_of_either_kind_is_taken(desk: Desk, name: str) -> None:
    content = xlsx([GOOD]) if name == XLSX else csv(GOOD)
    assert desk.bring(content, name=name)["successfulOrders"] == 1


def test_headers_are_matched_by_synonym_and_other_columns_are_kept(desk: Desk, live: Live) -> None:
    header = ("Order No", "Client", "Artikelnummer", "Qty", "Unit Price", "Colour")
    desk.bring(csv(("A1", "Bob", "S-1", 1, 5, "red"), header=header))
    assert order(live, "A1")["lines"][0]["extra"] == {"Colour": "red"}


def test_headers_are_matched_by_an_explicit_mapping(desk: Desk, live: Live) -> None:
    content = csv(("A1", "Bob", 1, 5), header=("x1", "x2", "x3", "x4"))
    refused = desk.bring(content)
    assert refused["status"] == "failed"
    assert "orderId" in refused["failure"]
    mapping = {"orderId": "x1", "customerName": "x2", "quantity": "x3", "unitPrice": "x4"}
    assert desk.bring(content, mapping=json.dumps(mapping))["successfulOrders"] == 1
    assert order(live, "A1")["customerName"] == "Bob"


def test_an_order_is_imported_whole_or_not_at_all(desk: Desk) -> None:
    batch = desk.bring(csv(GOOD, ("A1", "Bob", "S-2", "Other", "x", 1), ("B1", "Eve", "S-1", "Thing", 1, 5)))
    assert (batch["totalOrders"], batch["successfulOrders"], batch["failedOrders"]) == (2, 1, 1)
    assert desk.orders_of(batch["id"]) == ["B1"]
    assert errors_of(batch) == [(2, "order_rejected"), (3, "not_a_number")]
    assert batch["errorLog"]["parseErrors"][0]["error"] == "Not imported: row 3 of this order is bad"


def test_a_row_without_orderid_counts_as_one_failed_order(desk: Desk) -> None:
    batch = desk.bring(csv(GOOD, ("", "Bob", "S", "T", 1, 1), ("", "Bob", "S", "T", 1, 1)))
    assert (batch["totalOrders"], batch["successfulOrders"], batch["failedOrders"]) == (3, 1, 2)
    assert {entry["error"] for entry in batch["errorLog"]["parseErrors"]} == {"Missing required field: orderId"}


@pytest.mark.parametrize("good", [0, 1, 249, 250])
def test_successful_and_failed_orders_add_up_to_the_total(desk: Desk, good: int) -> None:
    batch = desk.bring(csv(*((f"A{n}", "Bob", "S", "T", int(n < good), 1) for n in range(250))))
    assert (batch["successfulOrders"], batch["failedOrders"], batch["totalOrders"]) == (good, 250 - good, 250)
    assert batch["status"] == ("completed" if good else "failed")
    assert batch["successRate"] == f"{Decimal(good) / Decimal('2.5'):.2f}"


def test_a_negative_quantity_looks_like_a_return(desk: Desk) -> None:
    batch = desk.bring(csv(GOOD, ("R1", "Bob", "S-1", "Thing", -2, 5)))
    assert errors_of(batch) == [(3, "looks_like_return")]
    assert "looks like a return" in batch["errorLog"]["parseErrors"][0]["error"]


def test_returns_form_a_return_order_where_the_mapping_accepts_them(desk: Desk, live: Live) -> None:
    batch = desk.bring(csv(GOOD, ("R1", "Bob", "S-1", "Thing", -2, 5)), mapping='{"acceptReturns": true}')
    assert batch["failedOrders"] == 0
    assert (order(live, "R1")["kind"], order(live, "R1")["total"], order(live, "A1")["kind"]) == ("return", -10, "sale")


def test_a_price_of_0_is_taken_and_one_below_is_not(desk: Desk) -> None:
    batch = desk.bring(csv(("A1", "Bob", "S", "T", 1, 0), ("A2", "Bob", "S", "T", 1, "-0.01")))
    assert desk.orders_of(batch["id"]) == ["A1"]
    assert errors_of(batch) == [(3, "negative_price")]


def test_a_row_without_customer_is_an_error_unless_the_mapping_names_one(desk: Desk, live: Live) -> None:
    content = csv(GOOD, ("A2", "", "S", "T", 1, 1))
    first = desk.bring(content, dryRun="true")
    assert (first["validOrders"], first["failedOrders"]) == (1, 1)
    batch = desk.bring(content, mapping='{"defaultCustomer": "Counter sales"}')
    assert batch["successfulOrders"] == 2
    assert order(live, "A2")["customerName"] == "Counter sales"


def test_customer_and_currency_agree_within_an_order(desk: Desk) -> None:
    header = ("orderId", "customer", "sku", "quantity", "unitPrice", "currency")
    lines = [
        ("A1", "Bob", "S", 1, 1, "USD"),
        ("A1", "Eve", "S", 1, 1, "USD"),
        ("A2", "Bob", "S", 1, 1, "USD"),
        ("A2", "Bob", "S", 1, 1, "EUR"),
        ("A3", "Bob", "S", 1, 1, ""),
        ("A3", "Bob", "S", 2, 1, "usd"),
    ]
    batch = desk.bring(csv(*lines, header=header))
    assert desk.orders_of(batch["id"]) == ["A3"]
    assert [pair for pair in errors_of(batch) if pair[1] != "order_rejected"] == [
        (3, "customer_differs"),
        (5, "currency_differs"),
    ]


def test_an_orders_date_is_its_earliest(desk: Desk, live: Live) -> None:
    header = ("orderId", "customer", "sku", "quantity", "unitPrice", "orderDate")
    dates = ("2026-03-05", "2026-03-04", "2026-03-06")
    desk.bring(csv(*(("A1", "Bob", f"S{n}", 1, 1, day) for n, day in enumerate(dates)), header=header))
    assert order(live, "A1")["orderDate"] == "2026-03-04T00:00:00Z"


def test_repeated_identical_lines_are_a_warning(desk: Desk, live: Live) -> None:
    batch = desk.bring(csv(GOOD, GOOD, GOOD))
    assert (batch["successfulOrders"], batch["errorCount"], batch["warningCount"]) == (1, 0, 2)
    assert batch["errorLog"] is None
    assert order(live, "A1")["lineCount"] == 3
    warnings = read(live.client.get(f"/api/orders/batches/{batch['id']}/errors", params={"severity": "warning"}))
    assert [entry["row"] for entry in warnings["data"]] == [3, 4]


DATED = ("orderId", "customer", "sku", "quantity", "unitPrice", "orderDate")


def dated(*days: str) -> bytes:
    return csv(*((f"A{n}", "Bob", "S", 1, 1, day) for n, day in enumerate(days)), header=DATED)


def test_one_value_settles_the_order_of_day_and_month_for_the_whole_column(desk: Desk, live: Live) -> None:
    assert desk.bring(dated("03/04/2026", "25/04/2026"))["successfulOrders"] == 2
    assert order(live, "A0")["orderDate"] == "2026-04-03T00:00:00Z"


def test_where_no_value_settles_day_and_month_the_mapping_must_say(desk: Desk, live: Live) -> None:
    content = dated("03/04/2026", "05/06/2026")
    refused = desk.bring(content)
    assert refused["successfulOrders"] == 0
    assert "dayFirst" in json.dumps(refused, default=str)
    assert desk.bring(content, mapping='{"dayFirst": false}')["successfulOrders"] == 2
    assert order(live, "A0")["orderDate"] == "2026-03-04T00:00:00Z"


def test_day_and_month_are_never_decided_row_by_row(desk: Desk) -> None:
    batch = desk.bring(dated("25/04/2026", "04/25/2026", "03/04/2026"))
    assert batch["successfulOrders"] < 3
    assert errors_of(batch)


def test_unknown_customers_and_items_are_made_once(desk: Desk, live: Live) -> None:
    desk.bring(csv(GOOD, ("A2", "Bob", "S-1", "Thing", 1, 1), ("A3", "bob", "S-1", "Thing", 1, 1)))
    assert (how_many(live, "customers"), how_many(live, "items")) == (1, 1)


def test_a_dry_run_reports_everything_and_writes_nothing(desk: Desk, live: Live) -> None:
    started = desk.send(october_trades(), name=XLSX, dryRun="true")
    assert started.status_code == 202
    report = desk.bring(october_trades(), name=XLSX, dryRun="true")
    assert (report["dryRun"], report["status"]) == (True, "completed_with_errors")
    assert (report["totalOrders"], report["validOrders"], report["failedOrders"]) == (250, 248, 2)
    errors = read(live.client.get(f"/api/imports/{report['importId']}/errors"))
    assert [(entry["row"], entry["code"]) for entry in errors["data"]] == [(45, "missing_field"), (100, "not_positive")]
    for table in ("orders", "order_lines", "customers", "items", "order_batches"):
        assert how_many(live, table) == 0, table
    assert desk.bring(october_trades(), name=XLSX)["successfulOrders"] == 248, "a dry run is no upload"


def test_atomic_refuses_all_where_one_row_is_bad(desk: Desk, live: Live) -> None:
    batch = desk.bring(october_trades(), name=XLSX, mode="atomic")
    assert (batch["status"], batch["successfulOrders"], batch["totalOrders"]) == ("failed", 0, 250)
    assert "atomic" in batch["failure"]
    assert errors_of(batch) == [(45, "missing_field"), (100, "not_positive")]
    assert (how_many(live, "orders"), how_many(live, "customers")) == (0, 0)
    assert desk.bring(csv(GOOD), mode="atomic")["successfulOrders"] == 1


def test_the_same_file_again_is_refused_unless_it_is_allowed(desk: Desk) -> None:
    first = desk.bring(csv(GOOD))
    again = desk.send(csv(GOOD), name="renamed.csv")
    assert (again.status_code, again.json()["code"]) == (409, "duplicate_file")
    assert f"batch {first['id']}" in again.json()["detail"]
    allowed = desk.bring(csv(GOOD), allowDuplicate="true")
    assert errors_of(allowed) == [(2, "order_exists")]


def test_a_failed_batch_or_a_deleted_one_does_not_count_as_the_same_file(desk: Desk, live: Live) -> None:
    bad = csv(("A1", "Bob", "S", "T", 0, 1))
    assert [desk.bring(bad)["status"] for _ in range(2)] == ["failed", "failed"]
    batch = desk.bring(csv(GOOD))
    assert live.client.delete(f"/api/orders/batches/{batch['id']}").status_code == 200
    assert desk.bring(csv(GOOD))["successfulOrders"] == 1


def test_an_order_that_exists_is_an_error_or_skipped_or_updated(desk: Desk, live: Live) -> None:
    first = desk.bring(csv(GOOD))
    changed = csv(("A1", "Eve", "S-2", "New", 7, 1), ("A2", "Bob", "S-1", "Thing", 1, 1))
    error = desk.bring(changed, dryRun="true")
    assert (error["validOrders"], error["failedOrders"], error["skippedOrders"]) == (1, 1, 0)
    skip = desk.bring(changed, dryRun="true", onDuplicate="skip")
    assert (skip["validOrders"], skip["failedOrders"], skip["skippedOrders"]) == (1, 0, 1)
    update = desk.bring(changed, onDuplicate="update")
    assert (update["successfulOrders"], update["failedOrders"]) == (2, 0)
    assert (order(live, "A1")["customerName"], order(live, "A1")["total"]) == ("Eve", 7)
    assert (desk.orders_of(first["id"]), desk.orders_of(update["id"])) == ([], ["A1", "A2"])


def test_skipped_orders_are_counted_apart(desk: Desk) -> None:
    desk.bring(csv(GOOD))
    batch = desk.bring(csv(GOOD, ("A2", "Bob", "S", "T", 1, 1)), onDuplicate="skip")
    counts = [batch[key] for key in ("totalOrders", "successfulOrders", "failedOrders", "skippedOrders")]
    assert (batch["status"], counts) == ("completed", [2, 1, 0, 1])


def test_what_is_no_spreadsheet_is_refused_and_kept_as_a_failed_batch(desk: Desk) -> None:
    refused = desk.send(b"%PDF-1.7 nothing to see", name="orders.xlsx")
    assert refused.status_code in {400, 415}
    batch = desk.get(status="failed")["batches"][0]
    assert (batch["fileName"], batch["failure"]) == ("orders.xlsx", refused.json()["detail"])


def test_a_viewer_may_look_and_may_not_upload(desk: Desk, live: Live) -> None:
    headers = {"Authorization": f"Bearer {live.key_for(Role.VIEWER)}"}
    assert live.client.get(desk.home, headers=headers).status_code == 200
    refused = live.client.post("/api/orders/upload", files={"file": ("a.csv", csv(GOOD))}, headers=headers)
    assert (refused.status_code, how_many(live, "order_batches")) == (403, 0)
