"""Document 1 after the import: deletion, correction, adoption, what other organizations see, what is repeated."""

import io
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import openpyxl
import pytest

from tests.contracts.document_1 import HEADER, Desk, csv, errors_of, october_trades, read
from tests.live import Live
from tests.naming import nameless
from tranche.kernel.db.pool import Connection
from tranche.kernel.settings import BatchesApi

HOME = "/api/orders/batches"
GOOD = ("A1", "Bob", "S-1", "Thing", 2, "9.99")


@pytest.fixture
def desk(live: Live) -> Desk:
    return Desk(live.client, HOME)


def problem(answer: httpx.Response, status: int, code: str) -> str:
    """The sentence of a refusal, which is one body for RFC 9457 and for document 5."""
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert (body["success"], body["message"]) == (False, body["detail"])
    assert body.keys() >= {"type", "title", "errors", "metadata"}
    assert body["metadata"]["requestId"] == answer.headers["x-request-id"]
    return str(body["detail"])


def fill(owner: Connection, live: Live, *, orders: int, batch: bool = True) -> int | None:
    """Orders of one line each, written past the import; with `batch` in a completed batch, whose id is returned."""
    values = {"org": live.context.organization_id, "user": live.context.user_id, "orders": orders, "batch": None}
    if batch:
        row = owner.execute(
            "INSERT INTO order_batches (organization_id, user_id, file_name, status, total_orders, successful_orders, "
            "completed_at) VALUES (%(org)s, %(user)s, 'big.csv', 'completed', %(orders)s, %(orders)s, now()) "
            "RETURNING id",
            values,
        ).fetchone()
        assert row is not None
        values["batch"] = row["id"]
    owner.execute(
        "INSERT INTO customers (organization_id, code, name, name_folded) VALUES (%(org)s, 'C', 'Bob', 'bob') "
        "ON CONFLICT DO NOTHING",
        values,
    )
    owner.execute(
        "WITH made AS (INSERT INTO orders (organization_id, batch_id, number, customer_id, currency, line_count, total)"
        " SELECT %(org)s, %(batch)s, 'L-' || gen_random_uuid(), c.id, 'USD', 1, 5 "
        "FROM generate_series(1, %(orders)s), customers c WHERE c.organization_id = %(org)s RETURNING id) "
        "INSERT INTO order_lines (organization_id, order_id, line_number, quantity, unit_price, amount) "
        "SELECT %(org)s, id, 1, 1, 5, 5 FROM made",
        values,
    )
    return values["batch"]


def left(live: Live, table: str) -> int:
    with live.database.transaction(live.context.organization_id) as conn:
        row = conn.execute(f"SELECT count(*) AS n FROM {table}".encode()).fetchone()
    assert row is not None
    return int(row["n"])


@pytest.mark.parametrize("batches_api", list(BatchesApi))
def test_a_deletion_removes_the_batch_and_all_its_orders(open_live: Callable[..., Live], batches_api: str) -> None:
    live = open_live(batches_api=batches_api)
    desk = Desk(live.client, HOME if batches_api == BatchesApi.INVENTORY else "/api/batches")
    kept = desk.bring(csv(GOOD))
    batch = desk.bring(csv(*((f"T{n}", "Bob", "S", "T", 1, 1) for n in range(250))))
    answer = live.client.delete(f"{desk.home}/{batch['id']}")
    assert (answer.status_code, answer.json()["deletedOrders"]) == (200, 250)
    problem(live.client.get(f"{desk.home}/{batch['id']}"), 404, "batch_not_found")
    problem(live.client.delete(f"{desk.home}/{batch['id']}"), 404, "batch_not_found")
    assert [entry["id"] for entry in desk.get()["batches"]] == [kept["id"]]
    assert (desk.get("/stats")["totalBatches"], desk.get("/stats")["totalOrdersImported"]) == (1, 1)
    assert (left(live, "orders"), left(live, "order_lines"), left(live, "batches")) == (1, 1, 1)


