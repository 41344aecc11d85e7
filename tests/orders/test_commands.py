"""`tranche orders` and `tranche operations` against the running product."""

import io
import json
from pathlib import Path

import openpyxl
import pytest

from tests.live import Live
from tests.shell import Shell
from tranche.kernel.client.output import ExitCode
from tranche.kernel.context import Role
from tranche.kernel.db.pool import Connection

HEADER = "orderId,customer,sku,quantity,unitPrice\n"
GOOD = HEADER + "A1,Bob,S-1,2,9.99\nA2,Eve,S-1,1,9.99\n"
MIXED = HEADER + "A1,Bob,S-1,2,9.99\nA2,Eve,S-1,x,9.99\n,Eve,S-1,1,9.99\n"
BAD = HEADER + "A1,Bob,S-1,0,9.99\n"


def keep(name: str, text: str) -> str:
    Path(name).write_text(text)
    return name


def test_an_upload_is_watched_to_its_end_and_summed_up(shell: Shell) -> None:
    ran = shell("orders", "upload", keep("orders.csv", GOOD))
    assert ran.code == ExitCode.OK, ran.err
    assert ["Imported", "2"] in [line.split() for line in ran.out.splitlines()]
    assert "Reading the file" in ran.err
    assert "Bringing in" in ran.err


def test_an_upload_with_bad_rows_ends_with_3_and_shows_the_first_errors(shell: Shell) -> None:
    ran = shell("orders", "upload", keep("orders.csv", MIXED))
    assert ran.code == ExitCode.COMPLETED_WITH_ERRORS
    assert "3\tquantity\tQuantity must be a number, but it is 'x'" in ran.out.splitlines()
    assert "4\torderId\tMissing required field: orderId" in ran.out.splitlines()
    assert "tranche orders errors 1 --out errors.xlsx" in ran.err


def test_what_was_decided_for_a_file_and_its_warnings_are_told(shell: Shell) -> None:
    comma = 'A1,Bob,S-1,2,"9,99"\n'
    notice = "! unitPrice: the comma is read as the decimal sign."
    dry = shell("orders", "upload", keep("orders.csv", HEADER + comma * 2), "--dry-run")
    assert notice in dry.err.splitlines()
    ran = shell("orders", "upload", "orders.csv")
    assert notice in ran.err.splitlines()
    assert "To see the warning: tranche orders errors 1 --severity warning" in ran.err
    assert notice in shell("orders", "batches", 1).err.splitlines()
    assert notice in shell("operations", "watch", ran_operation(shell)).err.splitlines()
    assert len(shell("orders", "errors", 1, "--severity", "warning").table) == 1
    assert shell("orders", "errors", 1, "--severity", "error").table == []


def ran_operation(shell: Shell) -> str:
    return str(shell("operations", "list").table[0]["Id"])


def test_an_upload_of_which_nothing_came_in_ends_with_1(shell: Shell) -> None:
    ran = shell("orders", "upload", keep("orders.csv", BAD), "--json")
    assert (ran.code, ran.json["status"], ran.json["failedOrders"]) == (ExitCode.FAILURE, "failed", 1)


def test_json_is_all_that_stdout_holds_and_it_is_exact(shell: Shell) -> None:
    ran = shell("orders", "upload", keep("orders.csv", MIXED), "--json")
    assert (ran.json["successRate"], ran.json["errorLog"]["totalErrors"]) == ("33.33", 2)
    listed = shell("orders", "list", "--json")
    assert '"total": 19.98' in listed.out
    assert listed.code == ExitCode.OK


def test_an_upload_need_not_be_waited_for(shell: Shell) -> None:
    ran = shell("orders", "upload", keep("orders.csv", GOOD), "--no-wait", "--json")
    assert (ran.code, ran.json["status"]) == (ExitCode.OK, "processing")
    watched = shell("operations", "watch", ran.json["operationId"], "--json")
    assert (watched.code, watched.json["status"], watched.json["succeeded"]) == (ExitCode.OK, "completed", 2)


