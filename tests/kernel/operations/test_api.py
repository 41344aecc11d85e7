"""Operations over HTTP: looked at, listed, acted on, each organization for itself."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.factories import Organization, make_user
from tests.kernel.operations.toys import MAIL, MINT, PARTS, STAMP
from tests.kernel.operations.workshop import STEPWISE, Workshop
from tests.kernel.web.sample import Callers, bearer, running, sample_app
from tranche.kernel.context import Role
from tranche.kernel.db.listen import Listener
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.api import ROUTES, load_operation
from tranche.kernel.operations.domain import ItemStatus
from tranche.kernel.operations.handlers import Outcome
from tranche.kernel.web.stream import CHANNEL, Hub

HOME = "/api/operations"
Json = dict[str, Any]


@pytest.fixture
def client(workshop: Workshop, organization: Callable[..., Organization], owner: Connection) -> Iterator[httpx.Client]:
    """An admin's client; `bearer("viewer")`, `("operator")`, `("scoped")`, `("foreign")`... are others."""
    ours = workshop.ctx
    colleague = make_user(owner, ours.organization_id, name="Olga Operator", role=Role.OPERATOR)
    callers = Callers(
        admin=ours,
        viewer=replace(ours, role=Role.VIEWER),
        operator=replace(ours, role=Role.OPERATOR, user_id=colleague, user_name="Olga Operator"),
        scoped=replace(ours, scopes=frozenset({"operations"})),
        elsewhere=replace(ours, scopes=frozenset({"orders"})),
        nobody=replace(ours, user_id=None, user_name=""),
        foreign=organization(name="Other").context(),
    )
    listener = Listener(workshop.database.url, channel=CHANNEL)
    hub = Hub(load=load_operation(workshop.database, workshop.operations), listener=listener)
    app = sample_app(
        routes=ROUTES,
        database=workshop.database,
        hub=hub,
        callers=callers,
        offers={"operations": workshop.operations},
    )
    with running(app, hub) as house:
        yield house.client


def data_of(answer: httpx.Response) -> Any:
    assert answer.status_code in {200, 202}, answer.text
    return answer.json()["data"]


def half_done(workshop: Workshop) -> int:
    operation = workshop.start(STAMP, range(1, 21), fails=[2])
    worker = workshop.worker(pace=STEPWISE)
    for _ in range(2):
        workshop.slice(worker, operation)
    return operation


def test_one_operation_in_the_middle_of_its_work(workshop: Workshop, client: httpx.Client) -> None:
    operation = half_done(workshop)
    answer = client.get(f"{HOME}/{operation}")
    assert answer.headers["retry-after"] == "1"
    body = answer.json()
    assert (body["success"], body["message"]) == (True, "Operation fetched")
    found = body["data"]
    assert found.pop("secondsLeft") >= 0
    assert found.pop("ratePerSecond") > 0
    assert found.pop("createdAt") <= found.pop("startedAt") <= found.pop("updatedAt")
    assert str(UUID(found.pop("uuid"))) == str(workshop.look(operation).uuid)
    assert found == {
        "id": operation,
        "kind": STAMP,
        "label": "toy",
        "status": "processing",
        "isStalled": False,
        "phase": {"name": "mint", "unit": "items", "done": 10, "total": 20},
        "total": 20,
        "pending": 19,
        "succeeded": 0,
        "failed": 1,
        "skipped": 0,
        "cancelled": 0,
        "unknown": 0,
        "progress": 5.0,
        "version": workshop.look(operation).version,
        "summary": {},
        "error": None,
        "createdBy": {"id": workshop.ctx.user_id, "name": "Ada Admin"},
        "finishedAt": None,
        "links": {
            "self": f"{HOME}/{operation}",
            "items": f"{HOME}/{operation}/items",
            "timeline": f"{HOME}/{operation}/timeline",
            "events": f"{HOME}/{operation}/events",
        },
    }


def test_one_operation_that_has_failed(workshop: Workshop, client: httpx.Client) -> None:
    operation = workshop.start(MINT, [1, 2], fails=[1, 2])
    workshop.work(operation, workshop.worker())
    answer = client.get(f"{HOME}/{operation}")
    assert "retry-after" not in answer.headers
    found = data_of(answer)
    assert (found["status"], found["progress"], found["secondsLeft"]) == ("failed", 100, None)
    assert found["error"] == {"code": "all_failed", "message": "None of 2 succeeded; each says why."}
    assert found["finishedAt"] is not None


