"""Document 1 as it is written: its requests, its JSON, its words, its SQL."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.contracts.document_1 import (
    ADDED_TO_BATCH,
    AUDIT_TRAIL,
    ERROR_LOG,
    LIST,
    STATS,
    Desk,
    assert_same_shape,
    csv,
    errors_of,
    october_trades,
    printed,
    read,
)
from tests.live import Live
from tranche.kernel.db.pool import Connection
from tranche.kernel.settings import BatchesApi

PATHS = {BatchesApi.INVENTORY: "/api/orders/batches", BatchesApi.ORDERS: "/api/batches"}


@pytest.fixture(params=list(BatchesApi))
def house(request: pytest.FixtureRequest, open_live: Callable[..., Live]) -> Live:
    """A house for each setting of TRANCHE_BATCHES_API."""
    return open_live(batches_api=request.param)


@pytest.fixture
def desk(house: Live) -> Desk:
    return Desk(house.client, PATHS[house.settings.batches_api])


@pytest.fixture
def october(desk: Desk) -> Any:
    """The document's own example, imported."""
    return desk.bring(october_trades(), name="october_trades.xlsx")


@pytest.fixture
def plain_desk(live: Live) -> Desk:
    """Where the bare path does not matter, one house is enough."""
    return Desk(live.client, PATHS[BatchesApi.INVENTORY])


def test_the_list_has_the_documents_fields_types_and_figures(desk: Desk, october: Any) -> None:
    answer = desk.get(page=1, limit=20, status="completed")
    document = printed(LIST)
    assert_same_shape(document, answer)
    batch = answer["batches"][0]
    assert answer.keys() == document.keys()
    assert batch.keys() == document["batches"][0].keys() | ADDED_TO_BATCH
    assert answer["pagination"] == {"page": 1, "limit": 20, "total": 1, "pages": 1}
    fixed = ("fileName", "status", "totalOrders", "successfulOrders", "failedOrders", "successRate")
    assert {key: batch[key] for key in fixed} == {key: document["batches"][0][key] for key in fixed}
    assert (batch["id"], batch["fileSize"]) == (october["id"], len(october_trades()))


