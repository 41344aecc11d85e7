"""What a run has issued, told apart from what was done to the end: counts, checks, pages, undo, the command."""

import re
from typing import Any

import pytest

from tests.contracts.document_3 import finish, invoices, seed
from tests.disks import full_disk
from tests.invoicing.factories import make_customer, make_orders
from tests.live import Live
from tests.pages.visits import visit
from tests.shell import Shell
from tranche.invoicing.checks import CHECKS
from tranche.kernel.client.output import ExitCode
from tranche.kernel.operations.checks import CHECKS as OPERATION_CHECKS
from tranche.kernel.operations.domain import HALF_DONE
from tranche.kernel.storage.domain import StorageFull
from tranche.kernel.storage.local import LocalFiles

_BATCH = "/functions/v1/batch-invoice-orders"


def _orders(live: Live, count: int = 2, *, email: str = "", prefix: str = "NO") -> list[int]:
    with live.database.transaction(live.context.organization_id) as conn:
        customer = make_customer(conn, name=prefix)
        conn.execute("UPDATE customers SET email = %s WHERE id = %s", [email, customer])
        return make_orders(conn, customer_id=customer, count=count, prefix=prefix)


def _run(live: Live, order_ids: list[int], **options: object) -> dict[str, Any]:
    answer = live.client.post(_BATCH, json={"order_ids": order_ids, **options})
    assert answer.status_code == 202, answer.text
    live.wait(answer.json()["operation_id"])
    job: dict[str, Any] = live.client.get(f"/api/batch-jobs/{answer.json()['job_id']}").json()["data"]
    return job


def _send_in_vain(live: Live) -> dict[str, Any]:
    """A run over a cancelled order and two others whose customer has no address."""
    ids = _orders(live, 3)
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE orders SET status = 'cancelled' WHERE id = %s", [ids[0]])
    return _run(live, ids, send_immediately=True)


def _findings(live: Live) -> list[str]:
    with live.database.transaction(live.context.organization_id) as conn:
        return [str(row) for check in (*CHECKS, *OPERATION_CHECKS) for row in conn.execute(check.sql.encode())]


def _undo(live: Live, job: dict[str, Any]) -> None:
    undo = live.client.post(f"/api/batch-jobs/{job['id']}/undo").json()["data"]
    assert live.wait(undo["id"])["status"] == "completed"


def _page(live: Live, path: str) -> str:
    answer = visit(live).get(path)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_what_is_issued_and_not_sent_counts_as_issued(live: Live) -> None:
    job = _send_in_vain(live)
    assert (job["total_items"], job["issued_items"], job["unfinished_items"]) == (3, 2, 2)
    assert (job["status"], job["successful_items"], job["failed_items"]) == ("completed", 0, 3)
    assert _findings(live) == []


def test_a_run_that_issued_and_sent_nothing_has_not_failed(live: Live) -> None:
    job = _send_in_vain(live)
    path = f"/operations/{job['operation_id']}"
    found = live.client.get(f"/api{path}").json()["data"]
    assert (found["status"], found["error"], found["progress"]) == ("completed_with_errors", None, 100)
    page = _page(live, path)
    assert "Done, with errors" in page
    assert HALF_DONE in page
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE customers SET email = 'now@there.test'; UPDATE orders SET status = 'open'")
    assert live.client.post(f"/api{path}/retry").status_code == 202
    assert live.wait(job["operation_id"])["status"] == "completed"
    assert HALF_DONE not in _page(live, path)


def test_a_run_that_issued_nothing_has_failed(live: Live) -> None:
    ids = _orders(live)
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE orders SET status = 'cancelled'")
    assert _run(live, ids, send_immediately=True)["status"] == "failed"


def test_what_is_done_to_the_end_counts_as_both(live: Live) -> None:
    job = _run(live, _orders(live, email="pay@miller.test"), generate_pdf=True, send_immediately=True)
    assert (job["issued_items"], job["unfinished_items"], job["successful_items"]) == (2, 0, 2)
    plain = _run(live, _orders(live, prefix="P"))
    assert (plain["issued_items"], plain["unfinished_items"], plain["successful_items"]) == (2, 0, 2)
    assert [row["issued_items"] for row in live.client.get("/api/batch-jobs").json()["data"]] == [2, 2]
    assert _findings(live) == []


def test_void_invoices_stay_counted_and_the_checks_stay_silent(live: Live) -> None:
    job = _send_in_vain(live)
    _undo(live, job)
    again = live.client.get(f"/api/batch-jobs/{job['id']}").json()["data"]
    assert (again["issued_items"], again["unfinished_items"]) == (2, 2)
    assert _findings(live) == []


