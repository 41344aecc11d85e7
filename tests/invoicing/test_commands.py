"""`tranche invoices` and `tranche operations undo` against the running product."""

import io

import pytest

from tests.invoicing.factories import make_customer, make_orders
from tests.live import Live
from tests.shell import Shell
from tranche.kernel.client.output import ExitCode


def _orders(live: Live, count: int = 3) -> list[int]:
    with live.database.transaction(live.context.organization_id) as conn:
        return make_orders(conn, customer_id=make_customer(conn), count=count)


def test_matching_orders_are_invoiced_and_summed_up(live: Live, shell: Shell) -> None:
    _orders(live)
    tried = shell("invoices", "create", "--search", "SO-", "--dry-run", "--json")
    assert (tried.code, tried.json["ready"]) == (ExitCode.OK, 3)
    assert shell("invoices", "list", "--json").json["pagination"]["totalItems"] == 0
    ran = shell("invoices", "create", "--search", "SO-", "--yes")
    assert ran.code == ExitCode.OK, ran.err
    assert ["Invoices", "3"] in [line.split() for line in ran.out.splitlines()]
    listed = shell("invoices", "list")
    assert [row["Order"] for row in listed.table] == ["SO-3", "SO-2", "SO-1"]


def test_what_is_created_is_printed_and_sent_where_that_is_asked_for(live: Live, shell: Shell) -> None:
    ran = shell("invoices", "create", *_orders(live, 2), "--pdf", "--send", "email", "--yes", "--json")
    assert ran.code == ExitCode.OK, ran.err
    assert ran.json["successful_items"] == 2
    assert len(live.client.get("/api/messages").json()["data"]) == 2


def test_a_run_with_failures_ends_with_3_and_names_them(live: Live, shell: Shell) -> None:
    ids = _orders(live, 2)
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE orders SET status = 'cancelled' WHERE id = %(id)s", {"id": ids[0]})
    ran = shell("invoices", "create", *ids, "--yes")
    assert ran.code == ExitCode.COMPLETED_WITH_ERRORS
    assert "SO-1\torder_cancelled\tThe order is cancelled." in ran.out.splitlines()


