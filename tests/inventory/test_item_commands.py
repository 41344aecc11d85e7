"""`tranche items` against the running product."""

import io
from pathlib import Path

import pytest

from tests.live import Live
from tests.shell import Shell
from tranche.kernel.client.output import ExitCode

ITEMS = "SKU,Name,Unit price\nS-1,Mug,4.50\n"
ORDERS = "orderId,customer,sku,quantity,unitPrice\nA1,Bob,S-1,2,9.99\n"


def keep(name: str, text: str) -> str:
    Path(name).write_text(text)
    return name


def test_an_import_of_items_is_undone_after_a_yes(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shell("items", "import", keep("items.csv", ITEMS)).code == ExitCode.OK
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    asked = shell("items", "undo", 1)
    assert (asked.code, "Undo import 1 of items (items.csv)? [y/N]" in asked.err) == (ExitCode.FAILURE, True)
    assert shell("items", "undo", 1, "--yes").code == ExitCode.OK
    assert "There are no items." in shell("items", "list").err


def test_an_import_of_another_kind_is_not_undone_as_items(live: Live, shell: Shell) -> None:
    branch = live.context.branch_id
    assert branch
    shell("orders", "upload", keep("orders.csv", ORDERS))
    refused = shell("items", "undo", 1, "--yes")
    assert (refused.code, refused.err) == (
        ExitCode.CONFLICT,
        "Error: Import 1 (orders.csv) is of orders and not of items. Use: tranche orders undo 1\n",
    )
    assert len(shell("orders", "list").table) == 1
    shell("orders", "upload", keep("dry.csv", ORDERS.replace("A1", "A2")), "--dry-run")
    assert "It was a dry run and has brought nothing in." in shell("items", "undo", 2, "--yes").err
    shell("stock", "import", keep("stock.csv", "Item code,Name,Lot,Qty\nP-1,Paint,L-1,5\n"), "--branch", branch)
    assert "tranche lots undo MOVEMENT" in shell("items", "undo", 3, "--yes").err
    assert shell("items", "undo", 99, "--yes").code == ExitCode.NOT_FOUND


def test_errors_of_items_and_stock_are_listed_and_saved(live: Live, shell: Shell) -> None:
    branch = live.context.branch_id
    assert branch
    bad = "".join(f"S-{number},Cup,x\n" for number in range(11))
    ran = shell("items", "import", keep("items.csv", ITEMS + bad))
    assert ran.code == ExitCode.COMPLETED_WITH_ERRORS
    assert "11 errors, the first 10 shown. All of them: tranche items errors 1" in ran.err
    assert len(shell("items", "errors", 1).table) == 11
    assert [row["Count"] for row in shell("items", "errors", 1, "--groups").table] == ["11"]
    saved = shell("items", "errors", 1, "--out", "errors.xlsx")
    assert "Correct its rows, then: tranche items import errors.xlsx" in saved.err
    dry = shell("stock", "import", keep("stock.csv", "Item code,Lot,Qty\nP-1,L-1,x\n"), "--dry-run", "--branch", branch)
    assert "tranche stock errors 2 --out errors.xlsx" in dry.err
    assert shell("stock", "errors", 2, "--json").json["pagination"]["totalItems"] >= 1
    other = shell("items", "errors", 2)
    assert (other.code, "Use: tranche stock errors 2" in other.err) == (ExitCode.CONFLICT, True)
    shell("orders", "upload", keep("orders.csv", ORDERS), "--dry-run")
    assert "Use: tranche orders errors --import 3" in shell("stock", "errors", 3).err