def test_the_key_metrics_count_what_was_issued_beside_what_is_done(live: Live) -> None:
    _send_in_vain(live)
    found = live.client.get("/api/batch-jobs/metrics").json()["data"]
    assert (found["total_items"], found["issued_items"], found["successful_items"]) == (3, 2, 0)
    assert (found["success_rate"], found["invoices_per_second"] > 0) == (0, True)
    assert [(day["issued_items"], day["successful_items"]) for day in found["history"]] == [(2, 0)]


def test_the_pages_of_such_a_run_say_both_and_offer_its_undo(live: Live) -> None:
    job = _send_in_vain(live)
    runs, page = _page(live, "/invoices/runs"), _page(live, f"/operations/{job['operation_id']}")
    assert "2 issued, 2 not sent" in runs
    assert "0 of 3 orders, 2 invoices issued" in runs
    assert "Void the invoices of this run?" in runs
    assert "2 invoices are live" in page
    assert "2 issued, 2 not sent" in page
    _undo(live, job)
    runs, page = _page(live, "/invoices/runs"), _page(live, f"/operations/{job['operation_id']}")
    assert "2 issued, 2 not sent" in runs
    assert "Void the invoices of this run?" not in runs
    assert "No invoice of this run is live any more" in page


def test_a_reason_that_names_one_of_several_customers_is_an_example(live: Live) -> None:
    alone = _run(live, _orders(live, prefix="Miller"), send_immediately=True)
    whole = "The customer Miller has no e-mail address."
    for path in ("/invoices/runs", f"/operations/{alone['operation_id']}"):
        assert f"For instance: {whole}" not in (page := _page(live, path))
        assert whole in page
    both = _run(live, [*_orders(live, prefix="A"), *_orders(live, prefix="B")], send_immediately=True)
    assert "For instance: The customer A has no" in _page(live, f"/operations/{both['operation_id']}")
    assert "For instance: The customer A has no" in _page(live, "/invoices/runs")


def test_a_run_without_stages_behind_says_how_many_it_issued_and_no_more(live: Live) -> None:
    job = _run(live, _orders(live))
    runs, page = _page(live, "/invoices/runs"), _page(live, f"/operations/{job['operation_id']}")
    assert "Void the invoices of this run?" in runs
    assert "2 invoices are live" in page
    assert not re.search("not (sent|printed)", runs + page)


def test_a_run_for_customers_says_what_it_issued_and_did_not_print(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(live)
    with monkeypatch.context() as patched, full_disk(live.settings.home / "files") as is_real:
        if not is_real:
            patched.setattr(LocalFiles, "put", _refuse)
        patched.setattr("tranche.invoicing.bulk.printing._RETRY_AFTER", 0.01)
        row = finish(live, "invoices", invoices(send_immediately=False))
    assert (row["status"], row["summary"]["successful"]) == ("failed", 0)
    page = _page(live, f"/operations/{row['id']}")
    assert "3 invoices are live" in page
    assert "3 issued, 3 not printed" in page
    assert _findings(live) == []
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE invoices SET operation_id = NULL WHERE id = 1")
    assert ["invoices issued 3, found 2" in finding for finding in _findings(live)] == [True]


def _refuse(*_: object, **__: object) -> None:
    raise StorageFull


def test_the_command_says_how_many_were_issued_and_not_sent(live: Live, shell: Shell) -> None:
    _orders(live)
    ran = shell("invoices", "create", "--search", "NO", "--send", "email", "--yes")
    assert ran.code == ExitCode.COMPLETED_WITH_ERRORS
    lines = [line.split() for line in ran.out.splitlines()]
    assert ["Invoices", "2"] in lines
    assert ["Not", "sent", "2"] in lines
    assert _findings(live) == []


def test_who_cannot_be_written_to_is_counted_beforehand(live: Live, shell: Shell) -> None:
    _orders(live, email=" ")
    _orders(live, email="pay@miller.test", prefix="NOT")
    asked = ("invoices", "create", "--search", "NO", "--dry-run")
    assert "without e-mail address, to whom nothing can be sent: 1." in shell(*asked, "--send", "email").err
    assert "without phone number, to whom nothing can be sent: 2." in shell(*asked, "--send", "sms").err
    assert "without" not in shell(*asked).err
    seen = shell(*asked, "--json").json
    assert (seen["customers_without_email"], seen["customers_without_phone"]) == (1, 2)
    answer = live.client.post("/api/order-selections", json={"filter": {"search": "NO"}})
    sheet = _page(live, f"/invoices/new/{answer.json()['data']['id']}")
    assert "No e-mail address: 1 customer. No phone number: 2 customers." in sheet