def test_a_deletion_stays_visible_in_the_audit_log(desk: Desk, live: Live) -> None:
    batch = desk.bring(csv(GOOD), name="october_trades.xlsx.csv")
    live.client.delete(f"{HOME}/{batch['id']}")
    with live.database.transaction(live.context.organization_id) as conn:
        rows = conn.execute(
            "SELECT action, actor, detail FROM audit_entries "
            "WHERE subject_id = %(id)s AND action LIKE 'order_batch.%%' ORDER BY id",
            {"id": batch["id"]},
        ).fetchall()
    assert [row["action"] for row in rows] == ["order_batch.upload", "order_batch.delete"]
    assert (rows[1]["actor"], rows[1]["detail"]["orders"]) == ("Ada Admin", 1)
    assert rows[1]["detail"]["fileName"] == "october_trades.xlsx.csv"


def test_a_batch_in_processing_is_not_deleted(open_live: Callable[..., Live]) -> None:
    live = open_live(working=False)
    desk = Desk(live.client, HOME)
    batch = read(desk.send(csv(GOOD)))
    sentence = problem(live.client.delete(f"{HOME}/{batch['id']}"), 409, "batch_processing")
    assert str(batch["operationId"]) in sentence
    live.start_worker()
    live.wait(batch["operationId"])
    assert live.client.delete(f"{HOME}/{batch['id']}").json()["deletedOrders"] == 1


def test_a_batch_with_invoiced_orders_is_not_deleted_and_they_are_named(
    desk: Desk, live: Live, owner: Connection
) -> None:
    batch = desk.bring(csv(GOOD, ("A2", "Bob", "S", "T", 1, 1)))
    owner.execute("UPDATE orders SET status = 'invoiced' WHERE number = 'A2'")
    sentence = problem(live.client.delete(f"{HOME}/{batch['id']}"), 409, "invoiced_orders")
    assert "A2" in sentence
    assert "force=void" in sentence
    assert left(live, "orders") == 2


def test_more_than_10000_orders_are_hidden_at_once_and_removed_by_an_operation(
    open_live: Callable[..., Live], owner: Connection
) -> None:
    live = open_live(working=False)
    desk = Desk(live.client, HOME)
    batch_id = fill(owner, live, orders=10_001)
    answer = live.client.delete(f"{HOME}/{batch_id}")
    assert (answer.status_code, answer.json()["deletedOrders"]) == (202, 10_001)
    operation_id = answer.json()["operationId"]
    assert answer.headers["location"] == f"/api/operations/{operation_id}"
    assert left(live, "orders") == 10_001
    problem(live.client.get(f"{HOME}/{batch_id}"), 404, "batch_not_found")
    assert (desk.get()["batches"], desk.get("/stats")["totalOrdersImported"]) == ([], 0)
    assert read(live.client.get("/api/orders"))["data"] == []
    live.start_worker()
    assert live.wait(operation_id)["status"] == "completed"
    assert (left(live, "orders"), left(live, "order_lines")) == (0, 0)


def test_10000_orders_are_removed_at_once(live: Live, owner: Connection) -> None:
    batch_id = fill(owner, live, orders=10_000)
    answer = live.client.delete(f"{HOME}/{batch_id}")
    assert (answer.status_code, answer.json()) == (200, {"deletedOrders": 10_000, "operationId": None})
    assert left(live, "orders") == 0


