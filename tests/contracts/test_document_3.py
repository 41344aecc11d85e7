"""Document 3, sentence by sentence, on its own JSON; see docs/contracts/3.md."""

import csv
import email
import io
import zipfile
from email.policy import default
from pathlib import Path
from typing import Any

import pikepdf
import pypdf

from tests.contracts.document_3 import (
    ITEM_COLUMNS,
    MESSAGES,
    OPERATION_COLUMNS,
    PDFS,
    begin,
    finish,
    invoices,
    issue,
    seed,
)
from tests.inventory.factories import make_lot
from tests.live import Live
from tranche.kernel.db.pool import Connection


def test_invoices_are_created_printed_and_sent_as_the_document_shows(live: Live) -> None:
    seed(live)
    row = finish(live, "invoices", invoices())
    assert row.keys() == OPERATION_COLUMNS
    assert (row["type"], row["status"], row["progress"]) == ("invoices", "completed", 100)
    assert (row["processed_count"], row["total_count"]) == (3, 3)
    assert row["summary"]["successful"] == 3
    assert row["metadata"]["communication_method"] == "email"
    assert row["created_by"] == live.context.user_id

    items = live.client.get(f"/api/batch-operations/{row['id']}/items").json()["data"]
    assert [item.keys() for item in items] == [ITEM_COLUMNS] * 3
    assert [item["status"] for item in items] == ["succeeded"] * 3
    assert [item["customer_id"] for item in items] == [1, 2, 3]
    assert {item["reference_type"] for item in items} == {"invoice"}

    found = live.client.get("/api/invoices").json()["data"]
    assert sorted(one["total"] for one in found) == [200, 200, 200]

    mails = sorted((Path(live.settings.home) / "outbox").rglob("*.eml"))
    messages = [email.message_from_bytes(path.read_bytes(), policy=default) for path in mails]
    assert sorted(str(message["To"]) for message in messages) == [
        f"Customer {number} <customer{number}@example.test>" for number in (1, 2, 3)
    ]
    for message in messages:
        (part,) = message.iter_attachments()
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        text = pypdf.PdfReader(io.BytesIO(content)).pages[0].extract_text()
        assert "Gold ring" in text
        assert str(message["Subject"]).split()[1] in text


def test_every_operation_and_every_setting_is_in_the_audit_log(live: Live) -> None:
    seed(live)
    row = finish(live, "pdfs", {**PDFS, "invoice_ids": issue(live)})
    settings = {"host": "127.0.0.1", "port": "25", "tls": "none", "from": "Acme <pay@acme.test>"}
    channel = {"data": {"provider": "smtp", "settings": settings}}
    assert live.client.put("/api/message-channels/email", json=channel).is_success
    entries = live.client.get("/api/audit").json()["data"]
    told = {(entry["action"], entry["subjectId"]) for entry in entries}
    assert ("batch_operation.invoice_pdfs", int(row["id"])) in told
    assert {"batch_operation.invoices", "message_channel.update"} <= {action for action, _ in told}
    assert {entry["userId"] for entry in entries if entry["action"].startswith("batch")} == {live.context.user_id}


def test_pdfs_come_as_zip_with_manifest_and_as_one_file(live: Live) -> None:
    seed(live)
    ids = issue(live)
    row = finish(live, "pdfs", {**PDFS, "invoice_ids": ids})
    assert (row["type"], row["status"]) == ("pdfs", "completed")
    files = {file["kind"]: file for file in live.client.get(f"/api/batch-operations/{row['id']}/files").json()["data"]}
    assert files.keys() == {"combined", "manifest", "part", "zip"}

    combined = live.client.get(files["combined"]["url"])
    assert combined.headers["content-type"] == "application/pdf"
    reader = pypdf.PdfReader(io.BytesIO(combined.content))
    assert len(reader.pages) == files["combined"]["pages"] == 3
    assert len({page.extract_text() for page in reader.pages}) == 3

    with zipfile.ZipFile(io.BytesIO(live.client.get(files["zip"]["url"]).content)) as archive:
        assert archive.testzip() is None
        rows = list(csv.DictReader(io.StringIO(archive.read("manifest.csv").decode("utf-8-sig"))))
        assert [entry["status"] for entry in rows] == ["succeeded"] * 3
        assert {entry["file"] for entry in rows} | {"manifest.csv"} == set(archive.namelist())
        for entry in rows:
            with pikepdf.open(io.BytesIO(archive.read(entry["file"]))) as opened:
                assert len(opened.pages) == int(entry["pages"])
    assert live.client.get(f"/api/batch-operations/{row['id']}/files/other.pdf").status_code == 404


def test_communications_take_the_subject_and_carry_the_pdf(live: Live) -> None:
    seed(live)
    row = finish(live, "communications", {**MESSAGES, "invoice_ids": issue(live)})
    assert (row["type"], row["status"]) == ("communications", "completed")
    found = live.client.get("/api/messages", params={"operationId": row["id"]}).json()["data"]
    assert [message["status"] for message in found] == ["sent"] * 3
    assert {message["subject"] for message in found} == {"Your Invoice"}
    assert all(message["attachments"][0].endswith(".pdf") for message in found)
    report = live.client.get("/api/messages/report", params={"operationId": row["id"]}).json()["data"]
    assert report["byStatus"]["sent"] == report["total"] == 3


