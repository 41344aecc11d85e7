"""Every address of stock with the ids of another organization: as if there were nothing, and nothing changes."""

import re
from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any, Final

import httpx
import pytest
from litestar.handlers import HTTPRouteHandler

from tests.contracts.stockroom import Stockroom
from tests.kernel.identity.factories import join
from tests.live import Live
from tests.naming import nameless
from tests.signing_in import cookies, sign_in
from tranche.inventory.pages import PAGES
from tranche.kernel.db.pool import Connection

_OURS: Final = re.compile(r"^/api/(batches|inventory/batches|batch|items)(/(?!upload|\{import_id)|$)")
_NAME: Final = re.compile(r"\{(\w+)\}")
_NOWHERE: Final = 10**12
# What a route needs beside ids; those without an id of their own name a foreign item.
_BODIES: Final[Mapping[str, dict[str, Any]]] = {
    "PUT batches/{}": {"batchName": "B"},
    "POST batches/{}/hold": {"reason": "R"},
    "PUT items/{}": {"name": "N"},
    "POST batches": {"batchName": "B", "costPrice": 1, "unitPrice": 1},
    "POST batch/transfer": {"sourceBatchNumber": "L-1", "destinationBatchNumber": "L-2", "quantity": 1},
    "POST batch/consolidation": {"destinationBatchNumber": "L-2", "sources": [{"batchNumber": "L-1"}]},
    "POST batch/split": {"sourceBatchNumber": "L-1", "destinations": [{"batchNumber": "L-2", "quantity": 1}]},
    "POST batch/receive": {"batchNumber": "L-9", "quantity": 1},
    "POST batch/adjust": {"batchNumber": "L-1", "quantity": 1},
    "POST batch/branch-transfer": {"batchNumber": "L-1", "quantity": 1},
}
_TABLES: Final = ("lots", "lot_balances", "lot_movements", "items", "audit_entries", "lot_numbers")


class Stranger:
    """The admin of another organization in the same house, by key and at a browser."""

    def __init__(self, live: Live) -> None:
        context, key = join(live.database, name="Other")
        self.headers = {"Authorization": f"Bearer {key}", "x-branch-id": str(context.branch_id)}
        self.cookies = cookies(sign_in(live.database, context))


@pytest.fixture
def room(live: Live) -> Stockroom:
    room = Stockroom.open(live)
    room.receive("L-1", 10)
    return room


@pytest.fixture
def stranger(live: Live) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live.url, timeout=30) as client:
        client.headers.update(Stranger(live).headers)
        yield client


def test_ids_of_another_organization_are_unknown_to_every_route_of_stock(
    room: Stockroom, stranger: httpx.Client, owner: Connection
) -> None:
    foreign, unknown = _ids(room), dict.fromkeys(("batch_id", "item_id", "operation_id", "branch_id"), _NOWHERE)
    before = _everything(owner)
    routes = list(_routes(stranger))
    for method, path in routes:
        answers = [_ask(stranger, method, path, ids) for ids in (foreign, unknown)]
        assert [answer.status_code for answer in answers] == [404, 404], f"{method} {path}: {answers[0].text}"
        alike = [_same(answer, ids) for answer, ids in zip(answers, (foreign, unknown), strict=True)]
        assert alike[0] == alike[1], f"{method} {path}"
    assert len(routes) >= 30
    assert _everything(owner) == before


def test_lists_of_stock_hold_nothing_of_another_organization(room: Stockroom, stranger: httpx.Client) -> None:
    ids = _ids(room)
    for address in (
        "/api/batches",
        f"/api/batches?itemId={ids['item_id']}",
        "/api/batches?search=L-1",
        "/api/items",
        "/api/items?include=batches",
        "/api/batch/operations",
        f"/api/batch/operations?batchId={ids['batch_id']}",
        "/api/batch/expiring?days=36500",
    ):
        answer = stranger.get(address)
        assert (answer.status_code, answer.json()["data"]) == (200, []), address


def test_pages_of_stock_know_nothing_of_another_organization(room: Stockroom, owner: Connection) -> None:
    headers = Stranger(room.live).cookies
    ids = {"lot_id": _ids(room)["batch_id"], "item_id": room.item, "movement_id": _ids(room)["operation_id"]}
    imports = {way: _import(room, path) for way, path in (("items", "items"), ("imports", "batch"))}
    before = _everything(owner)
    asked = 0
    with httpx.Client(base_url=room.live.url, headers=headers, timeout=30) as client:
        for handler in PAGES:
            for path in handler.paths:
                if "{" in path:
                    (method,) = handler.http_methods
                    ids["import_id"] = imports.get(path.split("/")[2], 0)
                    address = re.sub(r"\{(\w+):int\}", lambda found: str(ids[found[1]]), path)
                    answer = client.request(method, address, data=_form(handler))
                    assert answer.status_code == 404, f"{method} {path}: {answer.status_code}"
                    assert "L-1" not in answer.text
                    asked += 1
    assert asked >= 15
    assert _everything(owner) == before


def _import(room: Stockroom, path: str) -> int:
    """The id of a dry run."""
    sent = room.client.post(
        f"/api/{path}/upload?dryRun=true", files={"file": ("a.csv", b"SKU,Name,Lot number,Quantity\nS,Mug,L-1,1\n")}
    ).json()["data"]
    room.live.wait(sent["operationId"])
    import_id: int = sent["importId"]
    return import_id


def _form(handler: HTTPRouteHandler) -> dict[str, str] | None:
    """Something in every field of the form; where it is one of a few words, one of these."""
    field = handler.parsed_data_field
    if field is None:
        return None
    names = field.annotation.__struct_encode_fields__
    return {**dict.fromkeys(names, "1"), **({"onDuplicate": "skip"} if "onDuplicate" in names else {})}


def _ids(room: Stockroom) -> dict[str, int]:
    (movement,) = room.client.get("/api/batch/operations").json()["data"]
    return {
        "batch_id": room.batch("L-1")["id"],
        "item_id": room.item,
        "operation_id": movement["id"],
        "branch_id": room.other_branch,
    }


def _routes(client: httpx.Client) -> Iterator[tuple[str, str]]:
    """Those that take an id in the address or in the body, as the description has them."""
    for path, methods in client.get("/schema/openapi.json").json()["paths"].items():
        if _OURS.match(path):
            for method in methods:
                if _NAME.search(path) or _key(method.upper(), path) in _BODIES:
                    yield method.upper(), path


def _key(method: str, path: str) -> str:
    return f"{method} {_NAME.sub('{}', path.removeprefix('/api/').removeprefix('inventory/'))}"


def _ask(client: httpx.Client, method: str, path: str, ids: Mapping[str, int]) -> httpx.Response:
    address = _NAME.sub(lambda found: str(ids[found[1]]), path)
    body = _BODIES.get(_key(method, path))
    if body is not None and "{" not in path:
        body = {"itemId": ids["item_id"], **body}
        if path.endswith("branch-transfer"):
            body["toBranchId"] = ids["branch_id"]
    return client.request(method, address, json={"data": body} if body else None)


def _same(answer: httpx.Response, ids: Mapping[str, int]) -> str:
    """The answer without what differs from one request to the next, and without the id that was asked for."""
    told = str({name: value for name, value in answer.json().items() if name != "metadata"})
    return reduce(nameless, set(ids.values()), told)


def _everything(owner: Connection) -> dict[str, object]:
    """How much there is, and a sum over all of it."""
    return {
        table: owner.execute(
            f"SELECT count(*) AS rows, sum(hashtext(t::text)) AS marks FROM {table} t".encode()
        ).fetchone()
        for table in _TABLES
    }
