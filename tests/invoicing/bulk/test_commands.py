"""`tranche pdfs` and `tranche send` against a live house."""

import re
from io import StringIO
from pathlib import Path

import pytest

from tests.contracts.document_3 import issue, seed
from tests.live import Live
from tests.pages.visits import visit
from tests.shell import Shell


def test_pdfs_are_printed_and_saved(live: Live, shell: Shell, tmp_path: Path) -> None:
    seed(live)
    ids = issue(live)
    ran = shell("pdfs", *(str(one) for one in ids), "--combined", "--out", str(tmp_path / "files"), "--json")
    assert ran.code == 0, ran.err
    assert ran.json["processed_count"] == 3
    names = {path.name for path in (tmp_path / "files").iterdir()}
    assert names == {"invoices.pdf", "invoices.zip", "manifest.csv"}


def test_invoices_of_a_run_are_looked_at_and_sent(live: Live, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(live)
    issue(live)
    run = str(live.client.get("/api/batch-operations").json()["data"][0]["id"])
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE customers SET email = NULL WHERE id = 3")
    ahead = shell("send", "--run", run, "--dry-run", "--json")
    assert (ahead.json["reachable"], ahead.json["total"]) == (2, 3)
    monkeypatch.setattr("sys.stdin", StringIO("n\n"))
    refused = shell("send", "--run", run, "--no-pdf")
    assert (refused.code, "Nothing was sent" in refused.err) == (1, True)
    assert "Why not" in refused.out
    assert live.client.get("/api/messages").json()["data"] == []
    ran = shell("send", "--run", run, "--no-pdf", "--yes")
    assert ran.code == 3, ran.err
    assert "local outbox folder" in ran.err
    assert len(live.client.get("/api/messages").json()["data"]) == 2


def test_nothing_is_asked_where_nobody_can_be_reached(live: Live, shell: Shell) -> None:
    seed(live)
    ids = issue(live)
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE customers SET email = NULL")
    ran = shell("send", *(str(one) for one in ids))
    assert (ran.code, "[y/N]" in ran.err) == (1, False)
    assert "None of 3 invoices can be sent by email, so there is nothing to send." in ran.err
    assert len(ran.table) == 3


def test_a_command_wants_ids_or_a_run(live: Live, shell: Shell) -> None:
    seed(live)
    assert shell("pdfs").code == 2
    assert shell("send", "1", "--run", "1").code == 2
    assert shell("pdfs", "--run", "99").code == 4


def test_what_was_sent_by_the_channel_before_is_said_before_it_is_sent_again(live: Live, shell: Shell) -> None:
    seed(live)
    ids = issue(live)
    assert "sent by email before" not in shell("send", ids[0], "--no-pdf", "--dry-run").err
    assert shell("send", ids[0], ids[1], "--no-pdf", "--yes").code == 0
    assert "2 of them were sent by email before, the last 20" in shell("send", *ids, "--dry-run").err
    assert "sent by sms before" not in shell("send", *ids, "--method", "sms", "--dry-run").err
    seen = re.sub(r"<[^>]+>", "", visit(live).post("/invoices/send", {"ids": str(ids[1]), "method": "email"}).text)
    assert "1 of them was sent by E-mail before, the last" in seen
    ahead = shell("send", *ids, "--dry-run", "--json").json
    assert (ahead["alreadySent"], ahead["lastSentAt"] is None) == (2, False)


def test_what_could_not_be_sent_says_why(live: Live, shell: Shell) -> None:
    seed(live)
    ids = issue(live)
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE customers SET phone = NULL WHERE id = 3")
    ran = shell("send", ids[2], "--method", "sms", "--no-pdf", "--yes")
    number = live.client.get(f"/api/invoices/{ids[2]}").json()["data"]["invoice"]["number"]
    assert ran.code == 1
    assert ["Failed", "1"] in [line.split() for line in ran.out.splitlines()]
    assert f"{number}\tno_recipient\tThe customer Customer 3 has no phone number." in ran.out.splitlines()


def test_printing_and_sending_take_numbers_on_the_command_line_and_on_pages(live: Live, shell: Shell) -> None:
    seed(live)
    ids = issue(live)
    first, *_ = sorted(row["number"] for row in live.client.get("/api/invoices").json()["data"])
    assert shell("pdfs", first, ids[1], "--json").json["processed_count"] == 2
    ahead = shell("send", first.lower(), "--dry-run", "--json").json
    assert (ahead["reachable"], ahead["total"]) == (1, 1)
    clerk = visit(live)
    for page in ("/invoices/print", "/invoices/send"):
        seen = clerk.post(page, {"ids": f"{first.lower()}, {ids[1]}"})
        assert f'name="chosen" value="{ids[0]},{ids[1]}"' in seen.text, page
        missing = clerk.post(page, {"ids": "INV-1999-000001"})
        assert (missing.status_code, "no invoice with the number INV-1999-000001" in missing.text) == (400, True)


def test_who_may_begin_a_sending_and_not_watch_it_is_told_that_it_was_begun(
    live: Live, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(live)
    ids = issue(live)
    made = live.client.post("/api/api-keys", json={"data": {"name": "x", "role": "operator", "scopes": ["invoices"]}})
    monkeypatch.setenv("TRANCHE_API_KEY", made.json()["data"]["secret"])
    ran = shell("send", ids[0], "--no-pdf", "--yes")
    (number,) = [row["id"] for row in live.client.get("/api/operations?kind=invoice_notices").json()["data"]]
    assert ran.code == 5
    assert f"Operation {number} was begun, but this key may not watch it; do not begin it again." in ran.err
    assert "this takes one for operations" in ran.err


def test_done_is_what_went_well_and_not_what_was_tried(live: Live, shell: Shell) -> None:
    seed(live)
    ids = issue(live)
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE customers SET email = NULL WHERE id = 3")
    ran = shell("send", *ids, "--no-pdf", "--yes")
    fields = dict(line.rsplit(maxsplit=1) for line in ran.out.splitlines()[:7] if "\t" not in line)
    assert (fields["Done"], fields["Failed"], fields["Of"]) == ("2", "1", "3")


def test_an_invoice_that_there_is_not_is_refused_in_words_of_the_command(live: Live, shell: Shell) -> None:
    seed(live)
    for command in ("pdfs", "send"):
        ran = shell(command, "999")
        assert (ran.code, "INVOICE holds numbers that are no invoices of yours: 999." in ran.err) == (2, True), command
    assert "--language must be one of en," in shell("pdfs", issue(live)[0], "--language", "xx").err


def test_where_files_go_is_asked_before_they_are_printed(live: Live, shell: Shell, tmp_path: Path) -> None:
    seed(live)
    ids = issue(live)
    (tmp_path / "taken").write_text("a file")
    assert shell("pdfs", ids[0], "--out", str(tmp_path / "taken" / "files")).code != 0
    ran = shell("pdfs", ids[0], "--out", str(tmp_path / "files"), "--no-wait")
    assert (ran.code, "--no-wait" in ran.err) == (2, True)
    assert live.client.get("/api/operations?kind=invoice_pdfs").json()["data"] == []
    ran = shell("pdfs", ids[0])
    (number,) = [row["id"] for row in live.client.get("/api/operations?kind=invoice_pdfs").json()["data"]]
    assert f"The files are on the page of operation {number}; --out FOLDER saves them." in ran.err


def test_who_sees_that_all_are_reached_sees_no_empty_table(live: Live, shell: Shell) -> None:
    seed(live)
    ran = shell("send", *issue(live), "--no-pdf", "--dry-run")
    assert ("3 of 3 would be reached." in ran.err, ran.out) == (True, "")
