"""`tranche orders correct` and `tranche orders fix` against the running product."""

from pathlib import Path

import openpyxl
import pytest

from tests.shell import Shell
from tranche.kernel.client.output import ExitCode

TABLE = "orderId,customer,sku,quantity,unitPrice\nA1,Bob,S-1,x,9.99\nA1,Bob,S-2,1,9.99\nA2,Eve,S-1,y,9.99\n"


@pytest.fixture
def refused(shell: Shell) -> Shell:
    """A shell in whose house batch 1 has two refused orders."""
    Path("orders.csv").write_text(TABLE)
    assert shell("orders", "upload", "orders.csv").code == ExitCode.FAILURE
    return shell


def test_the_workbook_goes_out_is_corrected_and_comes_back(refused: Shell) -> None:
    saved = refused("orders", "errors", 1, "--out", "errors.xlsx")
    assert "tranche orders correct 1 errors.xlsx" in saved.err
    book = openpyxl.load_workbook("errors.xlsx")
    book["Errors"]["D2"] = "3"
    book.save("errors.xlsx")
    ran = refused("orders", "correct", 1, "errors.xlsx")
    assert ran.code == ExitCode.COMPLETED_WITH_ERRORS, ran.err
    assert "Taking over the changes" in ran.err
    assert "Checking again" in ran.err
    found = [line.rsplit(maxsplit=1) for line in ran.out.splitlines()]
    assert [words for words in found if words[0] in {"Rows taken", "Imported", "Still refused"}] == [
        ["Rows taken", "3"],
        ["Imported", "1"],
        ["Still refused", "1"],
    ]
    assert refused("orders", "batches", 1, "--json").json["successfulOrders"] == 1
    refused("orders", "fix", 1, "--row", 4, "--set", "quantity=1")
    assert refused("orders", "batches", 1, "--json").json["failedOrders"] == 0


def test_a_row_is_corrected_and_its_order_shown(refused: Shell) -> None:
    ran = refused("orders", "fix", 1, "--row", 2, "--set", "quantity=0")
    assert ran.code == ExitCode.COMPLETED_WITH_ERRORS
    assert [(line["Row"], line["Status"]) for line in ran.table] == [("2", "refused"), ("3", "refused")]
    assert ran.table[0]["What is wrong"] == "Quantity must be more than 0"
    ran = refused("orders", "fix", 1, "--row", 2, "--set", "quantity=4", "--set", "customerEmail=", "--json")
    assert (ran.code, [row["status"] for row in ran.json["data"]]) == (ExitCode.OK, ["imported", "imported"])


def test_of_an_order_only_the_corrected_row_and_those_still_wrong_are_shown(refused: Shell) -> None:
    ran = refused("orders", "fix", 1, "--row", 2, "--set", "quantity=4", "--set", "customerEmail=")
    assert [(line["Row"], line["Status"]) for line in ran.table] == [("2", "imported")]
    assert "2 rows were judged again, 1 shown. (--json prints all.)" in ran.err


def test_a_field_may_be_called_as_its_column_in_the_file(refused: Shell) -> None:
    ran = refused("orders", "fix", 1, "--row", 2, "--set", "quantity=4", "--set", "SKU=S-9", "--json")
    assert (ran.code, [row["status"] for row in ran.json["data"]]) == (ExitCode.OK, ["imported", "imported"])
    twice = refused("orders", "fix", 1, "--row", 4, "--set", "sku=S-9", "--set", "itemSku=S-8")
    assert (twice.code, "The field itemSku is named twice." in twice.err) == (ExitCode.USAGE, True)
    unknown = refused("orders", "fix", 1, "--row", 4, "--set", "VAT=19")
    assert "There is no field VAT; there are: taxRate, " in unknown.err
    assert "Columns of the file: orderId (orderId), customer (customerName), sku (itemSku)" in unknown.err


def test_one_value_is_set_in_a_group_of_rows(refused: Shell) -> None:
    listed = refused("orders", "errors", 1, "--groups").table
    (key,) = [line["Key"] for line in listed if line["Code"] == "not_a_number"]
    ran = refused("orders", "fix", 1, "--group", key, "--set", "quantity=2")
    assert ran.code == ExitCode.OK, ran.err
    assert refused("orders", "batches", 1, "--json").json["successfulOrders"] == 2
    for wrong in (
        ("--group", key, "--row", 2, "--set", "quantity=2"),
        ("--set", "quantity=2"),
        ("--group", key, "--set", "quantity=2", "--set", "notes=x"),
    ):
        assert refused("orders", "fix", 1, *wrong).code == ExitCode.USAGE


def test_what_cannot_be_is_said_in_one_sentence(refused: Shell) -> None:
    assert refused("orders", "fix", 1, "--row", 2, "--set", "quantity").code == ExitCode.USAGE
    ran = refused("orders", "fix", 1, "--row", 9, "--set", "quantity=1")
    assert (ran.code, "Row 9 is not among the refused rows" in ran.err) == (ExitCode.NOT_FOUND, True)
    Path("other.csv").write_text("orderId,quantity\nA1,3\n")
    ran = refused("orders", "correct", 1, "other.csv")
    assert (ran.code, "has no column _row" in ran.err, ran.out) == (ExitCode.FAILURE, True, "")
    Path("picture.xlsx").write_bytes(b"\x89PNG")
    ran = refused("orders", "correct", 1, "picture.xlsx")
    assert (ran.code != ExitCode.OK, "picture" in ran.err) == (True, True)


def test_a_correction_need_not_be_waited_for(refused: Shell) -> None:
    Path("rows.csv").write_text("_row,quantity\n2,1\n4,1\n")
    ran = refused("orders", "correct", 1, "rows.csv", "--no-wait", "--json")
    assert (ran.code, ran.json["kind"]) == (ExitCode.OK, "order_correction")
    watched = refused("operations", "watch", ran.json["id"], "--json")
    assert (watched.code, watched.json["succeeded"]) == (ExitCode.OK, 2)
