"""Stages whose failures stand alone: a full disk, a lost worker, a bounce, a suppressed address."""

import csv
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path
from typing import cast

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.contracts.document_3 import MESSAGES, begin, finish, invoices, issue, seed
from tests.disks import full_disk
from tests.kernel.notify.mailbox import Mailbox, mailbox, silent
from tests.live import Live
from tranche.invoicing.bulk.composing import Composer
from tranche.invoicing.bulk.tasks import make_handlers
from tranche.invoicing.domain import InvoiceHead
from tranche.invoicing.printing.concatenation import concatenate
from tranche.invoicing.printing.printer import Printer
from tranche.kernel.operations.handlers import Handler
from tranche.kernel.operations.service import get_operation
from tranche.kernel.storage.domain import StorageFull
from tranche.kernel.storage.local import LocalFiles
from tranche.messaging.delivery import Delivery
from tranche.messaging.domain import State


def _by_mail(live: Live, post_box: Mailbox | int) -> None:
    port = post_box if isinstance(post_box, int) else post_box.port
    settings = {"host": "127.0.0.1", "port": str(port), "tls": "none", "from": "Acme <pay@acme.test>"}
    answer = live.client.put("/api/message-channels/email", json={"data": {"provider": "smtp", "settings": settings}})
    assert answer.status_code == 200, answer.text


def _errors(live: Live, operation_id: int) -> list[tuple[str, str | None]]:
    items = live.client.get(f"/api/batch-operations/{operation_id}/items").json()["data"]
    return [(item["status"], item["data"]["error_code"]) for item in items]