def test_sms_and_whatsapp_are_sent_in_the_invoices_words(live: Live) -> None:
    seed(live)
    ids = issue(live)
    for method in ("sms", "whatsapp"):
        body = {"invoice_ids": ids[:1], "method": method, "options": {"include_pdf": False}}
        assert finish(live, "communications", body)["status"] == "completed"
    listed = live.client.get("/api/messages").json()["data"]
    whole = [live.client.get(f"/api/messages/{one['id']}").json()["data"] for one in listed]
    assert {one["channel"] for one in whole} == {"sms", "whatsapp"}
    assert all("is due on" in one["body"] and one["address"].startswith("+49") for one in whole)


def test_one_bad_customer_fails_alone_and_retry_repeats_the_failed_stage_only(live: Live) -> None:
    seed(live)
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE customers SET email = NULL WHERE id = 2")
    row = finish(live, "invoices", {**invoices(), "customer_ids": [1, 2, 99]})
    assert row["status"] == "completed_with_errors"
    items = live.client.get(f"/api/batch-operations/{row['id']}/items").json()["data"]
    assert [(item["status"], item["data"]["stage"], item["data"]["error_code"]) for item in items] == [
        ("succeeded", "send", None),
        ("failed", "send", "no_recipient"),
        ("failed", "invoice", "customer_not_found"),
    ]
    assert items[1]["error_message"] == "The customer Customer 2 has no e-mail address."
    before = live.client.get("/api/invoices").json()["pagination"]["totalItems"]
    assert before == 2

    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE customers SET email = 'two@example.test' WHERE id = 2")
    answer = live.client.post(f"/api/batch-operations/{row['id']}/retry", params={"code": "no_recipient"})
    assert answer.status_code == 200, answer.text
    live.wait(row["id"])
    items = live.client.get(f"/api/batch-operations/{row['id']}/items").json()["data"]
    assert [item["status"] for item in items] == ["succeeded", "succeeded", "failed"]
    assert live.client.get("/api/invoices").json()["pagination"]["totalItems"] == before
    assert live.client.get("/api/messages").json()["pagination"]["totalItems"] == 2


def test_the_list_is_filtered_and_paged(live: Live) -> None:
    seed(live)
    ids = issue(live)
    finish(live, "pdfs", {"invoice_ids": ids})
    whole = live.client.get("/api/batch-operations").json()
    assert [row["type"] for row in whole["data"]] == ["pdfs", "invoices"]
    assert whole["pagination"] == {"page": 1, "per_page": 20, "total": 2, "total_pages": 1}
    queries: list[tuple[dict[str, Any], list[str]]] = [
        ({"type": "pdfs"}, ["pdfs"]),
        ({"status": "completed", "per_page": 1, "page": 2}, ["invoices"]),
        ({"created_by": live.context.user_id, "from": "2020-01-01", "to": "2099-12-31"}, ["pdfs", "invoices"]),
        ({"to": "2020-01-01"}, []),
        ({"status": "failed"}, []),
    ]
    for query, types in queries:
        found = live.client.get("/api/batch-operations", params=query).json()["data"]
        assert [row["type"] for row in found] == types, query
    for wrong in ("type=x", "status=paused", "from=yesterday", "per_page=1001", "odd=1"):
        assert live.client.get(f"/api/batch-operations?{wrong}").status_code == 400, wrong


def test_statistics_count_by_type_and_status(live: Live, owner: Connection) -> None:
    seed(live)
    empty = live.client.get("/api/batch-operations/statistics").json()
    assert (empty["total"], empty["success_rate"]) == (0, None)
    finish(live, "invoices", {**invoices(generate_pdf=False, send_immediately=False), "customer_ids": [1, 2, 3, 99]})
    found = live.client.get("/api/batch-operations/statistics").json()
    assert found["by_type"] == {"invoices": 1}
    assert found["by_status"] == {"completed_with_errors": 1}
    assert (found["success_rate"], found["total_items"], found["failed_items"]) == (75, 4, 1)
    assert found["average_duration_seconds"] > 0
    owner.execute("UPDATE operations SET started_at = now() - interval '1 hour', finished_at = now(), waited = '59m'")
    found = live.client.get("/api/batch-operations/statistics").json()
    assert (found["average_duration_seconds"], found["items_per_second"]) == (60, 0.05)


def test_a_waiting_operation_is_cancelled_and_an_ended_one_is_not(live: Live) -> None:
    seed(live)
    live.stop_worker()
    row = begin(live, "invoices", invoices())
    assert (row["status"], row["progress"], row["processed_count"]) == ("pending", 0, 0)
    assert live.client.post(f"/api/batch-operations/{row['id']}/cancel").status_code == 200
    live.start_worker()
    live.wait(row["id"])
    assert live.client.get(f"/api/batch-operations/{row['id']}").json()["status"] == "cancelled"
    assert live.client.get("/api/invoices").json()["pagination"]["totalItems"] == 0
    done = finish(live, "invoices", invoices(generate_pdf=False, send_immediately=False))
    assert live.client.post(f"/api/batch-operations/{done['id']}/cancel").status_code == 409


