"""The whole table of routes, asked by one organization with everything of another: as if there were nothing."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final
from uuid import uuid4

from tests.contracts.hostile import resolved, sample, shapes
from tests.factories import Organization
from tests.kernel.db.tenants import sum_up
from tests.live import Live
from tests.signing_in import cookies
from tests.walls.houses import MARKS, NOWHERE, Person, Rivals, admit, fill_rivals, plain
from tests.walls.routes import Route, routes
from tranche.kernel.db.pool import Connection
from tranche.kernel.settings import BatchesApi

Json = dict[str, Any]

# Parameters that are words of ours, the same for every organization.
_WORDS: Final = frozenset({"name", "key", "row", "channel", "language", "token", "area"})
# What a route wants beside its address, where nothing in every field will not do.
_BODIES: Final[Mapping[str, Json]] = {
    "PUT /api/batches/{batch_id}": {"data": {"batchName": "B"}},
    "PUT /api/inventory/batches/{batch_id}": {"data": {"batchName": "B"}},
    "POST /api/imports/{import_id}/errors/groups/{key}/set": {"field": "notes", "value": "x"},
    "PATCH /api/imports/{import_id}/rows/{row}": {"cells": {"notes": "x"}},
    "POST /settings/users/{user_id}/role": {"role": "viewer"},
    "POST /uploads/review/{import_id}/columns": {},
    "POST /stock/items/imports/{import_id}/columns": {},
    "POST /stock/imports/{import_id}/columns": {},
    "POST /invoices/new/{selection_id}": {},
}
_LOT: Final = {"itemId": 1, "quantity": 1}
# Bodies that are refused for nothing but their ids.
_WHOLE: Final[Mapping[str, Json]] = {
    "POST /api/batch-operations/invoices": {
        "customer_ids": [1],
        "options": {"items": [{"inventory_item_id": 1, "quantity": 1, "unit_price": 1}]},
    },
    "POST /api/batch/adjust": {"data": {**_LOT, "batchNumber": "L-1"}},
    "POST /api/batch/branch-transfer": {"data": {**_LOT, "batchNumber": "L-1"}},
    "POST /api/batch/consolidation": {
        "data": {"itemId": 1, "destinationBatchNumber": "L-2", "sources": [{"batchNumber": "L-1"}]}
    },
    "POST /api/batch/receive": {"data": {**_LOT, "batchNumber": "L-9"}},
    "POST /api/batch/split": {
        "data": {"itemId": 1, "sourceBatchNumber": "L-1", "destinations": [{"batchNumber": "L-2", "quantity": 1}]}
    },
    "POST /api/batch/transfer": {"data": {**_LOT, "sourceBatchNumber": "L-1", "destinationBatchNumber": "L-2"}},
}
# Document 1's, where the bare address is document 5's: a signpost, which looks nothing up.
_SIGNPOSTS: Final = frozenset({"GET /api/batches/{batch_id}/orders", "DELETE /api/batches/{batch_id}"})
_SIGNPOST_OF_STOCK: Final = "PUT /api/batches/{batch_id}"
_NEVER_UNDONE: Final = "GET /api/orders/batches/{batch_id}/undo"
# Filters by which lists are narrowed to what belongs to something else.
_FILTERS: Final[Mapping[str, str]] = {
    "batchId": "batch_id",
    "itemId": "item_id",
    "customerId": "customer_id",
    "orderId": "order_id",
    "operationId": "operation_id",
    "userId": "user_id",
    "createdBy": "user_id",
}
_NARROWED: Final = re.compile(
    r"/api/(?!.*(export|stats|metrics))|/(orders|invoices|messages|operations|stock|settings/audit)$"
)
_ID: Final = re.compile(r"(^|_)ids?$|Ids?$")
# Fields of bodies by the parameter that names the same.
_SAME: Final[Mapping[str, str]] = {
    "order_ids": "order_id",
    "customer_ids": "customer_id",
    "invoice_ids": "invoice_id",
    "inventory_item_id": "item_id",
    "itemId": "item_id",
    "toBranchId": "branch_id",
    "branchId": "branch_id",
    "userId": "user_id",
}


def test_every_id_of_another_organization_is_as_unknown_as_none(
    live: Live, asker: Person, rivals: Rivals, owner: Connection
) -> None:
    before = sum_up(owner, rivals.organization.id)
    asked = [route for route in routes(live.app) if route.role and _numbers(route) and route.name not in _SIGNPOSTS]
    description = live.client.get("/schema/openapi.json").json()
    faults = [fault for route in asked if (fault := _fault(route, asker, rivals, description))]
    assert faults == []
    assert len(asked) >= 150
    assert sum_up(owner, rivals.organization.id) == before


def test_an_operation_is_no_more_known_by_its_uuid(
    live: Live, asker: Person, rivals: Rivals, owner: Connection
) -> None:
    (row,) = owner.execute("SELECT uuid::text AS uuid FROM operations WHERE id = 7").fetchall()
    foreign, unknown = row["uuid"], str(uuid4())
    description = live.client.get("/schema/openapi.json").json()
    asked = [route for route in routes(live.app) if route.path.startswith("/api/operations/{operation_id}")]
    for route in asked:
        addresses = [rivals.address(route, operation_id=operation) for operation in (foreign, unknown)]
        answers = [asker.ask(route, address, _content(route, description)) for address in addresses]
        assert [answer.status_code for answer in answers] == [404, 404], route.name
        assert plain(answers[0], addresses[0]) == plain(answers[1], addresses[1]), route.name
    assert len(asked) >= 9


def test_where_the_bare_address_is_document_1s_its_ids_are_unknown_too(
    open_live: Callable[..., Live], owner: Connection, organization: Callable[..., Organization]
) -> None:
    live = open_live(working=False, webhook_allow_private=True, batches_api=BatchesApi.ORDERS)
    asker, rivals = admit(live, live.context), fill_rivals(live, owner, organization(name="Rivals"))
    description = live.client.get("/schema/openapi.json").json()
    asked = [route for route in routes(live.app) if route.path.startswith("/api/batches/{batch_id}")]
    names = {route.name for route in asked}
    asked = [route for route in asked if route.name != _SIGNPOST_OF_STOCK]
    assert [fault for route in asked if (fault := _fault(route, asker, rivals, description))] == []
    assert names > {*_SIGNPOSTS, _SIGNPOST_OF_STOCK}


def test_no_list_figure_export_or_stream_changes_by_what_another_organization_has(
    live: Live, asker: Person, owner: Connection, organization: Callable[..., Organization]
) -> None:
    asked = [route for route in routes(live.app) if route.method == "GET" and route.role and not route.parameters]
    before = {route.name: _shown(route, asker) for route in asked}
    rivals = fill_rivals(live, owner, organization(name="Rivals"))
    moved = set()
    for route in asked:
        after = _shown(route, asker)
        assert after == before[route.name], route.name
        assert not [mark for mark in MARKS if mark in after[2]], route.name
        if _shown(route, rivals.person) != after:
            moved.add(route.name)
    assert len(asked) >= 80
    still = {route.name for route in asked} - moved
    assert len(moved) >= 60, f"what the other has shows in too few of its own lists: {sorted(still)}"


def test_no_filter_by_an_id_of_another_organization_finds_anything(live: Live, asker: Person, rivals: Rivals) -> None:
    ids = {name: rivals.ids[number] for name, number in _FILTERS.items()}
    asked = 0
    for route in routes(live.app):
        if route.method != "GET" or not route.role or route.parameters or not _NARROWED.match(route.path):
            continue
        for name, foreign in ids.items():
            wanted = [{"params": {name: value}} for value in (foreign, str(NOWHERE))]
            answers = [asker.ask(route, route.path, content) for content in wanted]
            told = [plain(answer) for answer in answers]
            assert told[0] == (told[1][0], told[1][1], told[1][2].replace(str(NOWHERE), foreign)), (route.name, name)
            assert answers[0].status_code < 500, (route.name, name)
            asked += answers[0].status_code == 200
    assert asked >= 20


def test_no_id_of_another_organization_in_a_body_is_known(
    live: Live, asker: Person, rivals: Rivals, owner: Connection
) -> None:
    before = sum_up(owner, rivals.organization.id)
    description = live.client.get("/schema/openapi.json").json()
    asked = 0
    for route in routes(live.app):
        if route.role and route.media == "application/json" and not route.parameters:
            for name, body in _naming(description, route):
                foreign = int(rivals.ids[_SAME.get(name, name)])
                answers = [asker.ask(route, route.path, {"json": body(number)}) for number in (foreign, NOWHERE)]
                assert answers[0].status_code == answers[1].status_code < 500, (route.name, name, answers[0].text)
                if answers[0].status_code >= 400:
                    told = [plain(answer)[2] for answer in answers]
                    assert told[0] == told[1].replace(str(NOWHERE), str(foreign)), (route.name, name)
                assert not [mark for mark in MARKS if mark in answers[0].text], (route.name, name)
                asked += 1
    assert asked >= 25
    assert sum_up(owner, rivals.organization.id) == before


def _naming(description: Json, route: Route) -> Iterator[tuple[str, Callable[[int], Any]]]:
    """Bodies with one id each, by the name of the field that it stands in."""
    operation = description["paths"][route.path][route.method.lower()]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    base: Any = _WHOLE.get(route.name) or sample(description, schema)
    for path, is_list in _places(description, schema):
        yield path[-1], partial(_placed, base, path, is_list)


def _places(description: Json, schema: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Where in a body ids stand, and whether in a list."""
    for name, shape in resolved(description, schema).get("properties", {}).items():
        for leaf in shapes(description, shape):
            if leaf.get("properties"):
                yield from (((name, *path), is_list) for path, is_list in _places(description, leaf))
            elif _ID.search(name) and leaf.get("type") in {"integer", "array"}:
                yield (name,), leaf["type"] == "array"


