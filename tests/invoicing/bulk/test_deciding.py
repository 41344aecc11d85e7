"""Messages in doubt of a real sending, and what a person makes of them: sent, or sent again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.chaos.waiting import eventually
from tests.contracts.document_3 import MESSAGES, begin, finish, issue, seed
from tests.kernel.notify.mailbox import Mailbox, mailbox
from tests.live import Live
from tranche.kernel.db.pool import Connection
from tranche.messaging.checks import CHECKS


@contextmanager
def _in_doubt(live: Live, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, list[dict[str, Any]], Mailbox]]:
    """A sending of two mails that arrived, and of which the house does not know it."""

    def vanish(*_: object, **__: object) -> None:
        raise RuntimeError("the process was killed after the provider had accepted")

    seed(live)
    ids = issue(live)
    with mailbox() as post_box:
        settings = {"host": "127.0.0.1", "port": str(post_box.port), "tls": "none", "from": "Acme <pay@acme.test>"}
        body = {"data": {"provider": "smtp", "settings": settings}}
        assert live.client.put("/api/message-channels/email", json=body).is_success
        with monkeypatch.context() as patched:
            patched.setattr("tranche.messaging.service.note_outcomes", vanish)
            row = finish(live, "communications", {**MESSAGES, "invoice_ids": ids[:2]})
        messages = live.client.get("/api/messages").json()["data"]
        assert [one["status"] for one in messages] == ["unknown", "unknown"]
        yield row["id"], messages, post_box


def _assert_true(owner: Connection) -> None:
    for check in CHECKS:
        assert owner.execute(check.sql.encode()).fetchall() == []


def test_one_is_marked_as_sent_and_the_other_goes_out_again(
    live: Live, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _in_doubt(live, monkeypatch) as (operation_id, (first, second), post_box):
        answer = live.client.post(f"/api/messages/{first['id']}/mark-sent")
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["status"] == "sent"
        assert answer.json()["data"]["events"][-1]["detail"].startswith("Marked as sent by ")
        again = live.client.post(f"/api/messages/{first['id']}/mark-sent")
        assert (again.status_code, again.json()["code"]) == (409, "nothing_in_doubt")
        before = len(post_box.mails)  # 2, or 1 where the slice was over before the second
        assert live.client.post(f"/api/messages/{second['id']}/send-again").json()["data"]["status"] == "queued"
        live.wait(operation_id)
        assert len(post_box.mails) == before + 1
        assert len(set(post_box.message_ids)) <= 2
    found = live.client.get(f"/api/batch-operations/{operation_id}").json()
    assert (found["status"], found["summary"]["successful"], found["summary"]["unknown"]) == ("completed", 2, 0)
    assert {one["status"] for one in live.client.get("/api/messages").json()["data"]} == {"sent"}
    actions = {entry["action"] for entry in live.client.get("/api/audit").json()["data"]}
    assert {"message.mark_sent", "message.send_again"} <= actions
    _assert_true(owner)


def test_all_in_doubt_are_marked_as_sent_at_once(
    live: Live, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _in_doubt(live, monkeypatch) as (operation_id, _, post_box):
        before = len(post_box.mails)
        answer = live.client.post(f"/api/batch-operations/{operation_id}/mark-sent")
        assert (answer.status_code, answer.json()["status"]) == (200, "completed"), answer.text
        assert live.client.post(f"/api/batch-operations/{operation_id}/mark-sent").status_code == 409
        assert len(post_box.mails) == before
    _assert_true(owner)


def test_others_decide_nothing(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    with _in_doubt(live, monkeypatch) as (operation_id, (first, _), _post_box):
        _, stranger = live.join()
        with stranger:
            for verb in ("mark-sent", "send-again"):
                assert stranger.post(f"/api/messages/{first['id']}/{verb}").status_code == 404
            assert stranger.post(f"/api/batch-operations/{operation_id}/mark-sent").status_code == 404
        assert live.client.get(f"/api/messages/{first['id']}").json()["data"]["status"] == "unknown"


def test_what_waits_when_a_sending_is_cancelled_says_so_and_goes_out_when_it_is_retried(
    live: Live, owner: Connection
) -> None:
    seed(live)
    ids = issue(live)
    live.client.put("/api/message-channels/email", json={"data": {"provider": "folder", "ratePerSecond": 0.02}})
    row = begin(live, "communications", {**MESSAGES, "invoice_ids": ids})
    sent = {"status": "sent"}
    eventually(lambda: live.client.get("/api/messages", params=sent).json()["data"], seconds=30, what="one is sent")
    live.client.post(f"/api/batch-operations/{row['id']}/cancel")
    live.wait(row["id"])
    found = live.client.get("/api/messages").json()["data"]
    assert sorted(one["status"] for one in found) == ["failed", "failed", "sent"]
    assert {one["errorCode"] for one in found} == {None, "cancelled"}
    _assert_true(owner)
    live.client.put("/api/message-channels/email", json={"data": {"provider": "folder"}})
    live.client.post(f"/api/batch-operations/{row['id']}/retry")
    assert live.wait(row["id"])["succeeded"] == 3
    assert {one["status"] for one in live.client.get("/api/messages").json()["data"]} == {"sent"}