def test_scarce_stock_goes_to_the_customers_in_the_order_given(live: Live) -> None:
    seed(live)
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE items SET stock_tracking = 'lots' WHERE id = 1")
    row = finish(live, "invoices", invoices(generate_pdf=False, send_immediately=False))
    assert row["status"] == "failed"
    items = live.client.get(f"/api/batch-operations/{row['id']}/items").json()["data"]
    assert {item["data"]["error_code"] for item in items} == {"insufficient_stock"}
    with live.database.transaction(live.context.organization_id) as conn:
        make_lot(conn, item_id=1, number="L1", stock={live.context.branch_id or 0: "5"})
    live.client.post(f"/api/batch-operations/{row['id']}/retry")
    live.wait(row["id"])
    items = live.client.get(f"/api/batch-operations/{row['id']}/items").json()["data"]
    assert [item["status"] for item in items] == ["succeeded", "succeeded", "failed"]
    with live.database.transaction(live.context.organization_id) as conn:
        (left,) = conn.execute("SELECT quantity FROM lot_balances").fetchall()
    assert left["quantity"] == 1


def test_the_documents_tables_are_readable_as_written(live: Live) -> None:
    seed(live)
    row = finish(live, "invoices", invoices(send_immediately=False))
    with live.database.transaction(live.context.organization_id) as conn:
        (shown,) = conn.execute("SELECT * FROM batch_operations").fetchall()
        items = conn.execute("SELECT * FROM batch_operation_items ORDER BY id").fetchall()
    assert shown.keys() == OPERATION_COLUMNS
    assert shown["id"] == row["id"]
    assert [item.keys() for item in items] == [ITEM_COLUMNS] * 3


def test_undo_voids_what_was_issued(live: Live) -> None:
    seed(live)
    row = finish(live, "invoices", invoices(generate_pdf=False, send_immediately=False))
    answer = live.client.post(f"/api/batch-operations/{row['id']}/undo")
    assert answer.status_code == 202
    live.wait(answer.json()["data"]["id"])
    assert {one["status"] for one in live.client.get("/api/invoices").json()["data"]} == {"void"}


def test_bad_bodies_name_the_field_and_change_nothing(live: Live) -> None:
    seed(live)
    item = {"inventory_item_id": 1, "quantity": 1, "unit_price": 1}
    for body, pointer in (
        ({**invoices(), "customer_ids": []}, "/customer_ids"),
        ({**invoices(), "customer_ids": [1, 1]}, "/customer_ids"),
        ({**invoices(), "customer_ids": list(range(10_001))}, "/customer_ids"),
        (invoices(items=[]), "/options/items"),
        (invoices(items=[{**item, "quantity": 0}]), "/options/items/0/quantity"),
        (invoices(items=[{**item, "unit_price": -1}]), "/options/items/0/unit_price"),
        (invoices(items=[item, {**item, "inventory_item_id": 7}]), "/options/items/1/inventory_item_id"),
        (invoices(language="no language"), "/options/language"),
        (invoices(due_days=-1), "/options/due_days"),
        (invoices(communication_method="fax"), "/options/communication_method"),
    ):
        answer = live.client.post("/api/batch-operations/invoices", json=body)
        assert answer.status_code == 400, body
        assert pointer in [error["pointer"] for error in answer.json()["errors"]], answer.text
    for what in ("pdfs", "communications"):
        answer = live.client.post(f"/api/batch-operations/{what}", json={"invoice_ids": [5], "method": "email"})
        assert answer.status_code == 400
    assert live.client.get("/api/batch-operations").json()["data"] == []


def test_a_subject_of_two_lines_is_refused(live: Live) -> None:
    seed(live)
    body = {**MESSAGES, "invoice_ids": issue(live), "options": {"subject": "Your invoice\nBcc: eve@example.test"}}
    answer = live.client.post("/api/batch-operations/communications", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/options/subject")
    assert live.client.get("/api/messages").json()["data"] == []


def test_others_see_nothing_of_it(live: Live) -> None:
    seed(live)
    row = finish(live, "pdfs", {"invoice_ids": issue(live)})
    _, stranger = live.join()
    with stranger:
        assert stranger.get("/api/batch-operations").json()["data"] == []
        for path in ("", "/items", "/files", "/files/invoices.zip", "/events"):
            unknown = stranger.get(f"/api/batch-operations/{row['id'] + 999}{path}")
            assert unknown.status_code == 404
            assert stranger.get(f"/api/batch-operations/{row['id']}{path}").status_code == 404
        for verb in ("cancel", "retry", "undo", "pause", "resume"):
            assert stranger.post(f"/api/batch-operations/{row['id']}/{verb}").status_code == 404
        ids = [one["id"] for one in live.client.get("/api/invoices").json()["data"]]
        assert stranger.get(f"/api/invoices/{ids[0]}/pdf").status_code == 404
        assert stranger.post("/api/batch-operations/pdfs", json={"invoice_ids": ids}).status_code == 400
