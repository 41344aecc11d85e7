"""Document 5 on the wire: every example of it sent as printed, every answer compared with it field by field."""

from collections.abc import Callable, Iterator
from decimal import Decimal

import httpx
import pytest

from tests.contracts import document_5
from tests.contracts.document_5 import body, exactly, example, faults
from tests.contracts.stockroom import Stockroom
from tests.live import Live
from tranche.kernel.context import Role
from tranche.kernel.settings import BatchesApi

PATHS = {
    BatchesApi.INVENTORY: ("/api/batches", "/api/inventory/batches"),
    BatchesApi.ORDERS: ("/api/inventory/batches",),
}


@pytest.fixture
def room(open_live: Callable[..., Live]) -> Stockroom:
    return Stockroom.open(open_live(working=False))


@pytest.fixture(params=list(BatchesApi))
def rooms(request: pytest.FixtureRequest, open_live: Callable[..., Live]) -> Iterator[tuple[Stockroom, str]]:
    """The product under both settings, each with the paths of document 5 that it then has."""
    room = Stockroom.open(open_live(working=False, batches_api=request.param))
    return iter([(room, path) for path in PATHS[request.param]])


def test_batches_are_made_changed_got_and_listed_as_printed(rooms: Iterator[tuple[Stockroom, str]]) -> None:
    for turn, (room, path) in enumerate(rooms, start=1):
        room.client.headers.pop("x-branch-id", None)
        created = room.client.post(path, json=body(document_5.CREATE, itemId=room.item))
        assert created.status_code == 201
        assert faults(document_5.CREATED, created.content, quantity=False) == []
        made = created.json()["data"]
        printed = example(document_5.CREATED)["data"]
        same = printed.keys() - {"id", "companyId", "itemId", "batchNumber", "createdAt", "updatedAt", "createdBy"}
        assert {name: made[name] for name in same} == {name: printed[name] for name in same}
        assert made["batchNumber"] == f"BATCH-{turn:03d}"
        assert (made["createdBy"], made["companyId"]) == ("Ada Admin", room.live.context.organization_id)
        assert created.headers["location"] == f"{path}/{made['id']}"

        changed = room.client.put(f"{path}/{made['id']}", json=example(document_5.UPDATE))
        assert changed.status_code == 200
        assert faults(document_5.CREATED, changed.content, quantity=False) == []
        got = changed.json()["data"]
        assert {name: got[name] for name in example(document_5.UPDATE)["data"]} == example(document_5.UPDATE)["data"]
        assert got["updatedBy"] == "Ada Admin"

        nothing = room.client.put(f"{path}/{made['id']}", json={"data": {}})
        assert (nothing.status_code, nothing.json()["message"]) == (400, "Give at least one field.")
        assert [fault["pointer"] for fault in nothing.json()["errors"]] == ["/data"]

        one = room.client.get(f"{path}/{made['id']}")
        assert one.status_code == 200
        assert one.json()["message"] == "Batch fetched successfully"
        assert faults(document_5.FETCHED, one.content, quantity=False) == []
        assert one.json()["data"] == got
        here = room.client.get(f"{path}/{made['id']}", headers={"x-branch-id": str(room.branch)})
        assert faults(document_5.FETCHED, here.content, quantity=True) == []
        assert here.json()["data"] == {**got, "quantity": 0}

        for headers, quantity in (({}, False), ({"x-branch-id": str(room.branch)}, True)):
            listed = room.client.get(path, headers=headers)
            assert listed.json()["message"] == "Batches fetched successfully"
            assert faults(document_5.LISTED, listed.content, quantity=quantity) == []


def test_the_bare_path_is_document_1s_where_the_setting_says_so(open_live: Callable[..., Live]) -> None:
    live = open_live(working=False, batches_api=BatchesApi.ORDERS)
    assert "batches" in live.client.get("/api/batches").json()
    for method, address in (("POST", ""), ("PUT", "/7")):
        answer = live.client.request(method, f"/api/batches{address}", json=example(document_5.CREATE))
        assert (answer.status_code, answer.json()["code"]) == (400, "other_path")
        assert f"Batches of stock are at /api/inventory/batches{address} here." in answer.json()["detail"]


def test_a_transfer_is_answered_as_printed(room: Stockroom) -> None:
    room.receive("BATCH-001", 25)
    room.receive("BATCH-002", 1)
    answer = room.client.post("/api/batch/transfer", json=body(document_5.TRANSFER, itemId=room.item))
    assert answer.status_code == 200, answer.text
    assert faults(document_5.TRANSFERRED, answer.content, quantity=True) == []
    data = answer.json()["data"]
    assert data["operationType"] == "batchTransfer"
    assert (data["branchId"], data["itemId"], data["quantity"]) == (room.branch, room.item, 10)
    assert (data["sourceBatchId"], data["destinationBatchId"]) == tuple(
        room.batch(number)["id"] for number in ("BATCH-001", "BATCH-002")
    )
    assert (data["createdBy"], data["updatedBy"]) == (room.live.context.user_id, None)
    assert data["updatedAt"] == data["createdAt"]
    assert room.quantities("BATCH-001", "BATCH-002") == [15, 11]
    target = room.batch("BATCH-002")
    assert (target["costPrice"], target["unitPrice"]) == (80, 100)
    assert target["expirationDate"] == "2024-12-31T00:00:00.000Z"