def test_the_pagination_counts_45_batches_as_3_pages_of_20(live: Live, owner: Connection) -> None:
    desk = Desk(live.client, PATHS[BatchesApi.INVENTORY])
    owner.execute(
        "INSERT INTO order_batches (organization_id, user_id, file_name, status, completed_at) "
        "SELECT %(org)s, %(user)s, n::text, 'completed', now() FROM generate_series(1, 45) AS n",
        {"org": live.context.organization_id, "user": live.context.user_id},
    )
    assert desk.get(page=1, limit=20)["pagination"] == printed(LIST)["pagination"]
    pages = [desk.get(page=page, limit=20)["batches"] for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [20, 20, 5, 0]
    ids = [batch["id"] for page in pages for batch in page]
    assert ids == sorted(set(ids), reverse=True), "newest first, each once"
    for wrong in ({"page": 0}, {"limit": 0}, {"limit": 1001}, {"page": "x"}, {"colour": "red"}):
        assert live.client.get(desk.home, params=wrong).status_code == 400, wrong


def test_an_upload_is_answered_at_once_with_a_batch_in_processing(open_live: Callable[..., Live]) -> None:
    live = open_live(working=False)
    desk = Desk(live.client, PATHS[BatchesApi.INVENTORY])
    answer = desk.send(october_trades(), name="october_trades.xlsx")
    batch = read(answer)
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/api/orders/batches/{batch['id']}"
    assert int(answer.headers["retry-after"]) > 0
    expected = {"status": "processing", "totalOrders": 0, "successfulOrders": 0, "failedOrders": 0}
    assert {key: batch[key] for key in expected} == expected
    assert (batch["duration"], batch["completedAt"], batch["successRate"]) == (None, None, "0.00")
    assert desk.get(status="processing")["batches"][0]["id"] == batch["id"]
    live.start_worker()
    live.wait(batch["operationId"])
    assert desk.get(f"/{batch['id']}")["status"] == "completed"


def test_an_upload_that_cannot_be_imported_ends_failed_with_its_reason(plain_desk: Desk) -> None:
    batch = plain_desk.bring(csv(("A1", "Bob", "S", "Thing", 0, 2), ("A2", "Bob", "S", "Thing", "x", 2)))
    assert (batch["status"], batch["successfulOrders"], batch["failedOrders"]) == ("failed", 0, 2)
    assert batch["failure"]
    assert plain_desk.get(status="failed")["pagination"]["total"] == 1
    assert plain_desk.get(status="completed")["pagination"]["total"] == 0


def test_there_are_three_words_for_the_status_and_no_other_is_asked_for(desk: Desk, house: Live) -> None:
    for status in ("processing", "completed", "failed"):
        assert desk.get(status=status)["batches"] == []
    refused = house.client.get(desk.home, params={"status": "cancelled"})
    assert refused.status_code == 400
    assert "processing, completed, failed" in refused.json()["detail"]


def test_the_details_add_the_user_the_error_log_and_the_statistics(desk: Desk, house: Live, october: Any) -> None:
    answer = desk.get(f"/{october['id']}")
    assert_same_shape(printed(LIST)["batches"][0], answer)
    assert answer["userId"] == house.context.user_id
    assert answer["user"] == {"id": house.context.user_id, "name": "Ada Admin", "email": "ada@acme.test"}
    assert (answer["successRate"], answer["status"]) == ("99.20", "completed")
    began, ended = (datetime.fromisoformat(answer[key]) for key in ("importedAt", "completedAt"))
    assert answer["duration"] == round((ended - began).total_seconds())
    assert isinstance(answer["duration"], int)


def test_the_error_log_has_the_documents_format_and_excels_row_numbers(desk: Desk, october: Any) -> None:
    log = desk.get(f"/{october['id']}")["errorLog"]
    assert_same_shape(printed(ERROR_LOG), log)
    assert printed(ERROR_LOG)["parseErrors"][0].items() <= log["parseErrors"][0].items()
    assert errors_of(october) == [(45, "missing_field"), (100, "not_positive")]
    assert log["totalErrors"] == 2


def test_a_batch_without_errors_has_no_error_log(plain_desk: Desk) -> None:
    batch = plain_desk.bring(csv(("A1", "Bob", "S", "Thing", 1, 2)))
    assert (batch["errorLog"], batch["successRate"]) == (None, "100.00")


def test_the_orders_of_a_batch_are_all_of_that_batch_and_carry_its_id(desk: Desk, october: Any) -> None:
    other = desk.bring(csv(("X1", "Bob", "S", "Thing", 1, 2)))
    first = desk.get(f"/{october['id']}/orders", page=1, limit=50)
    assert first["pagination"] == {"page": 1, "limit": 50, "total": 248, "pages": 5}
    assert len(first["orders"]) == 50
    assert {order["batchId"] for order in first["orders"]} == {october["id"]}
    assert desk.orders_of(october["id"]) == [f"T-{n:04}" for n in range(250) if n not in {43, 98}]
    assert desk.orders_of(other["id"]) == ["X1"]


def test_the_default_page_of_orders_has_50(desk: Desk, october: Any) -> None:
    assert desk.get(f"/{october['id']}/orders")["pagination"]["limit"] == 50


def test_the_statistics_have_the_documents_fields_and_types(desk: Desk, october: Any) -> None:
    desk.bring(csv(("A1", "Bob", "S", "Thing", 1, 2)))
    desk.bring(csv(("A2", "Bob", "S", "Thing", 0, 2)))
    stats = desk.get("/stats")
    document = printed(STATS)
    assert_same_shape(document, stats)
    assert stats.keys() == document.keys()
    figures = {key: stats[key] for key in document if key != "recentBatches"}
    assert figures == {
        "totalBatches": 3,
        "completedBatches": 2,
        "failedBatches": 1,
        "processingBatches": 0,
        "totalOrdersImported": 249,
        "averageSuccessRate": Decimal("66.4"),
    }
    assert_same_shape(printed(LIST)["batches"], stats["recentBatches"])
    assert [batch["fileName"] for batch in stats["recentBatches"]] == [
        "orders.csv",
        "orders.csv",
        "october_trades.xlsx",
    ]
    assert october["id"] == stats["recentBatches"][-1]["id"]


def test_the_statistics_of_nothing_are_noughts(plain_desk: Desk) -> None:
    stats = plain_desk.get("/stats")
    assert (stats["totalBatches"], stats["averageSuccessRate"], stats["recentBatches"]) == (0, 0, [])


def test_the_documents_sql_runs_as_printed(live: Live, plain_desk: Desk) -> None:
    october = plain_desk.bring(october_trades(), name="october_trades.xlsx")
    with live.database.transaction(live.context.organization_id) as conn:
        rows = conn.execute(AUDIT_TRAIL.encode()).fetchall()
    assert [(row["filename"], row["totalorders"], row["name"]) for row in rows] == [
        ("october_trades.xlsx", 250, "Ada Admin")
    ]
    moment = datetime.fromisoformat(october["importedAt"])
    assert rows[0]["importedat"] == moment.replace(tzinfo=None), "in the organization's zone, here UTC"


def test_the_view_has_the_columns_of_the_documents_schema(live: Live, plain_desk: Desk) -> None:
    october = plain_desk.bring(october_trades(), name="october_trades.xlsx")
    with live.database.transaction(live.context.organization_id) as conn:
        row = conn.execute(
            "SELECT id, userId, fileName, fileSize, totalOrders, successfulOrders, failedOrders, status, errorLog, "
            "importedAt, completedAt FROM batches"
        ).fetchone()
    assert row is not None
    assert (row["id"], row["userid"], row["status"]) == (october["id"], live.context.user_id, "completed")
    assert (row["totalorders"], row["successfulorders"], row["failedorders"]) == (250, 248, 2)
    assert_same_shape(printed(ERROR_LOG), printed(row["errorlog"]))
