"""Document 2's functions under those who click twice, guess numbers, send too much, or cancel at the worst moment."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.contracts.document_2 import BATCH, ONE, PROCESS
from tests.invoicing.factories import make_customer, make_orders
from tests.live import Live
from tranche.invoicing.checks import CHECKS
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, connect
from tranche.kernel.operations.checks import CHECKS as OPERATION_CHECKS

_WAIT = {"Prefer": "wait=20"}
_HIGHEST = 2**63 - 1
_GATE = 47_110_816
_HELD = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = %(gate)s AND NOT granted"

_REFUSED: tuple[dict[str, Any], ...] = (
    {"order_ids": list(range(1, 10_002))},
    {"order_ids": [1, 1]},
    {"order_ids": []},
    {"order_ids": [-1]},
    {"order_ids": [2**63]},
    {"order_ids": [1], "filter": {}},
    {"order_ids": [1], "unknown": 1},
    {"order_ids": [1], "invoice_date": "9999-12-31", "due_days": 3_650},
    {"order_ids": [1], "invoice_date": "0001-01-01"},
    {"order_ids": [1], "due_date": "10000-01-01"},
    {"order_ids": [1], "due_days": 2**40},
    {"order_ids": [1], "notes": "a\u0000b"},
    {"order_ids": [1], "payment_terms": "x" * 100_000},
    {"order_ids": [1], "language": "en'; DROP TABLE invoices"},
    {"order_ids": [1], "priority": "highest"},
    {"filter": {"search": "a\u0000b"}},
    {"filter": {"search": "%"}},
    {"filter": {"status": "OPEN"}},
    {"filter": {"batch_id": 2**63}},
    {"selection_id": 2**63},
    {"selection_id": 0},
    {},
)


@pytest.fixture(autouse=True)
def sound(owner: Connection) -> Iterator[None]:
    """After every attack the books agree."""
    yield
    for check in (*CHECKS, *OPERATION_CHECKS):
        assert owner.execute(check.sql.encode()).fetchall() == [], check.name


def _orders(live: Live, count: int = 1, *, context: Context | None = None, **shape: Any) -> list[int]:
    with live.database.transaction((context or live.context).organization_id) as conn:
        return make_orders(conn, customer_id=make_customer(conn, name=f"Miller {count}"), count=count, **shape)


def _at_once(count: int, act: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    """So many in the same moment."""
    start = threading.Barrier(count)

    def one(which: int) -> httpx.Response:
        start.wait(10)
        return act(which)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def _invoices(live: Live) -> int:
    return int(live.client.get("/api/invoices").json()["pagination"]["totalItems"])


def test_eight_clicks_on_one_order_issue_one_invoice(live: Live) -> None:
    (order_id,) = _orders(live)
    answers = _at_once(8, lambda _: live.client.post(ONE, json={"order_id": order_id}))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"already_invoiced"}
    assert _invoices(live) == 1


def test_eight_clicks_with_one_key_give_one_answer(live: Live) -> None:
    (order_id,) = _orders(live)
    headers = {"Idempotency-Key": "click"}
    answers = _at_once(8, lambda _: live.client.post(ONE, json={"order_id": order_id}, headers=headers))
    made = [answer.json() for answer in answers if answer.status_code == 201]
    assert made
    assert made == [made[0]] * len(made)
    assert {answer.json()["code"] for answer in answers if answer.status_code != 201} <= {"idempotency_running"}
    again = live.client.post(ONE, json={"order_id": order_id}, headers=headers)
    assert (again.status_code, again.json()) == (201, made[0])
    assert _invoices(live) == 1


def test_a_key_holds_for_one_function_one_body_and_one_caller(live: Live) -> None:
    first, second = _orders(live, 2)
    headers = {"Idempotency-Key": "mine"}
    assert live.client.post(ONE, json={"order_id": first}, headers=headers).status_code == 201
    for path, body in ((ONE, {"order_id": second}), (BATCH, {"order_ids": [first]}), (PROCESS, None)):
        assert live.client.post(path, json=body, headers=headers).status_code == 422
    other, client = live.join()
    (theirs,) = _orders(live, context=other)
    assert client.post(ONE, json={"order_id": theirs}, headers=headers).status_code == 201
    assert _invoices(live) == 1


def test_single_invoices_and_runs_over_the_same_orders_meet_without_harm(live: Live) -> None:
    ids = _orders(live, 30)

    def act(which: int) -> httpx.Response:
        if which % 2:
            return live.client.post(BATCH, json={"order_ids": ids if which % 4 == 1 else ids[::-1]})
        return live.client.post(ONE, json={"order_id": ids[which]})

    answers = _at_once(8, act)
    assert {answer.status_code for answer in answers} <= {201, 202, 409}, [answer.text for answer in answers]
    for answer in answers:
        if answer.status_code == 202:
            ended = live.wait(answer.json()["operation_id"])
            assert (ended["status"], ended["failed"]) == ("completed", 0)
    assert _invoices(live) == 30


def test_what_is_another_organizations_is_as_what_is_not_there(live: Live) -> None:
    mine = _orders(live, 2)
    other, client = live.join()
    theirs = _orders(live, 3, context=other)
    selection = client.post("/api/order-selections", json={"filter": {}}).json()["data"]["id"]
    with live.database.transaction(other.organization_id) as conn:
        customer = conn.execute("SELECT min(id) AS id FROM customers").fetchall()[0]["id"]

    def both(path: str, body: Callable[[int], dict[str, Any]], foreign: int | None) -> None:
        assert foreign is not None
        answers = [live.client.post(path, json=body(which)) for which in (foreign, 999_999)]
        assert [answer.status_code for answer in answers] in ([400, 400], [403, 403], [404, 404])
        told = [{**answer.json(), "metadata": None, "instance": None} for answer in answers]
        assert str(told[0]).replace(str(foreign), "999999") == str(told[1])

    both(ONE, lambda which: {"order_id": which}, theirs[-1])
    both(ONE, lambda which: {"order_id": mine[0], "user_id": which}, other.user_id)
    both(BATCH, lambda which: {"selection_id": which}, selection)
    both(BATCH, lambda which: {"order_ids": mine, "branch_id": which}, other.branch_id)
    both(BATCH, lambda which: {"filter": {"customer_id": which}}, customer)
    job = live.client.post(BATCH, json={"order_ids": [*mine, theirs[-1], 999_999]}, headers=_WAIT).json()
    assert (job["successful_items"], job["failed_items"]) == (2, 2)
    assert {(error["code"], error["order_number"], error["error"]) for error in job["errors"]} == {
        ("order_not_found", "", "There is no such order.")
    }
    assert client.get("/api/invoices").json()["pagination"]["totalItems"] == 0


def test_who_may_only_read_starts_nothing(live: Live) -> None:
    ids = _orders(live)
    viewer = httpx.Client(base_url=live.url, headers={"Authorization": f"Bearer {live.key_for(Role.VIEWER)}"})
    nobody = httpx.Client(base_url=live.url)
    for path, body in ((ONE, {"order_id": ids[0]}), (BATCH, {"order_ids": ids}), (PROCESS, None)):
        assert viewer.post(path, json=body).status_code == 403
        assert nobody.post(path, json=body).status_code == 401
    assert _invoices(live) == 0


def test_what_is_not_to_be_taken_is_refused_and_starts_nothing(live: Live) -> None:
    _orders(live)
    for body in _REFUSED:
        answer = live.client.post(BATCH, json=body)
        assert answer.status_code in {400, 404}, (body, answer.text)
        assert answer.json()["success"] is False
    assert live.client.get("/api/batch-jobs").json()["pagination"]["totalItems"] == 0


def test_the_highest_number_there_is_names_nothing(live: Live) -> None:
    _orders(live)
    for wanted in ({"order_id": _HIGHEST}, {"order_id": 1, "user_id": _HIGHEST}):
        assert live.client.post(ONE, json=wanted).status_code == 404


def test_the_longest_list_is_taken_and_each_unknown_order_is_named(live: Live) -> None:
    ids = _orders(live, 3)
    job = live.client.post(BATCH, json={"order_ids": [*ids, *range(_HIGHEST - 9_996, _HIGHEST + 1)]}, headers=_WAIT)
    body = live.client.get(f"/api/batch-jobs/{job.json()['job_id'] if job.status_code == 202 else job.json()['id']}")
    state = live.wait(body.json()["data"]["operation_id"])
    assert (state["total"], state["succeeded"], state["failed"]) == (10_000, 3, 9_997)
    told = live.client.get(f"/api/batch-jobs/{body.json()['data']['id']}").json()["data"]
    assert len(told["errors"]) == 1_000


def test_a_run_that_is_cancelled_while_it_commits_keeps_what_it_issued(live: Live, owner: Connection) -> None:
    ids = _orders(live, 40)
    owner.execute(
        f"""
        CREATE FUNCTION attack_gate() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock_shared({_GATE});
            RETURN NULL;
        END $$;
        CREATE TRIGGER attack_gate AFTER INSERT ON invoices FOR EACH STATEMENT EXECUTE FUNCTION attack_gate();
        """.encode()
    )
    with connect(live.urls.owner) as gate:
        gate.execute(f"SELECT pg_advisory_lock({_GATE})".encode())
        job = live.client.post(BATCH, json={"order_ids": ids}).json()
        ends = threading.Event()
        while not owner.execute(_HELD, {"gate": _GATE}).fetchall():
            assert not ends.wait(0.02)
        home = f"/api/batch-jobs/{job['job_id']}"
        verbs = _at_once(6, lambda which: live.client.post(f"{home}/{'cancel' if which < 4 else 'pause'}"))
        assert [answer.status_code for answer in verbs[:4]] == [200] * 4
        assert live.client.post(f"{home}/undo").status_code == 409
        assert live.client.post(f"{home}/retry").status_code == 409
        assert live.client.post(PROCESS).status_code == 200
    ended = live.wait(job["operation_id"])
    assert ended["status"] == "cancelled"
    assert ended["succeeded"] + ended["cancelled"] == 40
    assert ended["succeeded"] == _invoices(live)
    undo = _at_once(4, lambda _: live.client.post(f"{home}/undo"))
    assert 202 in {answer.status_code for answer in undo}
    for answer in undo:
        if answer.status_code == 202:
            live.wait(answer.json()["data"]["id"])
    live_ones = live.client.get("/api/invoices", params={"status": "issued"}).json()
    assert live_ones["pagination"]["totalItems"] == 0


def test_an_invoice_is_voided_or_credited_once_however_many_try(live: Live) -> None:
    (order_id,) = _orders(live)
    invoice_id = live.client.post(ONE, json={"order_id": order_id}).json()["invoice_id"]
    ways = ("void", "credit-note")
    answers = _at_once(
        8,
        lambda which: live.client.post(
            f"/api/invoices/{invoice_id}/{ways[which % 2]}", json={"data": {"reason": "Wrong price"}}
        ),
    )
    assert sorted(answer.status_code for answer in answers)[1:] == [409] * 7
    assert min(answer.status_code for answer in answers) in {200, 201}


def test_waking_in_a_hurry_does_no_work_twice(live: Live) -> None:
    ids = _orders(live, 50)
    job = live.client.post(BATCH, json={"order_ids": ids}).json()
    answers = _at_once(8, lambda _: live.client.post(PROCESS))
    assert {answer.status_code for answer in answers} == {200}
    assert live.wait(job["operation_id"])["succeeded"] == 50
    assert _invoices(live) == 50