def test_cancelled_work_does_not_claim_to_be_done(workshop: Workshop, client: httpx.Client) -> None:
    operation = half_done(workshop)
    workshop.do("cancel", operation)
    workshop.work(operation, workshop.worker())
    assert data_of(client.get(f"{HOME}/{operation}"))["progress"] == 5


def test_the_number_and_the_uuid_name_the_same(workshop: Workshop, client: httpx.Client) -> None:
    operation = half_done(workshop)
    uuid = workshop.look(operation).uuid
    for path in ("", "/items", "/timeline"):
        assert data_of(client.get(f"{HOME}/{uuid}{path}")) == data_of(client.get(f"{HOME}/{operation}{path}"))
    assert data_of(client.post(f"{HOME}/{uuid}/pause"))["id"] == operation


def test_the_list_is_the_newest_first_and_narrowed(workshop: Workshop, client: httpx.Client) -> None:
    first, second, third = workshop.start(MINT, [1]), workshop.start(PARTS), workshop.start(MINT, [2])
    workshop.work(first, workshop.worker())

    def ids(query: str, caller: str = "admin") -> list[int]:
        return [found["id"] for found in data_of(client.get(f"{HOME}{query}", headers=bearer(caller)))]

    assert ids("") == [third, second, first]
    assert ids(f"?kind={MINT}") == [third, first]
    assert ids("?kind=unheard_of") == []
    assert ids("?status=pending") == [third, second]
    assert ids(f"?status=completed&kind={MINT}&createdBy=me") == [first]
    assert ids(f"?createdBy={workshop.ctx.user_id}") == [third, second, first]
    assert ids("?createdBy=me", "operator") == []
    assert ids("?page=2&limit=2") == [first]
    pages = client.get(f"{HOME}?page=2&limit=2").json()["pagination"]
    assert (pages["totalItems"], pages["totalPages"], pages["hasNextPage"]) == (3, 2, False)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [("status=done", "status"), ("createdBy=you", "createdBy"), ("page=0", "page"), ("sort=id", "sort")],
)
def test_what_the_list_does_not_understand_is_400(client: httpx.Client, query: str, pointer: str) -> None:
    answer = client.get(f"{HOME}?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)


def test_a_key_without_a_person_has_no_operations_of_its_own(client: httpx.Client) -> None:
    answer = client.get(f"{HOME}?createdBy=me", headers=bearer("nobody"))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "createdBy")


def test_items_come_page_by_page_with_all_their_stages(workshop: Workshop, client: httpx.Client) -> None:
    operation = workshop.start(STAMP, range(1, 8), fails=[3])
    workshop.work(operation, workshop.worker())
    seen: list[tuple[int, str]] = []
    query = ""
    for _ in range(7):
        page = data_of(client.get(f"{HOME}/{operation}/items?limit=2{query}"))
        seen += [(item["position"], item["stage"]) for item in page["items"]]
        query = f"&after={page['next']}"
    assert page["next"] is None
    assert seen == [(n, stage) for n in range(1, 8) for stage in ("mint", "stamp") if (n, stage) != (3, "stamp")]


def test_items_are_narrowed_by_state_and_code(workshop: Workshop, client: httpx.Client) -> None:
    operation = workshop.start(MINT, range(1, 8), fails=[3, 4], skips=[6])
    workshop.work(operation, workshop.worker())

    def positions(query: str) -> list[int]:
        return [item["position"] for item in data_of(client.get(f"{HOME}/{operation}/items?{query}"))["items"]]

    assert positions("status=failed") == [3, 4]
    assert positions("status=failed&code=odd") == [3]
    assert positions("code=even") == [4, 6]
    item = data_of(client.get(f"{HOME}/{operation}/items?code=odd"))["items"][0]
    assert item.pop("updatedAt")
    assert item == {
        "position": 3,
        "stage": "mint",
        "reference": 3,
        "label": "",
        "status": "failed",
        "attempts": 1,
        "error": {"code": "odd", "message": "It was to be so."},
        "result": None,
    }


@pytest.mark.parametrize(
    "query", ["after=x", "after=-1.", "after=5", "after=1e3.", "limit=1001", "status=bad", "page=1"]
)
def test_what_the_items_do_not_understand_is_400(workshop: Workshop, client: httpx.Client, query: str) -> None:
    operation = workshop.start(MINT, [1])
    assert client.get(f"{HOME}/{operation}/items?{query}").status_code == 400


