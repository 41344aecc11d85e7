"""`tranche webhooks` against a running house, and a whole upload that tells everybody."""

import email
import shutil
import time
from collections.abc import Callable
from email.policy import default
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.kernel.notify.mailbox import Mailbox
from tests.kernel.notify.receiver import Receiver
from tests.live import Live
from tests.shell import Shell
from tranche.kernel.db.pool import connect

Houses = Callable[..., Live]
Shells = Callable[[Live], Shell]


@pytest.fixture
def house(open_live: Houses) -> Live:
    return open_live(webhook_allow_private=True, public_url="https://t.acme.test")


def until_sent(live: Live, *, channel: str, count: int) -> list[dict[str, Any]]:
    ends = time.monotonic() + 20
    while True:
        found: list[dict[str, Any]] = live.client.get(f"/api/notifications?channel={channel}").json()["data"]
        if len(found) == count and all(one["status"] == "sent" for one in found):
            return found
        assert time.monotonic() < ends, found
        time.sleep(0.05)


def upload(live: Live) -> dict[str, Any]:
    content = b"orderId,customer,sku,quantity,unitPrice\nA-1,Miller,MUG,2,3.50\nA-2,Miller,MUG,x,3.50\n"
    answer = live.client.post("/api/orders/upload", files={"file": ("october.csv", content, "text/csv")})
    assert answer.status_code == 202, answer.text
    (operation,) = live.client.get("/api/operations?kind=order_import").json()["data"]
    return live.wait(operation["id"])


def test_a_webhook_is_made_tried_looked_at_and_deleted(house: Live, make_shell: Shells, receiver: Receiver) -> None:
    shell = make_shell(house)
    made = shell("webhooks", "create", f"{receiver.url}/in", "--event", "operation.failed", "--json").json["data"]
    assert made["eventTypes"] == ["operation.failed"]
    number = made["id"]
    ran = shell("webhooks", "test", number)
    assert (ran.code, ran.out) == (0, "")
    assert "is on its way" in ran.err
    (request,) = receiver.wait(1)
    assert Webhook(made["secret"]).verify(request.body, dict(request.headers))["type"] == "webhook.test"
    until_sent(house, channel="webhook", count=1)
    (delivery,) = shell("webhooks", "deliveries", number).table
    assert (delivery["Event"], delivery["Status"], delivery["Answer"]) == ("webhook.test", "sent", "200")
    assert shell("webhooks", "resend", delivery["Id"]).code == 0
    assert receiver.wait(2)[1].headers["webhook-id"] == request.headers["webhook-id"]
    (row,) = shell("webhooks", "list").table
    assert (row["Id"], row["Enabled"], row["Events"]) == (str(number), "true", "operation.failed")
    assert shell("webhooks", "delete", number, "--yes").code == 0
    assert shell("webhooks", "list").table == []
    assert shell("webhooks", "deliveries", number).code == 4


def test_a_webhook_is_switched_and_gets_another_secret(house: Live, make_shell: Shells, receiver: Receiver) -> None:
    shell = make_shell(house)
    made = shell("webhooks", "create", f"{receiver.url}/in", "--json").json["data"]
    assert shell("webhooks", "disable", made["id"]).err == f"Webhook {made['id']} ({receiver.url}/in) is off.\n"
    (row,) = shell("webhooks", "list").table
    assert row["Enabled"] == "false"
    assert shell("webhooks", "enable", made["id"], "--json").json["data"]["isEnabled"]
    rotated = shell("webhooks", "rotate", made["id"], "--json").json["data"]
    assert rotated["secret"] != made["secret"]
    assert rotated["oldSecretUntil"]
    again = shell("webhooks", "rotate", made["id"])
    assert "Old secret until" in again.out
    assert "it is not shown again" in again.err
    shell("webhooks", "test", made["id"])
    (request,) = receiver.wait(1)
    (secret,) = [line.split()[-1] for line in again.out.splitlines() if line.startswith("Secret")]
    assert Webhook(secret).verify(request.body, dict(request.headers))["type"] == "webhook.test"
    for verb in ("enable", "disable", "rotate"):
        assert shell("webhooks", verb, 4711).code == 4


def test_a_person_chooses_their_mails_and_an_admin_sees_what_was_told(live: Live, make_shell: Shells) -> None:
    shell = make_shell(live)
    assert "longer than ten seconds or failed" in shell("notifications", "mails").err
    assert "every end" in shell("notifications", "mails", "always").err
    assert shell("notifications", "mails", "--json").json["data"] == {"operationMails": "always"}
    assert shell("notifications", "mails", "sometimes").code == 2
    upload(live)
    until_sent(live, channel="mail", count=1)
    (row,) = shell("notifications", "list", "--channel", "mail").table
    assert (row["To"], row["Status"], row["Attempts"]) == ("ada@acme.test", "sent", "1")
    assert shell("notifications", "list", "--status", "failed").table == []


