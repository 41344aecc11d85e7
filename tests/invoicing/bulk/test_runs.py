"""Runs over orders whose invoices are printed and sent in the same operation, each stage standing alone."""

import zipfile
from io import BytesIO
from typing import Any

import pytest

from tests.invoicing.factories import make_customer, make_orders
from tests.live import Live

_BATCH = "/functions/v1/batch-invoice-orders"


def _orders(live: Live, *, email: str = "pay@miller.test", count: int = 2, prefix: str = "SO") -> list[int]:
    with live.database.transaction(live.context.organization_id) as conn:
        customer = make_customer(conn, name=prefix)
        conn.execute("UPDATE customers SET email = %s WHERE id = %s", [email, customer])
        return make_orders(conn, customer_id=customer, count=count, prefix=prefix)


def _run(live: Live, order_ids: list[int], **options: object) -> tuple[int, dict[str, Any]]:
    answer = live.client.post(_BATCH, json={"order_ids": order_ids, **options})
    assert answer.status_code == 202, answer.text
    operation_id = answer.json()["operation_id"]
    return operation_id, live.wait(operation_id)


def _messages(live: Live) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = live.client.get("/api/messages").json()["data"]
    return found


def _files(live: Live, operation_id: int) -> dict[str, str]:
    answer = live.client.get(f"/api/batch-operations/{operation_id}/files")
    assert answer.status_code == 200, answer.text
    return {file["kind"]: file["url"] for file in answer.json()["data"]}


def test_a_run_prints_and_sends_what_it_has_issued(live: Live) -> None:
    operation_id, ended = _run(live, _orders(live), generate_pdf=True, send_immediately=True)
    assert (ended["status"], ended["succeeded"], ended["total"]) == ("completed", 2, 2)
    with zipfile.ZipFile(BytesIO(live.client.get(_files(live, operation_id)["zip"]).content)) as archive:
        assert len([name for name in archive.namelist() if name.endswith(".pdf")]) == 2
    assert [(message["status"], len(message["attachments"])) for message in _messages(live)] == [("sent", 1)] * 2
    items = live.client.get(f"/api/operations/{operation_id}/items").json()["data"]["items"]
    assert [(item["position"], item["stage"], item["status"]) for item in items] == [
        (place, stage, "succeeded") for place in (1, 2) for stage in ("invoice", "pdf", "send")
    ]


def test_a_run_that_is_asked_for_neither_has_one_stage_and_no_files(live: Live) -> None:
    operation_id, ended = _run(live, _orders(live))
    assert (ended["status"], ended["phase"]["name"], ended["succeeded"]) == ("completed", "invoice", 2)
    assert (_files(live, operation_id), _messages(live)) == ({}, [])


def test_words_alone_are_sent_where_nothing_is_printed(live: Live) -> None:
    _, ended = _run(live, _orders(live), send_immediately=True, communication_method="email")
    assert ended["succeeded"] == 2
    assert [message["attachments"] for message in _messages(live)] == [[], []]


def test_a_customer_without_address_fails_the_message_alone_and_can_be_tried_again(live: Live) -> None:
    order_ids = [*_orders(live), *_orders(live, email="", count=1, prefix="NO")]
    operation_id, ended = _run(live, order_ids, generate_pdf=True, send_immediately=True)
    assert (ended["status"], ended["succeeded"], ended["failed"]) == ("completed_with_errors", 2, 1)
    invoices = live.client.get("/api/invoices").json()["data"]
    assert [invoice["status"] for invoice in invoices] == ["issued"] * 3
    (error,) = live.client.get(f"/api/batch-jobs/{operation_id}/errors").json()["data"]["errors"]
    assert (error["order_id"], error["code"]) == (order_ids[2], "no_recipient")
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE customers SET email = 'now@there.test' WHERE email = ''")
    assert live.client.post(f"/api/batch-jobs/{operation_id}/retry").status_code == 200
    assert live.wait(operation_id)["succeeded"] == 3
    assert len(live.client.get("/api/invoices").json()["data"]) == 3
    assert len(_messages(live)) == 3


def test_a_message_in_doubt_is_named_among_the_errors(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    (order_id,) = _orders(live, count=1)

    def vanish(*_: object, **__: object) -> None:
        raise RuntimeError("the process was killed after the provider had accepted")

    with monkeypatch.context() as patched:
        patched.setattr("tranche.messaging.service.note_outcomes", vanish)
        operation_id, ended = _run(live, [order_id], send_immediately=True)
    assert (ended["unknown"], ended["failed"]) == (1, 0)
    job = live.client.get(f"/api/batch-jobs/{operation_id}").json()["data"]
    assert job["failed_items"] == 1
    assert [(error["order_id"], error["code"]) for error in job["errors"]] == [(order_id, "unknown_outcome")]
    page = live.client.get(f"/api/batch-jobs/{operation_id}/errors").json()["data"]
    assert page == {"errors": job["errors"], "next": None}


def test_the_undo_of_such_a_run_voids_its_invoices(live: Live) -> None:
    operation_id, _ = _run(live, _orders(live), generate_pdf=True)
    undo = live.client.post(f"/api/batch-jobs/{operation_id}/undo").json()["data"]
    assert live.wait(undo["id"])["succeeded"] == 2
    assert {invoice["status"] for invoice in live.client.get("/api/invoices").json()["data"]} == {"void"}


def test_a_channel_that_is_none_is_named(live: Live) -> None:
    answer = live.client.post(_BATCH, json={"order_ids": [1], "send_immediately": True, "communication_method": "fax"})
    assert answer.status_code == 400
    assert answer.json()["detail"] == "communication_method must be one of email, sms, whatsapp, not 'fax'."
