"""Document 2, sentence by sentence, against the running product."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.contracts.document_2 import (
    BATCH,
    COLUMNS,
    FAILED_ITEMS,
    JOB_STATUS,
    JOB_TYPE,
    ONE,
    PROCESS,
    RESET,
    STATUSES,
    STUCK,
)
from tests.invoicing.factories import make_customer, make_orders
from tests.live import Live
from tranche.commands.queries import enter_organization, run_sql
from tranche.kernel.context import Role
from tranche.kernel.db.pool import Connection, connect

_WAIT = {"Prefer": "wait=20"}


def _orders(live: Live, count: int = 1, **shape: Any) -> list[int]:
    with live.database.transaction(live.context.organization_id) as conn:
        return make_orders(conn, customer_id=make_customer(conn, name=f"Miller {time.time_ns()}"), count=count, **shape)


def _execute(live: Live, statement: str, **values: Any) -> None:
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute(statement, values or None)


def _sql(live: Live, statement: str) -> list[dict[str, Any]]:
    """As `tranche sql --organization` runs it: the plain role, held by the walls."""
    with connect(live.urls.app) as conn:
        assert enter_organization(conn, organization_id=live.context.organization_id)
        (result,) = run_sql(conn, statement)
    return [dict(zip(result.columns, row, strict=True)) for row in result.rows] if result.columns else []


def _run(live: Live, order_ids: list[int], **more: Any) -> dict[str, Any]:
    answer = live.client.post(BATCH, json={"order_ids": order_ids, **more}, headers=_WAIT)
    assert answer.status_code == 200, answer.text
    job: dict[str, Any] = answer.json()
    return job


def test_a_batch_returns_its_job_id_at_once_and_invoices_every_order(live: Live) -> None:
    ids = _orders(live, 5)
    answer = live.client.post(BATCH, json={"order_ids": ids})
    body = answer.json()
    assert answer.status_code == 202
    assert {**body, "job_id": "", "operation_id": 0} == {
        "job_id": "",
        "status": "pending",
        "total_items": 5,
        "message": "Batch job started",
        "operation_id": 0,
    }
    assert answer.headers["Location"] == f"/api/batch-jobs/{body['job_id']}"
    job = live.client.get(answer.headers["Location"], headers=_WAIT).json()["data"]
    assert job.keys() >= COLUMNS
    assert (job["id"], job["job_type"], job["status"]) == (body["job_id"], JOB_TYPE, "completed")
    assert (job["processed_items"], job["successful_items"], job["failed_items"]) == (5, 5, 0)
    assert job["payload"]["user_id"] == live.context.user_id
    assert live.client.get("/api/invoices").json()["pagination"]["totalItems"] == 5


def test_failures_are_counted_and_named_and_the_rest_goes_on(live: Live) -> None:
    ids = _orders(live, 3)
    _execute(live, "UPDATE orders SET status = 'cancelled' WHERE id = %(id)s", id=ids[1])
    job = _run(live, ids)
    assert (job["status"], job["processed_items"], job["successful_items"], job["failed_items"]) == (
        "completed",
        3,
        2,
        1,
    )
    assert job["errors"] == [
        {"order_id": ids[1], "order_number": "SO-2", "code": "order_cancelled", "error": "The order is cancelled."}
    ]
    page = live.client.get(f"/api/batch-jobs/{job['id']}/errors").json()["data"]
    assert page == {"errors": job["errors"], "next": None}


def test_a_job_says_the_documents_words_only(live: Live) -> None:
    _run(live, _orders(live))
    for status in sorted(STATUSES):
        jobs = live.client.get("/api/batch-jobs", params={"status": status}).json()["data"]
        assert len(jobs) == (status == "completed")
    assert live.client.get("/api/batch-jobs", params={"status": "paused"}).status_code == 400


def test_one_order_becomes_one_invoice(live: Live) -> None:
    (order_id,) = _orders(live)
    answer = live.client.post(ONE, json={"order_id": order_id})
    assert answer.status_code == 201
    body = answer.json()
    assert (body["success"], body["order_id"], body["total"]) == (True, order_id, 71.94)
    invoice = live.client.get(answer.headers["Location"]).json()["data"]["invoice"]
    assert (invoice["number"], invoice["createdBy"]) == (body["invoice_number"], live.context.user_id)
    again = live.client.post(ONE, json={"order_id": order_id})
    assert (again.status_code, again.json()["code"]) == (409, "already_invoiced")
    gone = live.client.post(ONE, json={"order_id": 999_999})
    assert (gone.status_code, gone.json()["code"]) == (404, "order_not_found")


def test_user_id_is_taken_from_an_admin_only(live: Live) -> None:
    first, second = _orders(live, 2)
    user = live.client.post(
        "/api/users", json={"data": {"email": "bo@acme.test", "name": "Bo", "role": "operator"}}
    ).json()["data"]
    made = live.client.post(ONE, json={"order_id": first, "user_id": user["id"]}).json()
    invoice = live.client.get(f"/api/invoices/{made['invoice_id']}").json()["data"]["invoice"]
    assert invoice["createdBy"] == user["id"]
    operator = httpx.Client(base_url=live.url, headers={"Authorization": f"Bearer {live.key_for(Role.OPERATOR)}"})
    refused = operator.post(ONE, json={"order_id": second, "user_id": user["id"]})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (403, "/user_id")
    assert operator.post(ONE, json={"order_id": second}).status_code == 201
    assert live.client.post(ONE, json={"order_id": second, "user_id": 999}).status_code == 404


def test_process_batch_jobs_wakes_what_waits(open_live: Callable[..., Live]) -> None:
    live = open_live(working=False)
    answer = live.client.post(BATCH, json={"order_ids": _orders(live)})
    with live.database.transaction(None) as conn:
        conn.execute("DELETE FROM procrastinate_jobs")
    assert live.client.post(PROCESS).json() == {"success": True, "message": "1 job was woken", "woken": 1}
    assert live.client.post(PROCESS).json() == {"success": True, "message": "No job had to be woken", "woken": 0}
    live.start_worker()
    job = live.client.get(answer.headers["Location"], headers=_WAIT).json()["data"]
    assert job["status"] == "completed"


def test_it_still_works_with_the_schedule_disabled(live: Live) -> None:
    name = "process-batch-jobs-every-minute"
    answer = live.client.put(f"/api/schedules/{name}", json={"data": {"enabled": False}})
    assert answer.status_code == 200, answer.text
    assert live.client.post(PROCESS).status_code == 200
    assert _run(live, _orders(live))["status"] == "completed"


def test_the_monitoring_sql_runs_as_printed(live: Live) -> None:
    ids = _orders(live, 2)
    _execute(live, "UPDATE orders SET status = 'cancelled' WHERE id = %(id)s", id=ids[1])
    job = _run(live, ids)
    (row,) = _sql(live, JOB_STATUS)
    assert (str(row["id"]), row["job_type"], row["status"]) == (job["id"], JOB_TYPE, "completed")
    assert (row["total_items"], row["processed_items"], row["successful_items"], row["failed_items"]) == (2, 2, 1, 1)
    (failed,) = _sql(live, FAILED_ITEMS)
    assert failed["errors"] == [{"order_id": ids[1], "code": "order_cancelled", "error": "The order is cancelled."}]
    assert _sql(live, STUCK) == []


@pytest.mark.parametrize("zone", ["Asia/Dhaka", "America/Los_Angeles"])
def test_a_job_is_stuck_after_an_hour_whatever_the_zone(open_live: Callable[..., Live], zone: str) -> None:
    live = open_live(working=False)
    live.client.post(BATCH, json={"order_ids": _orders(live)})
    _execute(live, "UPDATE organizations SET zone = %(zone)s", zone=zone)
    for minutes, stuck in ((59, 0), (61, 1)):
        _execute(
            live,
            "UPDATE operations SET status = 'processing', started_at = now() - make_interval(mins => %(minutes)s)",
            minutes=minutes,
        )
        assert len(_sql(live, STUCK)) == stuck


def test_the_printed_reset_resumes_and_invoices_nothing_twice(open_live: Callable[..., Live]) -> None:
    live = open_live(working=False)
    ids = _orders(live, 3)
    job_id = live.client.post(BATCH, json={"order_ids": ids}).json()["job_id"]
    assert live.client.post(f"/api/batch-jobs/{job_id}/pause").json()["data"]["is_paused"]
    _sql(live, RESET.replace("YOUR_JOB_ID", job_id))
    assert live.client.get(f"/api/batch-jobs/{job_id}").json()["data"]["status"] == "pending"
    live.start_worker()
    job = live.client.get(f"/api/batch-jobs/{job_id}", headers=_WAIT).json()["data"]
    assert (job["status"], job["successful_items"]) == ("completed", 3)
    with pytest.raises(Exception, match="has ended"):
        _sql(live, RESET.replace("YOUR_JOB_ID", job_id))
    assert live.client.get("/api/invoices").json()["pagination"]["totalItems"] == 3


@pytest.mark.parametrize("change", ["status = 'completed'", "total_items = 0", "errors = '[1]'", "started_at = now()"])
def test_the_view_takes_no_other_change(open_live: Callable[..., Live], change: str) -> None:
    live = open_live(working=False)
    live.client.post(BATCH, json={"order_ids": _orders(live)})
    with pytest.raises(Exception, match=r"takes one change only|has ended"):
        _sql(live, f"UPDATE batch_job_queue SET {change}")


def test_a_job_can_be_cancelled_and_what_is_done_stays(open_live: Callable[..., Live]) -> None:
    live = open_live(working=False)
    job_id = live.client.post(BATCH, json={"order_ids": _orders(live, 2)}).json()["job_id"]
    home = f"/api/batch-jobs/{job_id}"
    assert live.client.post(f"{home}/cancel").json()["data"]["status"] == "processing"
    live.start_worker()
    job = live.client.get(home, headers=_WAIT).json()["data"]
    assert (job["status"], job["cancelled_items"], job["processed_items"]) == ("cancelled", 2, 0)
    assert live.client.post(f"{home}/cancel").status_code == 200
    assert live.client.post(f"{home}/retry").json()["data"]["status"] == "pending"
    job = live.client.get(home, headers=_WAIT).json()["data"]
    assert (job["status"], job["successful_items"]) == ("completed", 2)
    assert live.client.post(f"{home}/cancel").status_code == 409


def test_a_job_is_followed_live_to_its_end(live: Live) -> None:
    job_id = live.client.post(BATCH, json={"order_ids": _orders(live, 2)}).json()["job_id"]
    with live.client.stream("GET", f"/api/batch-jobs/{job_id}/events") as stream:
        text = "".join(stream.iter_text())
    assert '"status":"completed"' in text.rsplit("data:", 1)[-1]


def test_a_client_that_repeats_itself_starts_one_job(live: Live) -> None:
    ids = _orders(live, 2)
    headers = {"Idempotency-Key": "once"}
    first, second = (live.client.post(BATCH, json={"order_ids": ids}, headers=headers) for _ in range(2))
    assert first.json() == second.json()
    other = live.client.post(BATCH, json={"order_ids": ids[:1]}, headers=headers)
    assert other.status_code == 422
    assert live.client.get("/api/batch-jobs").json()["pagination"]["totalItems"] == 1


def test_a_double_click_invoices_every_order_once(live: Live) -> None:
    ids = _orders(live, 20)
    jobs = [live.client.post(BATCH, json={"order_ids": ids}).json()["job_id"] for _ in range(2)]
    ended = [live.client.get(f"/api/batch-jobs/{job}", headers=_WAIT).json()["data"] for job in jobs]
    assert sorted((job["successful_items"], job["skipped_items"]) for job in ended) == [(0, 20), (20, 0)]
    assert live.client.get("/api/invoices").json()["pagination"]["totalItems"] == 20


def test_a_frozen_selection_is_looked_at_and_invoiced(live: Live) -> None:
    _orders(live, 3)
    chosen = live.client.post("/api/order-selections", json={"filter": {"status": "open", "search": "SO-"}})
    assert chosen.status_code == 201
    selection = chosen.json()["data"]
    assert (selection["order_count"], selection["sums"][0]["orders"]) == (3, 3)
    assert live.client.get(chosen.headers["Location"]).json()["data"] == selection
    _orders(live, 1, prefix="SO-later")
    seen = live.client.post("/api/invoices/preflight", json={"selection_id": selection["id"]}).json()["data"]
    assert (seen["total_items"], seen["ready"], seen["sums"][0]["total"]) == (3, 3, 215.82)
    answer = live.client.post(BATCH, json={"selection_id": selection["id"]}, headers=_WAIT)
    assert answer.json()["successful_items"] == 3


def test_the_key_metrics_are_told(live: Live) -> None:
    ids = _orders(live, 4)
    _execute(live, "UPDATE orders SET status = 'cancelled' WHERE id = %(id)s", id=ids[1])
    _run(live, ids)
    found = live.client.get("/api/batch-jobs/metrics").json()["data"]
    assert (found["success_rate"], found["queue_depth"], found["jobs"]) == (75, 0, 1)
    assert found["average_processing_seconds"] >= 0
    assert found["error_patterns"] == [{"code": "order_cancelled", "message": "The order is cancelled.", "count": 1}]
    (day,) = found["history"]
    assert (day["total_items"], day["successful_items"], day["failed_items"]) == (4, 3, 1)


def test_a_run_is_taken_back_whole(live: Live) -> None:
    job = _run(live, _orders(live, 3))
    answer = live.client.post(f"/api/batch-jobs/{job['id']}/undo")
    assert answer.status_code == 202
    ended = live.wait(answer.json()["data"]["id"])
    assert (ended["status"], ended["succeeded"]) == ("completed", 3)
    invoices = live.client.get("/api/invoices", params={"status": "void"}).json()
    assert invoices["pagination"]["totalItems"] == 3


def test_another_organization_sees_nothing_of_a_job(live: Live) -> None:
    job = _run(live, _orders(live))
    _, other = live.join()
    for path in (f"/api/batch-jobs/{job['id']}", f"/api/batch-jobs/{job['id']}/errors", "/api/invoices/1"):
        assert other.get(path).status_code == 404
    assert other.get("/api/batch-jobs").json()["pagination"]["totalItems"] == 0
    started = other.post(BATCH, json={"order_ids": [1]}, headers=_WAIT).json()
    assert [error["code"] for error in started["errors"]] == ["order_not_found"]


def test_a_deleted_order_batch_voids_its_invoices_where_that_is_asked(live: Live, owner: Connection) -> None:
    (batch,) = owner.execute(
        """
        INSERT INTO order_batches (organization_id, user_id, file_name, status, completed_at, total_orders,
            successful_orders)
        VALUES (%(organization_id)s, %(user_id)s, 'a.xlsx', 'completed', now(), 2, 2) RETURNING id
        """,
        {"organization_id": live.context.organization_id, "user_id": live.context.user_id},
    ).fetchall()
    _run(live, _orders(live, 2, batch_id=batch["id"]))
    home = f"/api/orders/batches/{batch['id']}"
    assert live.client.delete(home).status_code == 409
    assert live.client.delete(home, params={"force": "void"}).json()["deletedOrders"] == 2
    invoices = live.client.get("/api/invoices").json()["data"]
    assert [(each["status"], each["orderId"], each["orderNumber"]) for each in invoices] == [
        ("void", None, "SO-2"),
        ("void", None, "SO-1"),
    ]
