"""The endpoints of second thoughts: mappings, judge, import, undo; rights, repetition, other organizations."""

import uuid
from typing import Any

import httpx
import pytest

from tests.contracts.document_1 import csv
from tests.live import Live
from tests.naming import nameless
from tranche.kernel.context import Role

ODD = ("ref", "who", "what", "how many", "each", "colour")
LINES = [("A1", "Bob", "S-1", 2, "9.99", "red"), ("A2", "Eve", "S-1", 0, "9.99", "blue")]
COLUMNS = {"orderId": "ref", "customerName": "who", "itemSku": "what", "quantity": "how many", "unitPrice": "each"}


class Desk:
    """Requests of one client."""

    def __init__(self, live: Live, client: httpx.Client | None = None) -> None:
        self.live = live
        self.client = client or live.client

    def send(self, content: bytes, **params: str) -> dict[str, Any]:
        answer = self.client.post("/api/orders/upload", files={"file": ("orders.csv", content)}, params=params)
        assert answer.status_code == 202, answer.text
        started: dict[str, Any] = answer.json()
        return started

    def bring(self, content: bytes, **params: str) -> dict[str, Any]:
        """An upload whose operation has ended."""
        started = self.send(content, **params)
        self.live.wait(started["operationId"])
        return started

    def ask(self, path: str, *, body: Any = None, status: int = 202, key: str = "") -> dict[str, Any]:
        answer = self.client.post(path, json=body, headers={"Idempotency-Key": key} if key else {})
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def get(self, path: str, *, status: int = 200, **params: str | int) -> dict[str, Any]:
        answer = self.client.get(path, params=params)
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def desk(live: Live) -> Desk:
    return Desk(live)


def test_a_mapping_is_remembered_shown_used_and_forgotten(desk: Desk) -> None:
    failed = desk.bring(csv(*LINES, header=ODD))
    judged = desk.ask(f"/api/imports/{failed['importId']}/judge", body={"mapping": COLUMNS})["data"]
    assert judged == {
        "importId": failed["importId"],
        "operationId": failed["operationId"],
        "status": "pending",
        "dryRun": False,
        "batchId": failed["id"],
    }
    desk.live.wait(judged["operationId"])
    assert desk.get(f"/api/orders/batches/{failed['id']}")["successfulOrders"] == 1
    listed = desk.get("/api/imports/mappings", target="order")
    (known,) = listed["data"]
    assert listed["pagination"]["totalItems"] == 1
    assert (known["target"], known["header"], known["mapping"], known["uses"]) == ("order", list(ODD), COLUMNS, 1)
    assert desk.get("/api/imports/mappings", target="item")["data"] == []
    refused = desk.client.get("/api/imports/mappings", params={"target": "orders"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "target")
    assert "order, " in refused.json()["detail"]
    again = desk.bring(csv(("B1", "Bob", "S", 1, 1, ""), header=ODD))
    read = desk.get(f"/api/imports/{again['importId']}")["data"]
    assert read["mapping"]["remembered"]["id"] == known["id"]
    assert read["mapping"]["matches"]["orderId"] == "remembered"
    path = f"/api/imports/mappings/{known['id']}"
    assert desk.client.delete(path).status_code == 200
    gone = desk.client.delete(path)
    assert (gone.status_code, gone.json()["code"]) == (404, "mapping_not_found")


@pytest.mark.parametrize(
    ("mapping", "below"),
    [("{", ""), ("[]", ""), ('{"colour": "x"}', "/colour"), ('{"a/b": "x"}', "/a~1b")],
)
def test_a_wrong_mapping_of_an_upload_is_named_by_its_place(desk: Desk, mapping: str, below: str) -> None:
    said = {"mapping": mapping}
    files = {"file": ("orders.csv", csv(*LINES))}
    in_form = desk.client.post("/api/orders/upload", files=files, data=said)
    in_query = desk.client.post("/api/orders/upload", files=files, params=said)
    for refused, place in ((in_form, "/mapping"), (in_query, "mapping")):
        assert refused.status_code == 400
        assert [error["pointer"] for error in refused.json()["errors"]] == [place + below]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/mapping"),
        ({"mapping": []}, "/mapping"),
        ({"mapping": {"colour": "x"}}, "/mapping/colour"),
        ({"mapping": {"orderId": 7}}, "/mapping/orderId"),
        ({"mapping": {"orderId": "none"}}, "/mapping/orderId"),
        ({"mapping": {"orderId": "ref"}}, "/mapping/quantity"),
        ({"mapping": {}, "onDuplicate": "burn"}, "/onDuplicate"),
        ({"mapping": {}, "batchId": 7}, "/batchId"),
    ],
)
def test_what_cannot_be_judged_by_is_400_and_named(desk: Desk, body: Any, pointer: str) -> None:
    import_id = desk.bring(csv(*LINES, header=ODD))["importId"]
    answer = desk.ask(f"/api/imports/{import_id}/judge", body=body, status=400)
    assert pointer in [error["pointer"] for error in answer["errors"]]