def test_the_secret_is_shown_to_a_person_once(house: Live, make_shell: Shells, receiver: Receiver) -> None:
    shell = make_shell(house)
    ran = shell("webhooks", "create", receiver.url)
    assert ran.code == 0
    assert "whsec_" in ran.out
    assert "not shown again" in ran.err
    assert "whsec_" not in shell("webhooks", "list").out + shell("webhooks", "list", "--json").out


def test_an_event_that_there_is_not_is_refused_in_words_of_the_option(house: Live, make_shell: Shells) -> None:
    ran = make_shell(house)("webhooks", "create", "https://hook.acme.test", "--event", "operation.done")
    assert ran.code == 2
    assert "--event must be one or more of operation.completed, " in ran.err
    assert "eventTypes" not in ran.err


def test_a_private_address_is_not_called_unless_the_operator_allows_it(
    live: Live, make_shell: Shells, receiver: Receiver
) -> None:
    shell = make_shell(live)
    assert shell("webhooks", "create", receiver.url).code == 2
    number = shell("webhooks", "create", "https://hook.acme.test", "--json").json["data"]["id"]
    with connect(live.urls.owner) as owner:  # as if the name had come to lead here
        owner.execute("UPDATE webhook_endpoints SET url = %(url)s", {"url": receiver.url})
    shell("webhooks", "test", number)
    ends = time.monotonic() + 20
    while (found := shell("webhooks", "deliveries", number).table)[0]["Status"] != "failed":
        assert time.monotonic() < ends
    assert "leads to this machine, which is not called" in found[0]["Why"]
    assert receiver.requests == []
    assert shell("webhooks", "create", "ftp://x.test").code == 2


def test_an_uploads_end_reaches_its_starter_and_the_webhooks(house: Live, receiver: Receiver) -> None:
    made = house.client.post("/api/webhooks", json={"data": {"url": receiver.url}}).json()["data"]
    answer = house.client.put("/api/me/notifications", json={"data": {"operationMails": "always"}})
    assert answer.status_code == 200
    operation = upload(house)
    (request,) = receiver.wait(1)
    event = Webhook(made["secret"]).verify(request.body, dict(request.headers))
    assert event["type"] == "operation.completed_with_errors"
    for name in ("id", "uuid", "kind", "label", "status", "version", "total", "succeeded", "failed", "finishedAt"):
        assert event["data"][name] == operation[name], name
    (sent,) = until_sent(house, channel="mail", count=1)
    (file,) = (house.settings.home / "outbox").iterdir()
    assert sent["providerId"] == f"outbox/{file.name}"
    mail = email.message_from_bytes(file.read_bytes(), policy=default)
    assert mail["To"] == "Ada Admin <ada@acme.test>"
    assert mail["Subject"] == 'Your order import "october.csv" is done, with errors'
    text = mail.get_content()
    assert "1 of 2 succeeded, 1 failed." in text
    assert text.splitlines()[-1] == f"https://t.acme.test/operations/{operation['id']}"


def test_with_a_mail_server_nothing_is_left_in_the_folder(open_live: Houses, post_box: Mailbox) -> None:
    live = open_live(smtp_url=f"smtp://127.0.0.1:{post_box.port}", mail_from="Acme <noreply@acme.test>")
    live.client.put("/api/me/notifications", json={"data": {"operationMails": "always"}})
    upload(live)
    until_sent(live, channel="mail", count=1)
    assert [mail["From"] for mail in post_box.mails] == ["Acme <noreply@acme.test>"]
    assert not (live.settings.home / "outbox").exists()


def test_a_failure_of_ours_alerts_the_operators_and_a_faulty_file_does_not(
    open_live: Houses, receiver: Receiver
) -> None:
    live = open_live(alerts=f"slack:{receiver.url}/T0KEN")
    faulty = b"orderId,customer,sku,quantity,unitPrice\nA-1,Miller,MUG,x,3.50\n"
    refused = _upload(live, "faulty.csv", faulty)
    assert live.wait(refused)["error"]["code"] == "all_failed"
    live.stop_worker()
    lost = _upload(live, "secret-customer.csv", faulty.replace(b",x,", b",1,"))
    shutil.rmtree(live.settings.home / "files")
    live.start_worker()
    live.wait(lost)
    (request,) = receiver.wait(1)
    assert f"{lost}" in request.body.decode()
    assert b"order_import" in request.body
    assert b"secret-customer" not in request.body
    (alert,) = until_sent(live, channel="alert", count=1)
    assert "T0KEN" not in str(alert)


def _upload(live: Live, name: str, content: bytes) -> int:
    answer = live.client.post("/api/orders/upload", files={"file": (name, content, "text/csv")})
    assert answer.status_code == 202, answer.text
    newest = live.client.get("/api/operations?kind=order_import").json()["data"][0]
    return int(newest["id"])


def test_what_is_refused_speaks_of_the_commands_own_words(shell: Shell) -> None:
    ran = shell("webhooks", "create", "https://example.test/in", "--event", "operation.exploded")
    assert ran.code == 2
    assert ran.err.startswith("Error: --event must be one or more of operation.completed, ")
    assert shell("webhooks", "create", "ftp://example.test/in").err.startswith("Error: URL must ")
