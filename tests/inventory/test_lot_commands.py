"""`tranche lots` and `tranche stock` against the running product."""

import io
from pathlib import Path

import pytest

from tests.live import Live
from tests.shell import Shell
from tranche.kernel.client.output import ExitCode


def test_stock_is_received_moved_held_traced_and_undone(
    live: Live, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch = live.context.branch_id
    assert branch
    other = live.client.post("/api/branches", json={"data": {"name": "Harbour"}}).json()["data"]["id"]
    live.client.post("/api/items", json={"data": {"name": "Paint", "code": "P-1"}})
    here = ("--branch", branch)

    assert shell("lots", "receive", "A", "10.5", "--item", "P-1", "--expires", "2030-01-31", *here).code == 0
    assert shell("lots", "receive", "A", "0.5", *here, "--json").json["data"]["quantity"] == 0.5
    moved = shell("lots", "transfer", "A", "B", "4", *here, "--json").json["data"]
    assert (moved["sourceBatchNumber"], moved["destinationBatchNumber"], moved["quantity"]) == ("A", "B", 4)
    assert shell("lots", "split", "A", "C=1", "D=2.5", *here).code == 0
    assert shell("lots", "merge", "M", "C", "D=1", *here).code == 0
    assert shell("lots", "adjust", "A", "--by=-0.5", *here).code == 0
    assert "what there is" in shell("lots", "adjust", "A", "--counted", "3", *here).err
    assert shell("lots", "move", "A", other, "1", *here).code == 0

    listed = shell("lots", "list", "--item", "P-1", *here, "--json").json["data"]
    assert {lot["batchNumber"]: lot["quantity"] for lot in listed} == {"A": 2, "B": 4, "C": 0, "D": 1.5, "M": 2}
    shown = shell("lots", "show", "A", *here, "--json").json["data"]
    assert {place["branchName"]: place["quantity"] for place in shown["branches"]} == {"Harbour": 1, "Main": 2}

    assert shell("lots", "hold", "B", "smells").code == 0
    refused = shell("lots", "transfer", "B", "A", "1", *here)
    assert (refused.code, "smells" in refused.err) == (ExitCode.USAGE, True)
    assert shell("lots", "release", "B").code == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    asked = shell("lots", "undo", moved["id"])
    assert (asked.code, f"Movement {moved['id']}: batchTransfer of 4 from A to B" in asked.err) == (1, True)
    assert shell("lots", "undo", moved["id"], "--yes").code == 0
    assert shell("lots", "undo", moved["id"], "--yes").code == ExitCode.CONFLICT

    traced = shell("lots", "trace", "M", "--json").json["data"]
    assert [(node["batchNumber"], node["level"]) for node in traced["batches"]] == [
        ("A", -2),
        ("C", -1),
        ("D", -1),
        ("M", 0),
    ]
    assert shell("lots", "trace", "M").code == 0
    assert shell("lots", "recall", "A").code == 0
    assert len(shell("lots", "history", "A", "--limit", "100").table) >= 8
    lost = shell("lots", "trace", "NOBODY")
    assert (lost.code, lost.err) == (
        ExitCode.NOT_FOUND,
        "Error: There is no lot with the number NOBODY. `tranche lots list` shows what there is.\n",
    )
    new = shell("lots", "receive", "L-5", "10", *here)
    assert (new.code, "no lot with the number L-5. To take stock into a new one" in new.err) == (4, True)
    assert shell("lots", "transfer", "A", "B", "x", *here).code == ExitCode.USAGE
    there_are = f"There are {branch} (Main), {other} (Harbour)."
    foreign = shell("lots", "list", "--branch", "999999")
    hint = "(at the command line: --branch or TRANCHE_BRANCH)"
    assert foreign.code == ExitCode.AUTH
    assert foreign.err == f"Error: This branch is not one of yours. {there_are} {hint}\n"
    for name in ("Main", "Größe\n", "0x1", ""):
        named = shell("lots", "list", "--branch", name)
        assert named.code == ExitCode.USAGE
        assert named.err == f"Error: --branch must be the number of a branch. {there_are}\n"
    for name, refusal in (("999999", "is not one of yours"), ("Main", "must be the number of a branch")):
        nowhere = shell("lots", "move", "A", name, "1", *here)
        assert (nowhere.code != 0, nowhere.err) == (True, f"Error: BRANCH {refusal}. {there_are}\n")
    assert "x-branch-id" not in shell("lots", "transfer", "A", "B", "1").err
    refused = shell("lots", "undo", "nine")
    assert (refused.code, "parse" in refused.err, "must be" in refused.err) == (ExitCode.USAGE, False, True)


def test_opening_stock_comes_in_by_the_command_line(live: Live, shell: Shell, tmp_path: Path) -> None:
    branch = live.context.branch_id
    assert branch
    file = tmp_path / "stock.csv"
    file.write_text("Item code,Name,Lot,Qty,Best before\nP-1,Paint,L-1,5,2020-01-31\nP-1,Paint,,1,\n")
    none = shell("stock", "expiring", "--branch", branch)
    assert (none.code, none.err) == (0, f"No stock of branch {branch} has expired or expires within 30 days.\n")
    assert "No stock has expired or expires within 7 days." in shell("stock", "expiring", "--days", 7).err
    ran = shell("stock", "import", str(file), "--branch", branch)
    assert ran.code == ExitCode.COMPLETED_WITH_ERRORS
    assert "give the lot number" in ran.out
    expiring = shell("stock", "expiring", "--branch", branch)
    assert [(row["Lot"], row["Quantity"]) for row in expiring.table] == [("L-1", "5")]
    dry = shell("stock", "import", str(file), "--branch", branch, "--dry-run", "--skip-existing", "--json")
    assert (dry.json["dryRun"], dry.json["skipped"]) == (True, 1)
    file.write_text('Item code,Name,Lot,Qty\nP-1,Paint,L-2,"1,5"\n')
    told = shell("stock", "import", str(file), "--branch", branch)
    assert "! Qty: the comma is read as the decimal sign." in told.err.splitlines()
    lost = shell("stock", "import", str(file))
    assert lost.code == ExitCode.USAGE
    assert "Error: --branch is missing: name the branch" in lost.err
    assert f"There are {branch} (Main)" in lost.err
    assert "x-branch-id" not in lost.err


def test_refusals_speak_in_options_and_arguments_and_not_in_members_of_a_body(live: Live, shell: Shell) -> None:
    live.client.post("/api/items", json={"data": {"name": "Paint", "code": "P-1"}})
    here = ("--branch", live.context.branch_id or 0)
    shell("lots", "receive", "A", "10", "--item", "P-1", *here)
    for words, told in (
        (("receive", "B", "1", "--item", "P-1", "--expires", "31.1.2027"), "31.1.2027 is no day such as 2027-01-31."),
        (("receive", "B", "1", "--item", "P-1", "--cost", "-4"), "--cost must not be below 0."),
        (("receive", " ", "1", "--item", "P-1"), "LOT must not be empty."),
        (("adjust", "A"), "Name one --by, or one --counted."),
        (("adjust", "A", "--by=0"), "--by must not be 0."),
        (("adjust", "A", "--by=-99"), "Insufficient quantity: --by is 99, and lot A has 10 left here."),
        (("adjust", "A", "--counted=-1"), "--counted must not be below 0."),
        (("split", "A", "C=99"), "Insufficient quantity: C=99 (the quantity) is 99, and lot A has 10 left here."),
        (("split", "A", "C=1", "C=2"), "C=2 (the lot) names lot C a second time."),
        (("split", "A", "C"), "C has no quantity; write C=5."),
        (("merge", "M", "A=0"), "A=0 (the quantity) must be more than 0."),
        (("transfer", "A", "A", "1"), "TO must be another lot than the one that stock comes from or goes to."),
        (("move", "A", here[1], "1"), "BRANCH must be another branch than the one that stock comes from."),
    ):
        refused = shell("lots", *words, *here)
        assert (refused.code, told in " ".join(refused.err.split())) == (ExitCode.USAGE, True), refused.err
    shell("lots", "transfer", "A", "B", "10", *here)
    empty = shell("lots", "merge", "M", "A", *here)
    assert empty.err == "Error: Insufficient quantity: this branch has nothing left of lot A here.\n"