def test_a_dry_run_reports_and_writes_nothing(shell: Shell) -> None:
    ran = shell("orders", "upload", keep("orders.csv", MIXED), "--dry-run")
    assert ran.code == ExitCode.COMPLETED_WITH_ERRORS
    assert "Would be imported" in ran.out
    assert "4\torderId\tMissing required field: orderId" in ran.out.splitlines()
    assert "Nothing was written." in ran.err
    assert "To correct them in a spreadsheet: tranche orders errors --import 1 --out errors.xlsx" in ran.err
    report = shell("orders", "upload", "orders.csv", "--dry-run", "--json").json
    assert (report["dryRun"], report["validOrders"], report["failedOrders"]) == (True, 1, 2)
    assert shell("orders", "batches", "--json").json["pagination"]["total"] == 0


def test_a_mapping_comes_from_the_command_line_or_a_file(shell: Shell) -> None:
    keep("orders.csv", "x1,x2,x3,x4\nA1,Bob,1,5\n")
    mapping = json.dumps({"orderId": "x1", "customerName": "x2", "quantity": "x3", "unitPrice": "x4"})
    keep("mapping.json", mapping)
    assert shell("orders", "upload", "orders.csv", "--mapping", "@mapping.json").code == ExitCode.OK
    assert shell("orders", "upload", "orders.csv", "--allow-duplicate", "--mapping", mapping, "--dry-run").code == 1
    for wrong in ("@missing.json", "not json", "[]"):
        ran = shell("orders", "upload", "orders.csv", "--mapping", wrong)
        assert (ran.code, ran.out) == (ExitCode.USAGE, "")
    assert "missing.json does not exist." in shell("orders", "upload", "orders.csv", "--mapping", "@missing.json").err
    unknown = shell("orders", "upload", "orders.csv", "--mapping", '{"colour": "x1"}')
    assert unknown.code == ExitCode.USAGE
    assert "There is no field or option colour" in unknown.err


def test_modes_and_duplicates_are_handed_on(shell: Shell) -> None:
    keep("mixed.csv", MIXED)
    keep("good.csv", GOOD)
    atomic = shell("orders", "upload", "mixed.csv", "--mode", "atomic", "--json")
    assert (atomic.code, atomic.json["successfulOrders"]) == (ExitCode.FAILURE, 0)
    assert shell("orders", "upload", "good.csv").code == ExitCode.OK
    again = shell("orders", "upload", "good.csv")
    assert (again.code, again.out) == (ExitCode.CONFLICT, "")
    assert "uploaded before as batch 2" in again.err
    assert "allowDuplicate=true in the address. (at the command line: --allow-duplicate)" in again.err
    taken = shell("orders", "upload", "good.csv", "--allow-duplicate", "--dry-run")
    assert "at the command line: --on-duplicate skip, --on-duplicate update" in taken.err
    skipped = shell("orders", "upload", "good.csv", "--allow-duplicate", "--on-duplicate", "skip", "--json")
    assert (skipped.code, skipped.json["skippedOrders"]) == (ExitCode.OK, 2)
    assert shell("orders", "upload", "good.csv", "--on-duplicate", "burn").code == ExitCode.USAGE


def test_what_is_no_spreadsheet_or_no_file_is_one_sentence(shell: Shell) -> None:
    missing = shell("orders", "upload", "missing.xlsx")
    assert (missing.code, missing.err) == (
        ExitCode.USAGE,
        "Error: missing.xlsx cannot be read: No such file or directory.\n",
    )
    assert shell("orders", "upload", keep("fake.xlsx", "%PDF-1.7")).err.count("\n") == 1


