"""`tranche orders judge`, `import`, `undo` and `mappings` against the running product."""

import io
import json

import pytest

from tests.orders.test_commands import GOOD, MIXED, keep
from tests.shell import Shell
from tranche.kernel.client.output import ExitCode

ODD = "ref,who,what,how many,each\nA1,Bob,S-1,2,9.99\n"
MAPPING = json.dumps(
    {"orderId": "ref", "customerName": "who", "itemSku": "what", "quantity": "how many", "unitPrice": "each"}
)


def test_a_file_that_was_not_understood_is_read_again(shell: Shell) -> None:
    assert shell("orders", "upload", keep("odd.csv", ODD)).code == ExitCode.FAILURE
    ran = shell("orders", "judge", 1, "--mapping", MAPPING, "--json")
    assert (ran.code, ran.json["id"], ran.json["successfulOrders"]) == (ExitCode.OK, 1, 1)
    listed = shell("orders", "mappings", "list")
    (known,) = listed.table
    assert known["Header"] == "ref, who, what, how many, each"
    assert "orderId: ref" in known["Columns"]
    assert "is forgotten" in shell("orders", "mappings", "forget", known["Mapping"]).err
    assert "There are no remembered mappings." in shell("orders", "mappings", "list").err
    assert shell("orders", "mappings", "forget", known["Mapping"]).code == ExitCode.NOT_FOUND


def test_a_dry_run_says_how_to_go_on_and_does(shell: Shell) -> None:
    ran = shell("orders", "upload", keep("orders.csv", MIXED), "--dry-run")
    assert "To bring in what is valid: tranche orders import --import 1" in ran.err
    (listed,) = shell("operations", "list").table
    assert (listed["What"], listed["Started by"]) == ("orders.csv (dry run)", "Ada Admin")
    brought = shell("orders", "import", "--import", 1, "--json")
    assert 'Import 1 "orders.csv", a dry run' in brought.err
    assert (brought.code, brought.json["successfulOrders"]) == (ExitCode.COMPLETED_WITH_ERRORS, 1)
    assert [row["What"] for row in shell("operations", "list").table] == ["orders.csv"]
    assert shell("orders", "import", "--import", 1).code == ExitCode.CONFLICT


def test_a_number_alone_is_a_batch_and_never_an_import(shell: Shell) -> None:
    shell("orders", "upload", keep("odd.csv", ODD), "--dry-run")
    shell("orders", "upload", keep("odd.csv", ODD))
    refused = shell("orders", "import", 1)
    assert (refused.code, "Name the dry run: --import IMPORT." in refused.err) == (ExitCode.USAGE, True)
    judged = shell("orders", "judge", 1, "--mapping", MAPPING, "--json")
    assert ('Batch 1 "odd.csv" (import 2)' in judged.err, judged.json["id"]) == (True, 1)
    again = shell("orders", "judge", "--import", 2, "--mapping", MAPPING)
    assert 'Import 2 "odd.csv" (batch 1)' in again.err
    for verb in ("judge", "errors"):
        assert shell("orders", verb).code == shell("orders", verb, 1, "--import", 2).code == ExitCode.USAGE, verb
    for words in ("errors 1", "undo 1 --yes", "correct 1 none.xlsx", "fix 1 --row=2 --set=quantity=3"):
        assert 'Batch 1 "odd.csv" (import 2)' in shell("orders", *words.split()).err, words


def test_an_import_of_items_is_not_judged_as_orders(shell: Shell) -> None:
    shell("items", "import", keep("items.csv", "sku,name\nS-1,Mug\n"))
    refused = shell("orders", "judge", "--import", 1)
    assert (refused.code, "Send its file again: tranche items import" in refused.err) == (ExitCode.CONFLICT, True)
    assert 'Import 1 "items.csv" of items' in shell("items", "errors", 1).err


def test_a_dry_run_judged_again_gives_a_new_report(shell: Shell) -> None:
    shell("orders", "upload", keep("odd.csv", ODD), "--dry-run")
    ran = shell("orders", "judge", "--import", 1, "--mapping", MAPPING)
    assert ran.code == ExitCode.OK
    assert ["Would be imported", "1"] in [line.rsplit(maxsplit=1) for line in ran.out.splitlines()]


def test_a_mapping_that_does_not_fit_changes_nothing_and_is_told_the_header_that_was_read(shell: Shell) -> None:
    shell("orders", "upload", keep("titled.csv", "Order book,of Acme,,,\n" + MIXED))
    refused = shell("orders", "judge", 1, "--mapping", '{"quantity": "Qantity"}')
    assert "The file has no column “Qantity”. It has:" in refused.err
    assert ("Order book" in refused.err, MIXED.split(",")[0] in refused.err) == (False, True)
    assert shell("orders", "fix", 1, "--row", 4, "--set", "quantity=3").code == ExitCode.OK


def test_a_header_row_that_was_said_stays_until_another_is_said(shell: Shell) -> None:
    said = json.dumps({**json.loads(MAPPING), "headerRow": 2})
    shell("orders", "upload", keep("odd.csv", "one,two,three,four,five\n" + ODD), "--mapping", said)
    refused = shell("orders", "judge", 1, "--mapping", '{"quantity": "none"}')
    assert "how many" in refused.err
    assert shell("orders", "judge", 1, "--mapping", MAPPING).code == ExitCode.OK


def test_an_undo_asks_and_tells_what_was_kept(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell("orders", "upload", keep("orders.csv", GOOD))
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    refused = shell("orders", "undo", 1)
    assert (refused.code, refused.out) == (ExitCode.FAILURE, "")
    assert "Undo batch 1 (orders.csv, 2 orders)?" in refused.err
    shell("orders", "upload", keep("more.csv", GOOD.splitlines()[0] + "\nA2,Eve,S-1,5,1\n"), "--on-duplicate", "update")
    ran = shell("orders", "undo", 1, "--yes")
    assert ran.code == ExitCode.OK
    assert "A2\tkept\tA later upload took it over (batch 2)." in ran.out.splitlines()
    shown = shell("orders", "batches", 1)
    assert ["Undone", "1"] in [line.split() for line in shown.out.splitlines()]
    for batch in (1, 2):
        again = shell("orders", "undo", batch, "--yes")
        assert (again.code, "each of its orders was there before it" in again.err) == (ExitCode.CONFLICT, True)
    assert shell("orders", "undo", 99, "--yes").code == ExitCode.NOT_FOUND


def test_an_undo_of_nothing_asks_nothing_and_says_so(shell: Shell) -> None:
    shell("orders", "upload", keep("bad.csv", GOOD.splitlines()[0] + "\nA1,Bob,S-1,none,1\n"))
    refused = shell("orders", "undo", 1)
    assert (refused.code, refused.err.splitlines()[-1]) == (
        ExitCode.CONFLICT,
        "Error: Batch 1 has brought nothing in, so there is nothing to undo.",
    )


def test_an_undo_need_not_be_waited_for(shell: Shell) -> None:
    shell("orders", "upload", keep("orders.csv", GOOD))
    started = shell("orders", "undo", 1, "--yes", "--no-wait", "--json").json
    watched = shell("operations", "watch", started["operationId"], "--json")
    assert (watched.code, watched.json["kind"], watched.json["succeeded"]) == (ExitCode.OK, "order_undo", 2)