def test_the_timeline_tells_who_did_what(workshop: Workshop, client: httpx.Client) -> None:
    operation = half_done(workshop)
    client.post(f"{HOME}/{operation}/pause", headers=bearer("operator"))
    events = data_of(client.get(f"{HOME}/{operation}/timeline"))
    assert [(event["event"], event["actor"]) for event in events] == [
        ("created", "Ada Admin"),
        ("started", ""),
        ("paused", "Olga Operator"),
    ]
    assert events[0]["at"] <= events[2]["at"]


def test_pause_resume_and_cancel_answer_with_the_operation(workshop: Workshop, client: httpx.Client) -> None:
    operation = half_done(workshop)
    for verb, code, status in (("pause", 200, "paused"), ("resume", 200, "processing"), ("cancel", 202, "cancelling")):
        for _ in range(2):
            answer = client.post(f"{HOME}/{operation}/{verb}")
            assert (answer.status_code, data_of(answer)["status"]) == (code, status)
            assert answer.headers["location"] == f"{HOME}/{operation}"
            assert ("retry-after" in answer.headers) == (code == 202)
    workshop.work(operation, workshop.worker())
    assert client.post(f"{HOME}/{operation}/cancel").status_code == 200
    refused = client.post(f"{HOME}/{operation}/pause")
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")


@pytest.mark.parametrize(
    ("query", "body", "left"),
    [
        ("", None, []),
        ("", {}, []),
        ("", {"code": "odd"}, [4]),
        ("?code=odd", None, [4]),
        ("?code=odd", {"code": "odd"}, [4]),
    ],
)
def test_retry_of_all_or_by_code(
    workshop: Workshop, client: httpx.Client, query: str, body: Json | None, left: list[int]
) -> None:
    operation = workshop.start(MINT, range(1, 8), fails=[3, 4])
    workshop.work(operation, workshop.worker())
    answer = client.post(f"{HOME}/{operation}/retry{query}", json=body)
    assert (answer.status_code, answer.headers["location"]) == (202, f"{HOME}/{operation}")
    assert data_of(answer)["status"] == "pending"
    assert workshop.states(operation).get("failed", []) == left


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ("?code=even", {"code": "odd"}, 400),
        ("", {"kode": "odd"}, 400),
        ("", {"code": 7}, 400),
        ("?all=true", None, 400),
        ("", {"code": "unheard_of"}, 409),
    ],
)
def test_a_retry_that_is_not_understood_changes_nothing(
    workshop: Workshop, client: httpx.Client, query: str, body: Json | None, status: int
) -> None:
    operation = workshop.start(MINT, [1, 2, 3], fails=[3])
    before = workshop.work(operation, workshop.worker())
    assert client.post(f"{HOME}/{operation}/retry{query}", json=body).status_code == status
    assert workshop.look(operation) == before


def test_the_same_idempotency_key_is_answered_again_and_acts_once(workshop: Workshop, client: httpx.Client) -> None:
    operation = workshop.start(MINT, [1, 2, 3], fails=[3])
    workshop.work(operation, workshop.worker())
    headers = {"Idempotency-Key": "once"}
    first = client.post(f"{HOME}/{operation}/retry", json={"code": "odd"}, headers=headers)
    workshop.work(operation, workshop.worker())
    again = client.post(f"{HOME}/{operation}/retry", json={"code": "odd"}, headers=headers)
    assert (again.status_code, again.content) == (202, first.content)
    assert workshop.events(operation).count("retried") == 1
    other = client.post(f"{HOME}/{operation}/retry", headers=headers)
    assert other.status_code == 422


def test_prefer_wait_waits_for_the_end(workshop: Workshop, client: httpx.Client) -> None:
    operation = workshop.start(MINT, range(1, 31))
    workshop.hooks.chunk = lambda _references: time.sleep(0.1)
    thread = threading.Thread(target=workshop.work, args=(operation, workshop.worker()))
    thread.start()
    answer = client.get(f"{HOME}/{operation}", headers={"Prefer": "wait=9"})
    thread.join()
    assert (data_of(answer)["status"], answer.headers["preference-applied"]) == ("completed", "wait=9")
    assert "retry-after" not in answer.headers


def test_prefer_wait_gives_up_in_time(workshop: Workshop, client: httpx.Client) -> None:
    operation = workshop.start(MINT, [1])
    began = time.monotonic()
    answer = client.get(f"{HOME}/{operation}", headers={"Prefer": "wait=1"})
    assert 0.9 < time.monotonic() - began < 5
    assert (data_of(answer)["status"], answer.headers["retry-after"]) == ("pending", "1")