def test_a_full_disk_fails_the_file_and_leaves_the_invoice(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(live)

    def put(*_: object, **__: object) -> None:
        raise StorageFull

    with monkeypatch.context() as patched, full_disk(live.settings.home / "files") as is_real:
        if not is_real:
            patched.setattr(LocalFiles, "put", put)
        patched.setattr("tranche.invoicing.bulk.printing._RETRY_AFTER", 0.01)
        row = begin(live, "invoices", {**invoices(send_immediately=False), "customer_ids": [1]})
        live.wait(row["id"])
    assert _errors(live, row["id"]) == [("failed", "storage_full")]
    assert len(live.client.get("/api/invoices").json()["data"]) == 1
    live.client.post(f"/api/batch-operations/{row['id']}/retry")
    live.wait(row["id"])
    assert _errors(live, row["id"]) == [("succeeded", None)]
    files = {file["kind"]: file for file in live.client.get(f"/api/batch-operations/{row['id']}/files").json()["data"]}
    with zipfile.ZipFile(BytesIO(live.client.get(files["zip"]["url"]).content)) as archive:
        assert len(archive.namelist()) == 2


def test_what_the_provider_may_have_taken_is_unknown_and_is_repeated_by_a_person_only(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(live)
    ids = issue(live)

    def vanish(*_: object, **__: object) -> None:
        raise RuntimeError("the process was killed after the provider had accepted")

    with mailbox() as post_box:
        _by_mail(live, post_box)
        with monkeypatch.context() as patched:
            patched.setattr("tranche.messaging.service.note_outcomes", vanish)
            row = finish(live, "communications", {**MESSAGES, "invoice_ids": ids[:1]})
        assert _errors(live, row["id"]) == [("unknown", "unknown_outcome")]
        (message,) = live.client.get("/api/messages").json()["data"]
        assert message["status"] == "unknown"
        assert len(post_box.mails) == 1
        live.client.post(f"/api/batch-operations/{row['id']}/retry")
        live.wait(row["id"])
        assert len(post_box.mails) == 2
        assert len(set(post_box.message_ids)) == 1


def test_what_bounced_is_sent_again_to_the_corrected_address(live: Live) -> None:
    seed(live)
    ids = issue(live)
    with mailbox() as post_box:
        _by_mail(live, post_box)
        row = finish(live, "communications", {**MESSAGES, "invoice_ids": ids})
        with live.database.transaction(live.context.organization_id) as conn:
            conn.execute(
                """
                UPDATE messages SET status = 'bounced', error = 'no such user'
                WHERE address = 'customer2@example.test'
                """
            )
            conn.execute("UPDATE customers SET email = 'two@example.test' WHERE id = 2")
        answer = live.client.post(f"/api/batch-operations/{row['id']}/resend", json={"states": ["bounced"]})
        assert answer.status_code == 202, answer.text
        again = answer.json()
        assert again["total_count"] == 1
        live.wait(again["id"])
        assert str(post_box.mails[-1]["To"]).endswith("<two@example.test>")
        answer = live.client.post(f"/api/batch-operations/{again['id']}/resend", json={})
        assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_send")


def test_a_suppressed_address_gets_nothing_and_its_item_says_why(live: Live) -> None:
    seed(live)
    ids = issue(live)
    body = {"data": {"channel": "email", "address": "customer1@example.test", "reason": "asked for it"}}
    assert live.client.post("/api/message-suppressions", json=body).status_code == 201
    row = finish(live, "communications", {**MESSAGES, "invoice_ids": ids})
    assert _errors(live, row["id"])[0] == ("failed", "suppressed")
    sent = [message["address"] for message in live.client.get("/api/messages").json()["data"]]
    assert sorted(sent) == ["customer2@example.test", "customer3@example.test"]


def test_several_invoices_of_a_customer_go_in_one_mail(live: Live) -> None:
    seed(live)
    issue(live)
    ids = issue(live)
    with mailbox() as post_box:
        _by_mail(live, post_box)
        options = {"include_pdf": True, "group_by_customer": True}
        row = finish(live, "communications", {"invoice_ids": ids, "method": "email", "options": options})
        assert (row["total_count"], row["status"]) == (3, "completed")
        assert [len(list(mail.iter_attachments())) for mail in post_box.mails] == [2, 2, 2]
        assert "$400.00" in post_box.mails[0].get_body().get_content()  # type: ignore[union-attr]  # there is one


class _Choosy(Mailbox):
    """Knows nobody whose address begins with customer2."""

    async def handle_RCPT(  # noqa: N802  # the name is the library's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("customer2"):
            return "550 5.1.1 No such user"
        return await super().handle_RCPT(server, session, envelope, address, options)


def test_a_server_that_says_no_fails_its_mails_and_no_other(live: Live) -> None:
    seed(live)
    ids = issue(live)
    with mailbox(_Choosy) as post_box:
        _by_mail(live, post_box)
        row = finish(live, "communications", {**MESSAGES, "invoice_ids": ids})
        assert row["status"] == "completed_with_errors"
        assert sorted(_errors(live, row["id"])) == [("failed", "refused"), ("succeeded", None), ("succeeded", None)]
        assert len(post_box.mails) == 2
    (found,) = live.client.get("/api/message-suppressions").json()["data"]
    assert (found["address"], "550: 5.1.1" in found["reason"]) == ("customer2@example.test", True)
    report = live.client.get("/api/messages/report").json()["data"]["byStatus"]
    assert (report[State.FAILED], report[State.SENT]) == (1, 2)


def test_while_a_mail_server_is_silent_other_channels_go_on(live: Live) -> None:
    seed(live)
    ids = issue(live)
    with silent() as port:
        _by_mail(live, port)
        mails = begin(live, "communications", {**MESSAGES, "invoice_ids": ids[:1]})
        words = {"invoice_ids": ids, "method": "sms", "options": {"include_pdf": False}}
        assert finish(live, "communications", words)["status"] == "completed"
        assert live.client.get(f"/api/batch-operations/{mails['id']}").json()["status"] in {"pending", "processing"}
        live.client.post(f"/api/batch-operations/{mails['id']}/cancel")


def test_no_cell_of_a_manifest_is_a_formula(live: Live) -> None:
    seed(live)
    with live.database.transaction(live.context.organization_id) as conn:
        for number, name in enumerate(("=1+1", "＝1+1", "@x"), start=1):
            conn.execute("UPDATE customers SET name = %s WHERE id = %s", [name, number])
    row = finish(live, "pdfs", {"invoice_ids": issue(live)})
    files = {file["kind"]: file for file in live.client.get(f"/api/batch-operations/{row['id']}/files").json()["data"]}
    answer = live.client.get(files["manifest"]["url"])
    assert answer.headers["content-disposition"].startswith("attachment;")
    cells = list(csv.DictReader(StringIO(answer.text)))
    assert [line["customer"] for line in cells] == ["'=1+1", "'＝1+1", "'@x"]


def test_a_run_cancelled_while_it_gathers_goes_on_with_gathering(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(live)
    ids = issue(live)
    body = {"invoice_ids": ids, "options": {"create_combined_pdf": True}}

    def cancel_then_join(paths: Sequence[Path], target: Path) -> list[int]:
        assert live.client.post(f"/api/batch-operations/{row['id']}/cancel").status_code == 200
        return concatenate(paths, target)

    with monkeypatch.context() as patched:
        patched.setattr("tranche.invoicing.bulk.bundle.concatenate", cancel_then_join)
        row = begin(live, "pdfs", body)
        assert live.wait(row["id"])["status"] == "cancelled"
    assert _kinds(live, row["id"]) >= {"zip", "manifest"}
    assert "combined" not in _kinds(live, row["id"])
    assert live.client.post(f"/api/batch-operations/{row['id']}/retry").status_code == 200
    assert live.wait(row["id"])["status"] == "completed"
    assert _kinds(live, row["id"]) >= {"zip", "manifest", "combined"}


@pytest.mark.parametrize(("bundle", "following"), [(True, "bundle"), (False, None)])
def test_files_are_gathered_only_where_that_was_asked_for(live: Live, *, bundle: bool, following: str | None) -> None:
    seed(live)
    row = finish(live, "pdfs", {"invoice_ids": issue(live)[:1]})
    with live.database.transaction(live.context.organization_id) as conn:
        printing = get_operation(conn, operation_id=row["id"])
    printing = replace(printing, phase="pdf", payload={**printing.payload, "bundle": bundle})
    handlers = make_handlers(
        Handler(kind="run", phases=()),
        database=live.database,
        files=LocalFiles(live.settings.home / "files"),
        printer=cast(Printer, None),
        delivery=cast(Delivery, None),
    )
    (handler,) = [one for one in handlers if one.kind == printing.kind]
    found = handler.following(printing)
    assert (found and found.name) == following


def test_a_message_that_cannot_be_written_fails_alone(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(live)
    ids = issue(live)
    write = Composer.write

    def stumble(self: Composer, heads: Sequence[InvoiceHead], *, customer: str) -> tuple[str, str]:
        if customer == "Customer 2":
            raise RuntimeError("a fault of ours")
        return write(self, heads, customer=customer)

    with mailbox() as post_box:
        _by_mail(live, post_box)
        with monkeypatch.context() as patched:
            patched.setattr(Composer, "write", stumble)
            patched.setattr("tranche.invoicing.bulk.sending._RETRY_AFTER", (0.01,))
            row = finish(live, "communications", {**MESSAGES, "invoice_ids": ids})
        assert _errors(live, row["id"]) == [("succeeded", None), ("failed", "unexpected"), ("succeeded", None)]
        assert len(post_box.mails) == 2


def _kinds(live: Live, operation_id: int) -> set[str]:
    return {file["kind"] for file in live.client.get(f"/api/batch-operations/{operation_id}/files").json()["data"]}