def _placed(base: Json | None, path: tuple[str, ...], is_list: bool, number: int) -> Json:  # noqa: FBT001  # by partial
    name, *inner = path
    base = base or {}
    if inner:
        return {**base, name: _placed(base.get(name), tuple(inner), is_list, number)}
    return {**base, name: [number] if is_list else number}


def _shown(route: Route, person: Person) -> tuple[int, list[tuple[str, str]], str]:
    """What somebody gets to see; of a stream its first event, of a workbook its parts."""
    if route.path == "/events":
        headers = cookies(person.token)
        with person.client.stream("GET", route.path, headers=headers) as answer:
            text = next(part for part in answer.iter_text() if "data:" in part)
            return answer.status_code, [], re.sub(r"id: \d+", "", text)
    answer = person.ask(route, route.path, _content(route, {}))
    return plain(answer)


def _fault(route: Route, asker: Person, rivals: Rivals, description: Json) -> str | None:
    """What is wrong with the answers about another's things, each parameter in its turn and all at once."""
    content, foreign = _content(route, description), rivals.address(route)
    nowhere = rivals.address(route, **dict.fromkeys(_numbers(route), NOWHERE))
    answers = [asker.ask(route, foreign, content), asker.ask(route, nowhere, content)]
    statuses = [answer.status_code for answer in answers]
    if statuses != [404, 404]:
        return f"{route.name}: {statuses} {answers[0].text[:300]}"
    if plain(answers[0], foreign) != plain(answers[1], nowhere):
        return f"{route.name}: another's answer differs from that of none"
    if route.method == "GET" and not route.path.endswith("/events") and route.name != _NEVER_UNDONE:
        own = rivals.person.ask(route, foreign, content)
        return None if own.status_code == 200 else f"{route.name}: its owner gets {own.status_code} {own.text[:200]}"
    return None


def _numbers(route: Route) -> list[str]:
    return [name for name in route.parameters if name not in _WORDS]


def _content(route: Route, description: Json) -> dict[str, Any]:
    """A body that the route takes."""
    if route.path.endswith("/export"):
        return {"params": {"format": "csv"}}
    if route.media is None:
        return {}
    if route.media == "application/json":
        return {"json": _BODIES.get(route.name) or _least(route, description)}
    if route.media == "multipart/form-data":
        return {"files": {"file": ("a.csv", b"orderId\n1\n")}}
    return {"data": _BODIES.get(route.name, dict.fromkeys(route.fields(), "1"))}


def _least(route: Route, description: Json) -> Any:
    operation = description["paths"][route.path][route.method.lower()]
    return sample(description, operation["requestBody"]["content"]["application/json"]["schema"])
