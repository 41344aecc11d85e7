"""Corrections over HTTP."""

import io
import threading
from collections.abc import Callable
from typing import Any

import httpx
import openpyxl
import pytest

from tests.live import Live
from tests.naming import nameless
from tranche.imports.corrections.checks import CHECKS as CORRECTION_CHECKS
from tranche.kernel.context import Role
from tranche.kernel.db.pool import Connection
from tranche.orders.checks import CHECKS as ORDER_CHECKS

HEADER = "orderId,customer,sku,quantity,unitPrice\n"
MIXED = HEADER + "A1,Bob,S-1,x,9.99\nA1,Bob,S-2,1,9.99\nA2,Eve,S-1,y,9.99\nA3,Eve,S-1,1,1.00\n"


class Clerk:
    """One import over HTTP."""

    def __init__(self, live: Live, text: str = MIXED) -> None:
        self.live = live
        self.client = live.client
        answer = self.client.post(
            "/api/orders/upload", files={"file": ("a.csv", text.encode())}, headers={"Prefer": "wait=30"}
        )
        assert answer.status_code == 200, answer.text
        self.batch: dict[str, Any] = answer.json()
        self.home = f"/api/imports/{self.batch['importId']}"

    def get(self, path: str, **params: Any) -> Any:
        answer = self.client.get(self.home + path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def edit(self, row: int, headers: dict[str, str] | None = None, **cells: str | None) -> httpx.Response:
        return self.client.patch(f"{self.home}/rows/{row}", json={"cells": cells}, headers=headers)

    def key(self, code: str) -> str:
        (key,) = [group["key"] for group in self.get("/errors/groups")["data"] if group["code"] == code]
        return str(key)

    def set_all(self, key: str, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
        return self.client.post(f"{self.home}/errors/groups/{key}/set", json=body, headers=headers)

    def send(self, content: bytes, name: str = "errors.xlsx", headers: dict[str, str] | None = None) -> httpx.Response:
        return self.client.post(f"{self.home}/corrections", files={"file": (name, content)}, headers=headers)

    def now(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/api/orders/batches/{self.batch['id']}").json()
        return found


@pytest.fixture
def clerk(live: Live) -> Clerk:
    return Clerk(live)


def test_the_refused_rows_are_paged_with_their_cells_and_errors(clerk: Clerk) -> None:
    answer = clerk.get("/rows", limit=2)
    assert answer["pagination"]["totalItems"] == 3
    first, second = answer["data"]
    assert first == {
        "row": 2,
        "status": "refused",
        "group": "A1",
        "cells": {"orderId": "A1", "customerName": "Bob", "itemSku": "S-1", "quantity": "x", "unitPrice": "9.99"},
        "extra": None,
        "errors": [
            {
                "row": 2,
                "column": "quantity",
                "severity": "error",
                "code": "not_a_number",
                "message": "Quantity must be a number, but it is 'x'",
            }
        ],
        "isChanged": False,
        "made": None,
    }
    assert [error["code"] for error in second["errors"]] == ["order_rejected"]
    assert clerk.get("/rows/2")["data"] == first
    assert [row["row"] for row in clerk.get("/rows", code="order_rejected")["data"]] == [3]
    assert [row["row"] for row in clerk.get("/rows", column="quantity")["data"]] == [2, 4]
    assert clerk.get("/rows", code="order_rejected", column="quantity")["data"] == []


def test_an_edit_answers_with_every_row_of_the_order_and_what_it_became(clerk: Clerk) -> None:
    answer = clerk.edit(2, quantity="2")
    assert answer.status_code == 200, answer.text
    rows = answer.json()["data"]
    assert [(row["row"], row["status"], row["made"]["label"]) for row in rows] == [
        (2, "imported", "A1"),
        (3, "imported", "A1"),
    ]
    order = clerk.client.get(f"/api/orders/{rows[0]['made']['id']}").json()
    assert order["data"]["orderId"] == "A1"
    batch = clerk.now()
    assert (batch["successfulOrders"], batch["failedOrders"], batch["errorCount"]) == (2, 1, 1)
    edits = clerk.get("/edits")["data"]
    assert [(edit["row"], edit["field"], edit["old"], edit["new"]) for edit in edits] == [(2, "quantity", "x", "2")]
    assert edits[0]["userId"] == clerk.live.context.user_id


def test_a_group_is_set_by_its_key_which_stays_the_same(clerk: Clerk) -> None:
    key = clerk.key("not_a_number")
    batch_groups = clerk.client.get(f"/api/orders/batches/{clerk.batch['id']}/errors/groups").json()["data"]
    assert key in {group["key"] for group in batch_groups}
    answer = clerk.set_all(key, field="quantity", value="2")
    assert answer.status_code == 202, answer.text
    started = answer.json()["data"]
    assert answer.headers["location"] == f"/api/operations/{started['id']}"
    assert started["kind"] == "order_correction"
    ended = clerk.live.wait(started["id"])
    assert (ended["status"], ended["succeeded"]) == ("completed", 2)
    assert clerk.now()["failedOrders"] == 0
    assert clerk.set_all(key, field="quantity", value="2").status_code == 404


def test_the_corrected_workbook_is_merged_and_who_waits_gets_the_ended_operation(clerk: Clerk) -> None:
    book = openpyxl.load_workbook(io.BytesIO(clerk.client.get(f"{clerk.home}/errors.xlsx").content))
    sheet = book["Errors"]
    sheet["D2"], sheet["D4"] = "2", "0"
    target = io.BytesIO()
    book.save(target)
    answer = clerk.send(target.getvalue(), headers={"Prefer": "wait=30"})
    assert answer.status_code == 200, answer.text
    ended = answer.json()["data"]
    assert (ended["status"], ended["succeeded"], ended["failed"]) == ("completed_with_errors", 1, 1)
    assert [row["row"] for row in clerk.get("/rows")["data"]] == [4]


def test_bad_values_are_400_with_their_place_and_change_nothing(clerk: Clerk) -> None:
    def place(answer: httpx.Response) -> str:
        assert answer.status_code == 400, answer.text
        return str(answer.json()["errors"][0]["pointer"])

    assert place(clerk.edit(2, colour="red")) == "/cells/colour"
    assert place(clerk.edit(2, quantity="a\0")) == "/cells/quantity"
    assert place(clerk.edit(2, itemSku="x" * 32_768)) == "/cells/itemSku"
    assert place(clerk.edit(2)) == "/cells"
    key = clerk.key("not_a_number")
    assert place(clerk.set_all(key, field="colour", value="red")) == "/field"
    assert place(clerk.set_all(key, field="quantity", value="x" * 32_768)) == "/value"
    for body in (b'{"cells": {"quantity": 2}}', b'{"cells": {"quantity": "\\ud800"}}', b'{"cells": [], "x": 1}', b"x"):
        answer = clerk.client.patch(f"{clerk.home}/rows/2", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, body
    for query in ({"colour": "red"}, {"page": 0}, {"limit": 1001}):
        assert clerk.client.get(f"{clerk.home}/rows", params=query).status_code == 400
    assert clerk.send(b"%PDF-1.7", name="errors.xlsx").status_code == 415
    assert clerk.send(b"", name="errors.xlsx").status_code == 400
    assert clerk.get("/edits")["data"] == []


def test_what_is_not_there_is_404(clerk: Clerk) -> None:
    assert clerk.edit(5, quantity="1").status_code == 404, "row 5 came in"
    for row in (0, 99, 2**31, 2**40):
        assert clerk.client.get(f"{clerk.home}/rows/{row}").status_code == 404
        assert clerk.edit(row, quantity="1").status_code == 404
    assert clerk.set_all("x", field="quantity", value="1").status_code == 404


def test_the_same_idempotency_key_is_one_correction(clerk: Clerk) -> None:
    headers = {"Idempotency-Key": "k1"}
    first, again = (clerk.edit(2, headers=headers, quantity="2") for _ in range(2))
    assert first.content == again.content
    assert again.headers["idempotency-replayed"] == "true"
    assert clerk.edit(2, headers=headers, quantity="3").status_code == 422
    key, headers = clerk.key("not_a_number"), {"Idempotency-Key": "k2"}
    started = [clerk.set_all(key, headers=headers, field="quantity", value="1").json()["data"]["id"] for _ in range(2)]
    assert started[0] == started[1]
    clerk.live.wait(started[0])
    assert len(clerk.get("/edits")["data"]) == 2


def test_another_organizations_import_answers_exactly_like_an_unknown_one(clerk: Clerk) -> None:
    _, stranger = clerk.live.join()
    key = clerk.key("not_a_number")
    own, unknown = clerk.home, "/api/imports/999999"
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", "/rows", {}),
        ("GET", "/rows/2", {}),
        ("GET", "/edits", {}),
        ("PATCH", "/rows/2", {"json": {"cells": {"quantity": "1"}}}),
        ("POST", f"/errors/groups/{key}/set", {"json": {"field": "quantity", "value": "1"}}),
        ("POST", "/corrections", {"files": {"file": ("a.csv", b"_row,quantity\n2,1\n")}}),
    ]
    with stranger:
        for method, path, more in asked:
            answers = [stranger.request(method, home + path, **more) for home in (own, unknown)]
            bodies = [str({**answer.json(), "metadata": None}) for answer in answers]
            assert [answer.status_code for answer in answers] == [404, 404], path
            assert nameless(bodies[0], own.rpartition("/")[2]) == nameless(bodies[1], 999_999)
    assert clerk.get("/edits")["data"] == []


def test_a_viewer_looks_and_an_operator_corrects(clerk: Clerk) -> None:
    key = clerk.key("not_a_number")
    for role, status in ((Role.VIEWER, 403), (Role.OPERATOR, 200)):
        headers = {"Authorization": f"Bearer {clerk.live.key_for(role)}"}
        for path in ("/rows", "/rows/2", "/edits"):
            assert clerk.client.get(clerk.home + path, headers=headers).status_code == 200
        assert clerk.edit(2, headers=headers, quantity="0").status_code == status
    headers = {"Authorization": f"Bearer {clerk.live.key_for(Role.VIEWER)}"}
    assert clerk.set_all(key, headers=headers, field="quantity", value="1").status_code == 403
    assert clerk.send(b"_row\n2\n", name="a.csv", headers=headers).status_code == 403
    assert clerk.client.get(clerk.home + "/rows", headers={"Authorization": "Bearer x"}).status_code == 401


def test_an_import_that_runs_is_not_corrected(open_live: Callable[..., Live]) -> None:
    live = open_live(working=False)
    answer = live.client.post("/api/orders/upload", files={"file": ("a.csv", MIXED.encode())})
    home = f"/api/imports/{answer.json()['importId']}"
    edited = live.client.patch(f"{home}/rows/2", json={"cells": {"quantity": "1"}})
    assert (edited.status_code, edited.json()["code"]) == (409, "not_correctable")
    sent = live.client.post(f"{home}/corrections", files={"file": ("a.csv", b"_row,quantity\n2,1\n")})
    assert sent.status_code == 409
    assert live.client.get(f"{home}/rows").json()["data"] == []


def test_an_import_that_is_retried_is_not_corrected(open_live: Callable[..., Live]) -> None:
    live = open_live()
    clerk = Clerk(live)
    live.stop_worker()
    operation = clerk.batch["operationId"]
    assert live.client.post(f"/api/operations/{operation}/retry").status_code == 202
    assert clerk.edit(2, quantity="1").status_code == 409
    live.start_worker()
    live.wait(operation)
    assert clerk.edit(2, quantity="1").status_code == 200


def test_two_edits_of_one_order_at_once_bring_it_in_once(live: Live) -> None:
    text = HEADER + "".join(f"A{n},Bob,S-1,x,1\nA{n},Bob,S-2,x,1\n" for n in range(8))
    clerk = Clerk(live, text)
    answers: list[tuple[int, int]] = []

    def correct(row: int) -> None:
        with httpx.Client(base_url=live.url, headers=clerk.client.headers, timeout=30) as client:
            answer = client.patch(f"{clerk.home}/rows/{row}", json={"cells": {"quantity": "2"}})
            answers.append((row, answer.status_code))

    threads = [threading.Thread(target=correct, args=(row,)) for row in range(2, 18)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [(row, 200) for row in range(2, 18)]
    batch = clerk.now()
    assert (batch["successfulOrders"], batch["failedOrders"]) == (8, 0)
    orders = clerk.client.get(f"/api/orders/batches/{batch['id']}/orders", params={"limit": 100}).json()["orders"]
    assert sorted(order["orderId"] for order in orders) == [f"A{n}" for n in range(8)]
    assert {order["lineCount"] for order in orders} == {2}


def test_two_imports_that_want_the_same_order_number_at_once_make_one_order(live: Live) -> None:
    clerks = [Clerk(live, HEADER + f",Bob,S-{n},1,1\n") for n in range(6)]
    found: list[str] = []

    def correct(clerk: Clerk) -> None:
        with httpx.Client(base_url=live.url, headers=clerk.client.headers, timeout=30) as client:
            answer = client.patch(f"{clerk.home}/rows/2", json={"cells": {"orderId": "SAME"}})
            found.append(answer.json()["data"][0]["status"])

    threads = [threading.Thread(target=correct, args=(clerk,)) for clerk in clerks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["imported", *["refused"] * 5]


def test_a_deletion_among_edits_leaves_nothing_behind(live: Live, owner: Connection) -> None:
    text = HEADER + "".join(f"A{n},Bob,S-1,x,1\n" for n in range(12))
    clerk = Clerk(live, text)
    answers: list[int] = []

    def act(number: int) -> None:
        with httpx.Client(base_url=live.url, headers=clerk.client.headers, timeout=30) as client:
            answer = (
                client.delete(f"/api/orders/batches/{clerk.batch['id']}")
                if number == 7
                else client.patch(f"{clerk.home}/rows/{number}", json={"cells": {"quantity": "2"}})
            )
            answers.append(answer.status_code)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(2, 14)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {200, 404, 409}
    assert clerk.client.get(f"/api/orders/batches/{clerk.batch['id']}").status_code == 404
    for check in (*CORRECTION_CHECKS, *ORDER_CHECKS):
        assert owner.execute(check.sql.encode()).fetchall() == [], check.name