def test_orders_without_a_batch_are_adopted_and_that_may_be_run_twice(live: Live, owner: Connection) -> None:
    desk = Desk(live.client, HOME)
    path = f"{HOME}/adopt-legacy"
    assert live.client.post(path).json()["data"] == {"adoptedOrders": 0, "batch": None}
    fill(owner, live, orders=7, batch=False)
    adopted = live.client.post(path).json()["data"]
    assert adopted["adoptedOrders"] == 7
    batch = desk.get(f"/{adopted['batch']['id']}")
    figures = [batch[key] for key in ("fileName", "status", "totalOrders", "successfulOrders", "successRate")]
    assert figures == ["legacy_import", "completed", 7, 7, "100.00"]
    assert (batch["userId"], len(desk.orders_of(batch["id"]))) == (live.context.user_id, 7)
    assert live.client.post(path).json()["data"]["adoptedOrders"] == 0
    fill(owner, live, orders=2, batch=False)
    again = live.client.post(path).json()["data"]
    assert (again["adoptedOrders"], again["batch"]["id"], again["batch"]["totalOrders"]) == (2, batch["id"], 9)


def workbook(live: Live, batch: Any) -> tuple[openpyxl.Workbook, list[list[Any]]]:
    """The workbook of errors of a batch, and its cells."""
    answer = live.client.get(f"{HOME}/{batch['id']}/errors.xlsx")
    assert (answer.status_code, answer.headers["content-disposition"].split(";")[0]) == (200, "attachment")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    return book, [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]


def saved(book: openpyxl.Workbook, **cells: str) -> bytes:
    """The workbook with some cells corrected: `A2="T-0043"`."""
    for place, value in cells.items():
        book.worksheets[0][place] = value
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_no_cell_of_the_workbook_of_errors_is_a_formula(desk: Desk, live: Live) -> None:
    content = csv(("", "=1+1", "@S-1", "-Thing", "1", "9.99"))
    book, rows = workbook(live, desk.bring(content))
    assert rows[1][1:4] == ["=1+1", "@S-1", "-Thing"]
    assert {cell.data_type for row in book.worksheets[0].iter_rows(min_row=2) for cell in row} <= {"s", "n"}


def test_the_workbook_of_errors_is_corrected_and_uploaded_again(desk: Desk, live: Live) -> None:
    batch = desk.bring(october_trades(), name="october_trades.xlsx")
    book, rows = workbook(live, batch)
    assert rows[0] == [*HEADER, "_row", "_errors"]
    assert [row[6] for row in rows[1:]] == [45, 100]
    assert "Missing required field: orderId" in rows[1][7]
    assert rows[1][1:6] == ["Customer 1", "SKU-7", "Trade", "4", "10.5"]
    half = desk.bring(saved(book, A2="T-0043"), name="errors-1.xlsx")
    assert (half["totalOrders"], half["successfulOrders"], errors_of(half)) == (2, 1, [(3, "not_positive")])
    again, rows = workbook(live, half)
    assert (rows[0], len(rows)) == ([*HEADER, "_row", "_errors"], 2)
    whole = desk.bring(saved(again, E2="3"), name="errors-2.xlsx")
    assert (whole["successfulOrders"], errors_of(whole)) == (1, [])
    assert desk.orders_of(half["id"]) + desk.orders_of(whole["id"]) == ["T-0043", "T-0098"]
    found = read(live.client.get("/api/orders", params={"search": "T-0098"}))["data"][0]
    line = read(live.client.get(f"/api/orders/{found['id']}"))["data"]["lines"][0]
    assert (line["quantity"], line["extra"]) == (3, None)


def test_all_errors_are_paged_and_grouped_and_the_log_holds_a_thousand(desk: Desk, live: Live) -> None:
    batch = desk.bring(csv(*((f"A{n}", "Bob", "S", "T", "x", 1) for n in range(1_200))))
    assert len(batch["errorLog"]["parseErrors"]) == 1_000
    assert batch["errorLog"]["totalErrors"] == 1_200
    page = read(live.client.get(f"{HOME}/{batch['id']}/errors", params={"page": 2, "limit": 1000}))
    assert (len(page["data"]), page["pagination"]["totalItems"]) == (200, 1_200)
    groups = read(live.client.get(f"{HOME}/{batch['id']}/errors/groups"))["data"]
    assert [(group["code"], group["count"], group["firstRow"]) for group in groups] == [("not_a_number", 1_200, 2)]