def test_a_judgement_that_is_known_or_cannot_be_reads_no_file(desk: Desk) -> None:
    live = desk.live
    import_id = desk.bring(csv(*LINES, header=ODD))["importId"]
    live.stop_worker()
    path, body, key = f"/api/imports/{import_id}/judge", {"mapping": COLUMNS}, str(uuid.uuid4())
    first = desk.ask(path, body=body, key=key)
    for file in (live.settings.home / "files").rglob("*"):
        if file.is_file():
            file.unlink()
    assert desk.ask(path, body=body, key=key) == first
    assert desk.ask(path, body={"mapping": {}}, key=key, status=422)["code"] == "idempotency_mismatch"
    assert desk.ask(path, body=body, status=409)["code"] == "wrong_state"


def test_a_dry_run_leads_to_its_import(desk: Desk) -> None:
    content = csv(*LINES, header=("orderId", "customer", "sku", "quantity", "unitPrice", "colour"))
    dry = desk.bring(content, dryRun="true")
    report = desk.live.wait(dry["operationId"])
    answer = desk.client.post(f"/api/imports/{dry['importId']}/import")
    assert answer.status_code == 202
    batch = answer.json()
    assert answer.headers["location"] == f"/api/orders/batches/{batch['id']}"
    assert (batch["status"], batch["importId"], batch["operationId"]) == (
        "processing",
        dry["importId"],
        dry["operationId"],
    )
    ended = desk.live.wait(batch["operationId"])
    assert (report["dryRun"], ended["dryRun"]) == (True, False)
    assert (ended["total"], ended["succeeded"]) == (report["total"], report["succeeded"]) == (2, 1)
    assert desk.get(f"/api/orders/batches/{batch['id']}")["successfulOrders"] == 1
    twice = desk.ask(f"/api/imports/{dry['importId']}/import", status=409)
    assert twice["code"] == "no_dry_run"
    second = desk.bring(content, dryRun="true", onDuplicate="skip")
    refused = desk.ask(f"/api/imports/{second['importId']}/import", status=409)
    assert refused["code"] == "duplicate_file"
    desk.ask(f"/api/imports/{second['importId']}/import?allowDuplicate=true")


def test_an_undo_is_answered_at_once_and_names_what_was_kept(desk: Desk) -> None:
    content = csv(("A1", "Bob", "S", "D", 1, 1), ("A2", "Bob", "S", "D", 1, 1))
    batch = desk.bring(content)
    path = f"/api/orders/batches/{batch['id']}/undo"
    assert desk.get(path, status=404)["code"] == "not_undone"
    desk.bring(csv(("A2", "Bob", "S", "D", 5, 1)), onDuplicate="update")
    answer = desk.client.post(path)
    assert answer.status_code == 202
    started = answer.json()["data"]
    assert answer.headers["location"] == f"/api/operations/{started['operationId']}"
    ended = desk.live.wait(started["operationId"])
    assert (ended["kind"], ended["succeeded"], ended["skipped"], ended["failed"]) == ("order_undo", 1, 1, 0)
    found = desk.get(path)
    assert found["pagination"]["totalItems"] == 1
    report = found["data"]
    assert (report["totalOrders"], report["reversedOrders"], report["keptOrders"], report["erroredOrders"]) == (
        2,
        1,
        1,
        0,
    )
    (kept,) = report["orders"]
    assert (kept["orderId"], kept["outcome"], kept["code"]) == ("A2", "kept", "taken_over")
    assert kept["reason"] == "A later upload took it over (batch 2)."
    assert [order["orderId"] for order in desk.get(path, outcome="reversed")["data"]["orders"]] == ["A1"]
    assert desk.get(path, status=400, outcome="burnt")["errors"][0]["pointer"] == "outcome"
    shown = desk.get(f"/api/orders/batches/{batch['id']}")
    assert (shown["status"], shown["undoneOrders"], shown["keptOrders"]) == ("completed", 1, 1)
    assert shown["undoneAt"] == report["undoneAt"] is not None
    assert desk.ask(path, status=409)["code"] == "nothing_to_undo"