def test_batches_are_listed_by_page_and_status(shell: Shell) -> None:
    assert "There are no batches." in shell("orders", "batches").err
    for number in range(3):
        shell("orders", "upload", keep(f"{number}.csv", HEADER + f"B{number},Bob,S,{number},1\n"))
    ran = shell("orders", "batches", "--limit", 2)
    assert [row["File"] for row in ran.table] == ["2.csv", "1.csv"]
    assert "Page 1 of 2, 3 batches in all. Go on with --page 2." in ran.err
    assert [row["Batch"] for row in shell("orders", "batches", "--limit", 2, "--page", 2).table] == ["1"]
    assert [row["File"] for row in shell("orders", "batches", "--status", "failed").table] == ["0.csv"]
    assert shell("orders", "batches", "--json").json["pagination"]["total"] == 3
    for wrong in (("--status", "burnt"), ("--page", "0"), ("--limit", "1001")):
        assert shell("orders", "batches", *wrong).code == ExitCode.USAGE


def test_one_batch_is_shown_in_full(shell: Shell) -> None:
    shell("orders", "upload", keep("orders.csv", MIXED))
    ran = shell("orders", "batches", 1)
    assert "Ada Admin" in ran.out
    assert "Missing required field: orderId" in ran.out
    assert shell("orders", "batches", 1, "--json").json["user"]["name"] == "Ada Admin"
    missing = shell("orders", "batches", 99)
    assert (missing.code, missing.err) == (ExitCode.NOT_FOUND, "Error: There is no order batch with the id 99.\n")


def test_errors_are_listed_grouped_and_saved(shell: Shell) -> None:
    shell("orders", "upload", keep("orders.csv", MIXED))
    assert [row["Row"] for row in shell("orders", "errors", 1).table] == ["3", "4"]
    assert {row["Code"] for row in shell("orders", "errors", 1, "--groups").table} == {"not_a_number", "missing_field"}
    assert shell("orders", "errors", 1, "--json").json["pagination"]["totalItems"] == 2
    saved = shell("orders", "errors", 1, "--out", "errors.xlsx")
    assert (saved.code, saved.out) == (ExitCode.OK, "")
    book = openpyxl.load_workbook(io.BytesIO(Path("errors.xlsx").read_bytes()))
    assert [row[0].value for row in book.worksheets[0].iter_rows(min_row=2)] == ["A2", None]
    book.worksheets[0]["D2"], book.worksheets[0]["A3"] = "3", "A3"
    book.save("errors.xlsx")
    assert shell("orders", "upload", "errors.xlsx", "--json").json["successfulOrders"] == 2
    assert shell("orders", "errors", 99, "--out", "none.xlsx").code == ExitCode.NOT_FOUND
    assert not Path("none.xlsx").exists()
    odd = shell("orders", "errors", 1, "--out", "errors.csv")
    assert (odd.code, odd.err) == (
        ExitCode.USAGE,
        'Batch 1 "orders.csv" (import 1)\nError: errors.csv must end in .xlsx, for that is what is saved.\n',
    )


def test_errors_of_a_dry_run_are_listed_and_saved(shell: Shell) -> None:
    shell("orders", "upload", keep("orders.csv", MIXED), "--dry-run")
    assert [row["Row"] for row in shell("orders", "errors", "--import", 1).table] == ["3", "4"]
    saved = shell("orders", "errors", "--import", 1, "--out", "errors.xlsx")
    assert "Correct its rows, then: tranche orders upload errors.xlsx" in saved.err
    assert shell("orders", "errors").code == ExitCode.USAGE
    assert shell("orders", "errors", 1, "--import", 1).code == ExitCode.USAGE


def test_no_workbook_is_saved_where_nothing_can_be_corrected(shell: Shell) -> None:
    shell("orders", "upload", keep("orders.csv", GOOD))
    clear = shell("orders", "errors", 1, "--out", "errors.xlsx")
    assert (clear.code, clear.err) == (
        ExitCode.NOT_FOUND,
        'Batch 1 "orders.csv" (import 1)\nError: Nothing of batch 1 is refused; there is nothing to correct.\n',
    )
    shell("orders", "upload", keep("fake.xlsx", "%PDF-1.7"))
    assert "so there are no rows to correct" in shell("orders", "errors", 2, "--out", "errors.xlsx").err
    assert not Path("errors.xlsx").exists()