def test_the_bare_path_belongs_to_the_inventory_by_default_and_signposts_say_so(desk: Desk, live: Live) -> None:
    batch = desk.bring(csv(GOOD))
    for method, path, other in (
        ("GET", "/api/batches?status=completed", HOME),
        ("GET", "/api/batches/stats", f"{HOME}/stats"),
        ("GET", f"/api/batches/{batch['id']}/orders", f"{HOME}/{batch['id']}/orders"),
        ("DELETE", f"/api/batches/{batch['id']}", f"{HOME}/{batch['id']}"),
    ):
        assert f"{other} " in problem(live.client.request(method, path), 400, "other_path"), path
    assert left(live, "orders") == 1


def test_every_address_needs_a_key(live: Live) -> None:
    with httpx.Client(base_url=live.url) as anybody:
        for path in ("", "/1", "/1/orders", "/stats", "/1/errors", "/1/errors/groups", "/1/errors.xlsx"):
            problem(anybody.get(HOME + path), 401, "unauthorized")
            problem(anybody.get(HOME + path, headers={"Authorization": "Bearer trn_wrong"}), 401, "unknown_key")
        problem(anybody.delete(f"{HOME}/1"), 401, "unauthorized")
        problem(anybody.post("/api/orders/upload", files={"file": ("a.csv", csv(GOOD))}), 401, "unauthorized")


def test_a_foreign_batch_looks_like_an_unknown_one(desk: Desk, live: Live) -> None:
    batch = desk.bring(csv(GOOD))
    _, stranger = live.join()
    with stranger:
        for path in ("/{}", "/{}/orders", "/{}/errors", "/{}/errors/groups", "/{}/errors.xlsx"):
            foreign = stranger.get(HOME + path.format(batch["id"]))
            unknown = stranger.get(HOME + path.format(999_999))
            told = [str(problem(answer, 404, "batch_not_found")) for answer in (foreign, unknown)]
            assert nameless(told[0], batch["id"]) == nameless(told[1], 999_999)
        problem(stranger.delete(f"{HOME}/{batch['id']}"), 404, "batch_not_found")
        assert Desk(stranger, HOME).get("/stats")["totalBatches"] == 0
        assert Desk(stranger, HOME).bring(csv(GOOD))["successfulOrders"] == 1, "nor is the same file a duplicate there"
    assert left(live, "orders") == 1


def test_a_cancelled_upload_is_failed_says_what_is_kept_and_is_no_duplicate(open_live: Callable[..., Live]) -> None:
    live = open_live(working=False)
    desk = Desk(live.client, HOME)
    batch = read(desk.send(csv(GOOD)))
    assert live.client.post(f"/api/operations/{batch['operationId']}/cancel").is_success
    live.start_worker()
    live.wait(batch["operationId"])
    ended = desk.get(f"/{batch['id']}")
    assert ended["status"] == "failed"
    assert ended["failure"] == "Cancelled before any order came in; there is nothing to take back."
    assert desk.bring(csv(GOOD))["successfulOrders"] == 1


def test_who_prefers_to_wait_gets_the_finished_batch(desk: Desk) -> None:
    answer = desk.send(csv(GOOD), wait=30)
    assert (answer.status_code, answer.headers["preference-applied"]) == (200, "wait=30")
    assert (read(answer)["status"], read(answer)["successfulOrders"]) == ("completed", 1)


def test_the_same_idempotency_key_is_one_upload(desk: Desk, live: Live) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4())}

    def send(content: bytes) -> Any:
        return live.client.post("/api/orders/upload", files={"file": ("a.csv", content)}, headers=headers)

    first, again, other = send(csv(GOOD)), send(csv(GOOD)), send(csv(("B1", "Bob", "S", "T", 1, 1)))
    assert (first.status_code, again.status_code) == (202, 202)
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    assert other.status_code == 422
    assert desk.get()["pagination"]["total"] == 1