def frames(client: httpx.Client, path: str, *, last: int | None = None) -> list[tuple[int, bytes]]:
    """Every event's id and data, until the stream ends."""
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    with client.stream("GET", path, headers=headers) as answer:
        if answer.status_code == 204:
            return []
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        pieces = b"".join(answer.iter_raw()).split(b"\n\n")
    found = []
    for piece in pieces:
        lines = dict(line.split(b": ", 1) for line in piece.splitlines() if b": " in line)
        if b"id" in lines:
            found.append((int(lines[b"id"]), lines[b"data"]))
    return found


def test_events_carry_the_same_bytes_as_polling_up_to_the_end(workshop: Workshop, client: httpx.Client) -> None:
    operation = workshop.start(MINT, range(1, 31))
    workshop.hooks.chunk = lambda _references: time.sleep(0.4)
    thread = threading.Thread(target=workshop.work, args=(operation, workshop.worker()))
    thread.start()
    seen = frames(client, f"{HOME}/{operation}/events")
    thread.join()
    versions = [version for version, _ in seen]
    assert versions == sorted(set(versions))
    assert len(versions) >= 3
    version, data = seen[-1]
    assert version == workshop.look(operation).version
    assert json.loads(data)["status"] == "completed"
    assert data in client.get(f"{HOME}/{operation}").content
    assert data in client.get(f"{HOME}/{workshop.look(operation).uuid}", headers={"Prefer": "wait=5"}).content
    listed = client.get(HOME).content
    assert data in listed


def test_a_client_that_comes_back_gets_what_it_has_not_seen(workshop: Workshop, client: httpx.Client) -> None:
    operation = workshop.start(MINT, [1])
    ended = workshop.work(operation, workshop.worker())
    path = f"{HOME}/{ended.uuid}/events"
    assert [version for version, _ in frames(client, path, last=1)] == [ended.version]
    assert frames(client, path, last=ended.version) == []


READS = ("", "/items", "/timeline", "/events")
VERBS = ("/cancel", "/pause", "/resume", "/retry")


@pytest.mark.parametrize("path", READS + VERBS)
def test_another_organizations_operation_answers_exactly_like_an_unknown_one(
    workshop: Workshop, client: httpx.Client, path: str
) -> None:
    operation = workshop.start(MINT, [1, 2], fails=[1])
    workshop.work(operation, workshop.worker())
    before = workshop.look(operation)

    def answer(reference: object) -> tuple[int, Json]:
        method = "POST" if path in VERBS else "GET"
        found = client.request(method, f"{HOME}/{reference}{path}", headers=bearer("foreign"))
        body = found.json()
        del body["metadata"]
        return found.status_code, {**body, "headers": sorted(found.headers)}

    unknown = answer(operation + 1_000)
    assert unknown[0] == 404
    assert answer(operation) == unknown
    assert answer(before.uuid) == answer(uuid4()) == unknown
    for odd in ("x", "0", "-1", "9" * 40, "1.0", "１"):
        assert answer(odd) == unknown
    assert workshop.look(operation) == before


def test_the_list_of_another_organization_is_empty(workshop: Workshop, client: httpx.Client) -> None:
    workshop.start(MINT, [1])
    answer = client.get(f"{HOME}?createdBy={workshop.ctx.user_id}", headers=bearer("foreign"))
    assert (answer.json()["data"], answer.json()["pagination"]["totalItems"]) == ([], 0)


@pytest.mark.parametrize(
    ("path", "needed"), [(path, "viewer") for path in READS] + [(path, "operator") for path in VERBS]
)
def test_reading_needs_a_viewer_and_changing_an_operator(
    workshop: Workshop, client: httpx.Client, path: str, needed: str
) -> None:
    operation = workshop.start(MAIL, [1, 2])
    workshop.hooks.effect = lambda item: Outcome(status=ItemStatus.FAILED, error="No.") if item.reference == 1 else None
    if path != "/cancel":
        workshop.work(operation, workshop.worker())

    def status(caller: str) -> int:
        method = "POST" if path in VERBS else "GET"
        return client.request(method, f"{HOME}/{operation}{path}", headers=bearer(caller)).status_code

    assert status("unheard_of") == 401
    assert status("elsewhere") == 403
    assert (status("viewer") == 403) == (needed == "operator")
    assert status("operator") in {200, 202, 409}
    assert status("scoped") in {200, 202, 409}