def test_a_deletion_asks_by_naming_how_many_orders_go(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell("orders", "upload", keep("orders.csv", GOOD))
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    refused = shell("orders", "delete", 1)
    assert (refused.code, refused.out) == (ExitCode.FAILURE, "")
    assert "Delete batch 1 (orders.csv) and its 2 orders?" in refused.err
    assert "Nothing was deleted." in refused.err
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert "Deleted batch 1 and 2 orders." in shell("orders", "delete", 1).err
    assert shell("orders", "delete", 1, "--yes").code == ExitCode.NOT_FOUND


def test_a_deletion_can_be_told_not_to_ask(shell: Shell) -> None:
    shell("orders", "upload", keep("orders.csv", GOOD))
    ran = shell("orders", "delete", 1, "--yes", "--json")
    assert (ran.code, ran.json) == (ExitCode.OK, {"deletedOrders": 2, "operationId": None})


def test_orders_are_listed_and_shown(shell: Shell) -> None:
    shell("orders", "upload", keep("orders.csv", GOOD))
    rows = shell("orders", "list", "--batch", 1, "--search", "A").table
    assert [(row["Order"], row["Customer"], row["Total"]) for row in rows] == [
        ("A1", "Bob", "19.98"),
        ("A2", "Eve", "9.99"),
    ]
    assert "There are no orders." in shell("orders", "list", "--status", "invoiced").err
    shown = shell("orders", "show", rows[0]["Id"])
    assert "Bob" in shown.out
    assert "1\tS-1\tS-1\t2\t9.99\t\t19.98\t2" in shown.out.splitlines()
    assert shell("orders", "show", rows[0]["Id"], "--json").json["data"]["lines"][0]["amount"] == 19.98
    assert shell("orders", "show", 99).code == ExitCode.NOT_FOUND


def test_legacy_orders_are_adopted_once(shell: Shell, live: Live, owner: Connection) -> None:
    shell("orders", "upload", keep("orders.csv", GOOD))
    owner.execute(
        "UPDATE orders SET batch_id = NULL WHERE organization_id = %(id)s", {"id": live.context.organization_id}
    )
    assert "2 orders adopted into batch 2." in shell("orders", "adopt-legacy").err
    owner.execute("UPDATE orders SET batch_id = NULL WHERE id = (SELECT min(id) FROM orders)")
    assert live.client.post("/api/orders/batches/adopt-legacy").json()["message"] == "1 order adopted"
    ran = shell("orders", "adopt-legacy", "--json")
    assert (ran.code, ran.json["data"]["adoptedOrders"]) == (ExitCode.OK, 0)


def test_who_may_not_is_told_and_ends_with_5(shell: Shell, live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    keep("orders.csv", GOOD)
    monkeypatch.setenv("TRANCHE_API_KEY", live.key_for(Role.VIEWER))
    assert shell("orders", "batches").code == ExitCode.OK
    assert shell("orders", "upload", "orders.csv").code == ExitCode.AUTH
    monkeypatch.setenv("TRANCHE_API_KEY", "trn_wrong")
    wrong = shell("orders", "batches")
    said = f"Error: This API key is not known, has expired or was revoked. The answer came from {live.url}.\n"
    assert (wrong.code, wrong.err) == (ExitCode.AUTH, said)


def test_where_no_server_answers_one_may_try_again(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANCHE_URL", "http://127.0.0.1:9")
    ran = shell("orders", "batches")
    assert ran.code == ExitCode.TRY_AGAIN
    assert "Is `tranche up` running?" in ran.err