def test_an_upload_of_which_nothing_is_left_is_not_undone_again(desk: Desk) -> None:
    batch = desk.bring(csv(("A1", "Bob", "S", "D", 1, 1)))
    path = f"/api/orders/batches/{batch['id']}/undo"
    desk.live.wait(desk.ask(path)["data"]["operationId"])
    assert desk.ask(path, status=409)["code"] == "batch_undone"


def test_the_undo_of_an_import_is_that_of_its_batch(desk: Desk) -> None:
    batch = desk.bring(csv(("A1", "Bob", "S", "D", 1, 1)))
    started = desk.ask(f"/api/imports/{batch['importId']}/undo")["data"]
    assert desk.live.wait(started["operationId"])["succeeded"] == 1
    assert desk.get(f"/api/orders/batches/{batch['id']}")["undoOperationId"] == started["operationId"]
    dry = desk.bring(csv(("A1", "Bob", "S", "D", 1, 1)), dryRun="true")
    assert desk.ask(f"/api/imports/{dry['importId']}/undo", status=409)["code"] == "nothing_to_undo"


def test_the_same_idempotency_key_is_one_effect(desk: Desk) -> None:
    batch = desk.bring(csv(("A1", "Bob", "S", "D", 1, 1)))
    key = str(uuid.uuid4())
    answers = [desk.ask(f"/api/orders/batches/{batch['id']}/undo", key=key) for _ in range(2)]
    assert answers[0] == answers[1]
    undone = desk.get("/api/operations", kind="order_undo")
    assert undone["pagination"]["totalItems"] == 1


def test_a_viewer_may_look_and_may_change_nothing(live: Live, desk: Desk) -> None:
    batch = desk.bring(csv(("A1", "Bob", "S", "D", 1, 1)))
    headers = {"Authorization": f"Bearer {live.key_for(Role.VIEWER)}"}
    with httpx.Client(base_url=live.url, headers=headers) as client:
        viewer = Desk(live, client)
        assert viewer.get("/api/imports/mappings")["data"] == []
        for path in (
            f"/api/imports/{batch['importId']}/judge",
            f"/api/imports/{batch['importId']}/import",
            f"/api/imports/{batch['importId']}/undo",
            f"/api/orders/batches/{batch['id']}/undo",
        ):
            viewer.ask(path, body={"mapping": {}} if path.endswith("judge") else None, status=403)
        assert client.delete("/api/imports/mappings/1").status_code == 403


def test_another_organizations_ids_answer_like_unknown_ones(live: Live, desk: Desk) -> None:
    batch = desk.bring(csv(*LINES, header=ODD), mapping=msg(COLUMNS))
    (known,) = desk.get("/api/imports/mappings")["data"]
    _, client = live.join()
    with client:
        other = Desk(live, client)
        assert other.get("/api/imports/mappings")["data"] == []
        for method, path, mine, body in (
            ("POST", "/api/imports/{}/judge", batch["importId"], {"mapping": {}}),
            ("POST", "/api/imports/{}/import", batch["importId"], None),
            ("POST", "/api/imports/{}/undo", batch["importId"], None),
            ("POST", "/api/orders/batches/{}/undo", batch["id"], None),
            ("GET", "/api/orders/batches/{}/undo", batch["id"], None),
            ("DELETE", "/api/imports/mappings/{}", known["id"], None),
        ):
            answers = [client.request(method, path.format(number), json=body) for number in (mine, 999_999)]
            assert [answer.status_code for answer in answers] == [404, 404], path
            bodies = [str({**answer.json(), "metadata": None}) for answer in answers]
            assert nameless(bodies[0], mine) == nameless(bodies[1], 999_999), path
    assert len(desk.get("/api/imports/mappings")["data"]) == 1
    assert desk.get(f"/api/orders/batches/{batch['id']}")["undoOperationId"] is None


def msg(mapping: dict[str, str]) -> str:
    """A mapping as the query carries it."""
    return httpx.Request("POST", "http://x", json=mapping).content.decode()