def test_a_consolidation_is_answered_as_printed_with_one_object_per_source(room: Stockroom) -> None:
    room.receive("BATCH-001", 25)
    room.receive("BATCH-002", 7.5)
    answer = room.client.post("/api/batch/consolidation", json=body(document_5.CONSOLIDATION, itemId=room.item))
    assert answer.status_code == 200, answer.text
    assert faults(document_5.CONSOLIDATED, answer.content, quantity=True) == []
    rows = answer.json()["data"]
    assert [(row["sourceBatchNumber"], row["quantity"]) for row in rows] == [("BATCH-001", 5), ("BATCH-002", 7.5)]
    assert {row["operationType"] for row in rows} == {"batchConsolidation"}
    assert {row["destinationBatchNumber"] for row in rows} == {"BATCH-MERGED"}
    assert room.quantities("BATCH-001", "BATCH-002", "BATCH-MERGED") == [20, 0, 12.5]


def test_a_split_is_answered_as_printed_with_one_object_per_destination(room: Stockroom) -> None:
    room.receive("BATCH-001", 8, costPrice=70, expirationDate="2030-01-01T00:00:00.000Z")
    answer = room.client.post("/api/batch/split", json=body(document_5.SPLIT, itemId=room.item))
    assert answer.status_code == 200, answer.text
    assert faults(document_5.SPLITTED, answer.content, quantity=True) == []
    rows = answer.json()["data"]
    assert [(row["destinationBatchNumber"], row["quantity"]) for row in rows] == [
        ("BATCH-001-A", 5),
        ("BATCH-001-B", 3),
    ]
    assert {row["operationType"] for row in rows} == {"batchSplit"}
    assert room.quantities("BATCH-001", "BATCH-001-A", "BATCH-001-B") == [0, 5, 3]
    given, inherited = room.batch("BATCH-001-A"), room.batch("BATCH-001-B")
    assert (given["costPrice"], given["expirationDate"]) == (80, "2024-12-31T00:00:00.000Z")
    assert (inherited["costPrice"], inherited["expirationDate"]) == (70, "2030-01-01T00:00:00.000Z")


def test_items_come_with_their_batches_where_these_are_asked_for(room: Stockroom) -> None:
    room.receive("BATCH-001", 25, expirationDate="2031-01-01T00:00:00.000Z")
    room.receive("BATCH-002", 0.5, expirationDate="2030-06-30T00:00:00.000Z")
    room.client.post("/api/items", json={"data": {"name": "Zinc"}})
    item, zinc = room.client.get("/api/items", params={"include": "batches"}).json()["data"]
    assert [batch["batchNumber"] for batch in item["batches"]] == ["BATCH-001", "BATCH-002"]
    assert [batch["quantity"] for batch in item["batches"]] == [25, 0.5]
    assert item["batchSummary"] == {
        "batchCount": 2,
        "totalQuantity": 25.5,
        "nearestExpiration": "2030-06-30T00:00:00.000Z",
    }
    assert (zinc["batches"], zinc["batchSummary"]["nearestExpiration"]) == ([], None)
    alone = room.client.get(f"/api/items/{room.item}/batches")
    assert alone.json().keys() == {"success", "message", "data", "metadata"}
    assert alone.json()["data"] == item["batches"]
    printed = example(document_5.CREATED)["data"].keys() | {"quantity"}
    assert all(batch.keys() == printed for batch in item["batches"])
    elsewhere = {"x-branch-id": str(room.other_branch)}
    there = room.client.get("/api/items", params={"include": "batches"}, headers=elsewhere).json()["data"][0]
    assert [batch["quantity"] for batch in there["batches"]] == [0, 0]
    del room.client.headers["x-branch-id"]
    nowhere = room.client.get(f"/api/items/{room.item}", params={"include": "batches"}).json()["data"]
    assert all("quantity" not in batch for batch in nowhere["batches"])
    assert nowhere["batchSummary"]["totalQuantity"] == 25.5
    assert "batches" not in room.client.get("/api/items").json()["data"][0]