def test_nothing_is_created_without_a_yes(live: Live, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = _orders(live, 1)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    ran = shell("invoices", "create", *ids)
    assert ran.code == ExitCode.FAILURE
    assert "--yes creates without asking" in ran.err
    assert ran.err.index("Orders that are ready: 1, ") < ran.err.index("Create 1 invoice (1 order)? [y/N]")
    assert [row["Verdict"] for row in ran.table] == ["ready"]
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert shell("invoices", "create", *ids, "--json").json["ready"] == 1
    assert shell("invoices", "list", "--json").json["data"] == []


def test_nothing_is_asked_where_no_order_is_ready(live: Live, shell: Shell) -> None:
    ids = _orders(live, 2)
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE orders SET status = 'cancelled'")
    ran = shell("invoices", "create", *ids)
    assert (ran.code, "[y/N]" in ran.err) == (ExitCode.FAILURE, False)
    assert "None of 2 orders is ready, so there is nothing to create." in ran.err
    assert [row["Why"] for row in ran.table] == ["The order is cancelled."]


def test_an_invoice_is_shown_voided_and_credited(live: Live, shell: Shell) -> None:
    shell("invoices", "create", *_orders(live, 2), "--yes")
    shown = shell("invoices", "show", 1)
    assert ["Status", "issued"] in [line.split() for line in shown.out.splitlines()]
    assert "Line 3" in shown.out
    voided = shell("invoices", "void", 1, "--reason", "wrong", "--yes")
    assert (voided.code, "Invoice voided" in voided.err) == (ExitCode.OK, True)
    assert shell("invoices", "void", 1, "--reason", "wrong", "--yes").code == ExitCode.CONFLICT
    credited = shell("invoices", "credit", 2, "--reason", "returned", "--yes", "--json")
    assert (
        credited.json["data"]["creditedNumber"]
        == shell("invoices", "show", 2, "--json").json["data"]["invoice"]["number"]
    )
    note = credited.json["data"]["invoice"]["number"]
    for one, words in ((2, ["Credited", "by", note]), (note, ["Credits", credited.json["data"]["creditedNumber"]])):
        assert words in [line.split() for line in shell("invoices", "show", one).out.splitlines()]
    assert shell("invoices", "show", 99).code == ExitCode.NOT_FOUND


def test_a_run_is_undone_by_its_operation(live: Live, shell: Shell) -> None:
    ran = shell("invoices", "create", *_orders(live), "--yes", "--no-wait", "--json")
    number = ran.json["operation_id"]
    shell("operations", "watch", number)
    undone = shell("operations", "undo", number, "--yes", "--json")
    assert (undone.code, undone.json["succeeded"]) == (ExitCode.OK, 3)
    assert shell("invoices", "list", "--status", "void", "--json").json["pagination"]["totalItems"] == 3
    again = shell("operations", "undo", undone.json["id"], "--yes")
    assert (again.code, "cannot be undone" in again.err) == (ExitCode.CONFLICT, True)


def test_what_a_run_worked_on_is_listed_page_by_page(live: Live, shell: Shell) -> None:
    ids = _orders(live, 13)
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE orders SET status = 'cancelled' WHERE id <> %(id)s", {"id": ids[0]})
    ran = shell("invoices", "create", *ids, "--yes")
    number = shell("operations", "list").table[0]["Id"]
    assert f"All of them: tranche operations items {number} --status failed" in ran.err
    failed = ("operations", "items", number, "--status", "failed", "--limit", "10")
    listed = shell(*failed)
    assert (len(listed.table), {row["Why"] for row in listed.table}) == (10, {"The order is cancelled."})
    after = listed.err.split("--after ")[1].strip()
    assert len(shell(*failed, "--after", after).table) == 2
    assert "has no such items" in shell("operations", "items", number, "--status", "skipped").err


def test_without_a_word_on_which_orders_nothing_is_created(live: Live, shell: Shell) -> None:
    _orders(live)
    for words in (
        (),
        ("--yes",),
        ("--dry-run",),
        ("SO-1", "--all-open"),
        ("SO-1", "--search", "SO"),
        ("--status", "open"),
    ):
        ran = shell("invoices", "create", *words)
        assert (ran.code, "--all-open" in ran.err) == (ExitCode.USAGE, True), words
    assert shell("invoices", "create", "--all-open", "--yes", "--json").json["successful_items"] == 3


def test_orders_and_invoices_are_named_by_number_or_id(live: Live, shell: Shell) -> None:
    first, second, third = _orders(live)
    made = shell("invoices", "create", "so-2", third, f"id:{first}", "--yes", "--json")
    assert made.json["payload"]["user_id"] == live.context.user_id
    numbers = [row["Number"] for row in shell("invoices", "list").table]
    assert [row["Order"] for row in shell("invoices", "list").table] == ["SO-1", "SO-3", "SO-2"]
    newest = shell("invoices", "show", numbers[0].lower(), "--json").json["data"]["invoice"]
    assert newest["number"] == numbers[0]
    assert shell("invoices", "show", newest["id"], "--json").json["data"]["invoice"] == newest
    assert shell("orders", "show", "SO-2", "--json").json["data"]["id"] == second
    missing = shell("invoices", "void", "INV-1999-000001", "--reason", "x", "--yes")
    assert (missing.code, missing.err.strip()) == (4, "Error: There is no invoice with the number INV-1999-000001.")
    voided = shell("invoices", "void", numbers[0], "--reason", "x", "--yes", "--json")
    assert voided.json["data"]["invoice"]["status"] == "void"


def test_an_order_that_is_named_twice_is_told_as_it_was_typed(live: Live, shell: Shell) -> None:
    first, *_ = _orders(live)
    for words, told in (
        (("SO-1", "SO-2", "SO-1"), "SO-1 is named twice"),
        (("SO-1", f"id:{first}"), f"id:{first} is the same order as SO-1"),
    ):
        ran = shell("invoices", "create", *words, "--dry-run")
        assert (ran.code, told in " ".join(ran.err.split())) == (ExitCode.USAGE, True), ran.err


def test_the_end_of_a_run_names_its_number_and_what_may_follow(live: Live, shell: Shell) -> None:
    ids = _orders(live, 1)
    ran = shell("invoices", "create", *ids, "--yes")
    (number,) = [line.split()[1] for line in ran.out.splitlines() if line.startswith("Run")]
    assert "What is wrong" not in ran.out
    assert f"To take them back: tranche operations undo {number}" in ran.err
    again = shell("invoices", "create", *ids, "--yes")
    assert "Why some were skipped: tranche operations items" in again.err
    assert "take them back" not in again.err
    none = shell("invoices", "create", "--search", "SO-", "--yes")
    assert (none.code, none.err.strip()) == (ExitCode.USAGE, "Error: No open order matches this filter.")
    assert shell("operations", "undo", number, "--yes").code == ExitCode.OK
    for run, told in ((number, f"Run {number} has no live invoices."), (999, "There is no operation with the id 999.")):
        unfound = shell("pdfs", "--run", run)
        assert (unfound.code, told in unfound.err) == (ExitCode.NOT_FOUND, True), unfound.err


def test_a_number_that_is_another_orders_id_is_asked_about(live: Live, shell: Shell) -> None:
    first, second, _ = _orders(live)
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE orders SET number = %s WHERE id = %s", [str(first), second])
    ran = shell("orders", "show", first)
    assert ran.code == ExitCode.USAGE
    assert f"Say id:{second} for the one with this number, id:{first} for the other." in ran.err
    assert shell("orders", "show", f"id:{first}", "--json").json["data"]["id"] == first
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE orders SET number = '10001' WHERE id = %s", [second])
    assert shell("orders", "show", "10001", "--json").json["data"]["id"] == second
