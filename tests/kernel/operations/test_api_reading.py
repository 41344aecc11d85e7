"""Operations over HTTP: one, the list, items, the timeline."""

from uuid import UUID

import httpx
import pytest

from tests.kernel.operations.house import HOME, data_of, half_done
from tests.kernel.operations.toys import MINT, PARTS, RELAY, STAMP
from tests.kernel.operations.workshop import Workshop
from tests.kernel.web.sample import bearer
from tranche.kernel.operations.domain import ItemStatus
from tranche.kernel.operations.handlers import Outcome


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
        "dryRun": False,
        "status": "processing",
        "isStalled": False,
        "anotherTry": None,
        "steps": [],
        "phase": {"name": "mint", "unit": "items", "done": 10, "total": 20, "failed": 1},
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
    assert found["error"] == {
        "code": "all_failed",
        "message": "None of 2 succeeded; each says why, such as: It was to be so.",
    }
    assert found["finishedAt"] is not None


def test_a_failure_is_told_of_the_phase_in_which_it_happened(workshop: Workshop, client: httpx.Client) -> None:
    workshop.hooks.effect = lambda _item: Outcome(status=ItemStatus.FAILED, error_code="no", error="No address.")
    operation = workshop.start(RELAY, range(1, 9), fails=[1, 2])
    workshop.work(operation, workshop.worker())
    found = data_of(client.get(f"{HOME}/{operation}"))
    assert found["steps"] == [{"name": "mint", "unit": "items", "done": 8, "failed": 2}]
    assert found["phase"] == {"name": "mail", "unit": "files", "done": 6, "total": 6, "failed": 6}
    workshop.hooks.effect = lambda _item: None
    workshop.do("retry", operation, code="no")
    workshop.work(operation, workshop.worker())
    found = data_of(client.get(f"{HOME}/{operation}"))
    assert (found["failed"], found["steps"][0]["failed"], found["phase"]["failed"]) == (2, 2, 0)


def test_cancelled_work_does_not_claim_to_be_done(workshop: Workshop, client: httpx.Client) -> None:
    operation = half_done(workshop)
    workshop.do("cancel", operation)
    workshop.work(operation, workshop.worker())
    assert data_of(client.get(f"{HOME}/{operation}"))["progress"] == 5


def test_who_started_it_is_called_as_they_are_now(workshop: Workshop, client: httpx.Client) -> None:
    operation = half_done(workshop)
    with workshop.database.transaction(workshop.ctx.organization_id) as conn:
        conn.execute("UPDATE users SET name = 'Ada Lovelace' WHERE id = %(id)s", {"id": workshop.ctx.user_id})
    assert data_of(client.get(f"{HOME}/{operation}"))["createdBy"]["name"] == "Ada Lovelace"
    assert "Ada Lovelace" in client.get(f"{HOME}/export?format=csv").text


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
    assert ids("?status=pending") == [third, second]
    assert ids(f"?status=completed&kind={MINT}&createdBy=me") == [first]
    assert ids(f"?createdBy={workshop.ctx.user_id}") == [third, second, first]
    assert ids("?createdBy=me", "operator") == []
    assert ids("?page=2&limit=2") == [first]
    pages = client.get(f"{HOME}?page=2&limit=2").json()["pagination"]
    assert (pages["totalItems"], pages["totalPages"], pages["hasNextPage"]) == (3, 2, False)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("kind=unheard_of", "kind"),
        ("status=done", "status"),
        ("createdBy=you", "createdBy"),
        ("page=0", "page"),
        ("sort=label", "sort"),
    ],
)
def test_what_the_list_does_not_understand_is_400(client: httpx.Client, query: str, pointer: str) -> None:
    answer = client.get(f"{HOME}?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)


def test_a_kind_that_there_is_not_is_refused_with_those_that_there_are(client: httpx.Client) -> None:
    for path in (f"{HOME}?kind=unheard_of", f"{HOME}/export?format=csv&kind=unheard_of"):
        refused = client.get(path)
        assert refused.status_code == 400
        assert refused.json()["detail"].startswith("kind must be one of ")
        assert MINT in refused.json()["detail"]


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