def test_the_list_is_paged_sorted_and_filtered_as_the_document_says(room: Stockroom) -> None:
    for number in range(1, 51):
        room.receive(f"BATCH-{number:03d}", 1, batchName=f"Name {51 - number}")
    whole = room.client.get("/api/batches").json()
    assert (len(whole["data"]), whole["pagination"]["itemsPerPage"]) == (50, 1000)
    assert [batch["batchNumber"] for batch in whole["data"]][:2] == ["BATCH-050", "BATCH-049"]
    first = room.client.get("/api/batches", params={"limit": 10}).json()
    assert first["pagination"] == example(document_5.LISTED)["pagination"]
    last = room.client.get("/api/batches", params={"size": 10, "page": 5}).json()
    assert last["pagination"] == {
        "currentPage": 5,
        "totalPages": 5,
        "totalItems": 50,
        "itemsPerPage": 10,
        "hasNextPage": False,
        "hasPreviousPage": True,
        "nextPage": None,
        "prevPage": 4,
    }

    def numbers(**params: str) -> list[str]:
        answer = room.client.get("/api/batches", params=params)
        assert answer.status_code == 200, answer.text
        return [batch["batchNumber"] for batch in answer.json()["data"]]

    assert numbers(sortBy="batchNumber", sortOrder="asc")[0] == "BATCH-001"
    assert numbers(sortBy="batchNumber")[0] == "BATCH-050"
    assert numbers(sortBy="createdAt", sortOrder="asc")[0] == "BATCH-001"
    assert numbers(sortBy="batchName", sortOrder="asc")[0] == "BATCH-050"
    assert numbers(search="tch-04", sortBy="batchNumber", sortOrder="asc") == [f"BATCH-04{n}" for n in range(10)]
    assert numbers(search="NAME 7") == ["BATCH-044"]
    assert numbers(search="%_\\") == []
    assert numbers(itemId="999999") == []
    room.client.post(f"/api/batches/{room.batch('BATCH-007')['id']}/deactivate")
    assert numbers(isActive="false") == ["BATCH-007"]
    assert len(numbers(isActive="true", itemId=str(room.item))) == 49


_UNKNOWN = {
    "page=0": "page",
    "page=-1": "page",
    "limit=0": "limit",
    "limit=1001": "limit",
    "size=1001": "size",
    "limit=10&size=20": "size",
    "sortBy=price": "sortBy",
    "sortBy=createdAt;DROP TABLE lots": "sortBy",
    "sortOrder=up": "sortOrder",
    "isActive=yes": "isActive",
    "itemId=x": "itemId",
    "colour=red": "colour",
    "status=completed": "status",
}


def test_what_the_list_does_not_know_is_refused_by_name(room: Stockroom) -> None:
    for query, name in _UNKNOWN.items():
        answer = room.client.get(f"/api/batches?{query}")
        assert answer.status_code == 400
        assert [error["pointer"] for error in answer.json()["errors"]] == [name]


def test_decimals_go_in_and_out_exactly(room: Stockroom) -> None:
    raw = (
        f'{{"data": {{"itemId": {room.item}, "batchName": "Exact", "costPrice": 123456789012.0123456789,'
        ' "unitPrice": 0.1}}'
    )
    made = room.client.post("/api/batches", content=raw, headers={"Content-Type": "application/json"})
    assert made.status_code == 201, made.text
    assert b'"costPrice":123456789012.0123456789,' in made.content
    assert b'"unitPrice":0.1,' in made.content
    for quantity in ("0.1", "0.2"):
        raw = f'{{"data": {{"itemId": {room.item}, "batchNumber": "BATCH-001", "quantity": {quantity}}}}}'
        room.client.post("/api/batch/receive", content=raw, headers={"Content-Type": "application/json"})
    answer = room.client.get("/api/items?include=batches")
    summary = exactly(answer.content)["data"][0]["batchSummary"]
    assert summary["totalQuantity"] == Decimal("0.3")


def test_every_route_of_the_document_needs_a_key_and_the_right_role(room: Stockroom) -> None:
    routes = [
        ("POST", "/api/batches", example(document_5.CREATE)),
        ("PUT", "/api/batches/1", example(document_5.UPDATE)),
        ("GET", "/api/batches/1", None),
        ("GET", "/api/batches", None),
        ("POST", "/api/batch/transfer", example(document_5.TRANSFER)),
        ("POST", "/api/batch/consolidation", example(document_5.CONSOLIDATION)),
        ("POST", "/api/batch/split", example(document_5.SPLIT)),
        ("GET", "/api/items?include=batches", None),
        ("GET", "/api/items/1/batches", None),
    ]
    viewer = room.live.key_for(Role.VIEWER)
    for method, path, sent in routes:
        for headers, status in (({}, 401), ({"Authorization": f"Bearer {viewer}"}, 403 if method != "GET" else None)):
            answer = httpx.request(method, room.live.url + path, json=sent, headers=headers)
            if status is None:
                assert answer.status_code in {200, 404}
            else:
                assert answer.status_code == status, (method, path)
                assert answer.json()["success"] is False
