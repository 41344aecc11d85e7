"""Items and opening stock on the pages of an upload: the columns of a file, its trial, the word that brings it in."""

import hashlib
import re
from dataclasses import replace
from typing import Any

import pytest

from tests.live import Live
from tests.pages.visits import Visitor, visit
from tranche.kernel.context import Role

ITEMS = "Our list,,\nCode,What it is,Worth\nS-1,Mug,4.50\nS-2,Plate,x\n"
STOCK = "Code,What it is,Pile,Pieces\nS-1,Mug,L-1,12\n"


@pytest.fixture
def clerk(live: Live) -> Visitor:
    return visit(live, role=Role.OPERATOR)


def keep(live: Live, text: str, *, path: str = "/api/items/upload") -> str:
    """The address behind a file that the organization has, as the first step gives it."""
    answer = live.client.post(f"{path}?dryRun=true", files={"file": ("list.csv", text)}, headers=_branch(live))
    live.wait(answer.json()["data"]["operationId"])
    return f"file={hashlib.sha256(text.encode()).hexdigest()}&name=list.csv"


def choice(address: str, *, row: int, **fields: str) -> dict[str, Any]:
    """The form as a browser sends it: a field, or none, for each column."""
    file, name = (part.split("=")[1] for part in address.split("&"))
    columns = {column.replace("_", " "): field for column, field in fields.items()}
    return {
        "file": file, "name": name, "headerRow": str(row), "column": list(columns), "field": list(columns.values()),
    }  # fmt: skip


def test_items_come_in_by_the_columns_that_were_chosen(live: Live, clerk: Visitor) -> None:
    address = keep(live, ITEMS)
    shown = clerk.get(f"/stock/items/upload/columns?{address}&sheet=&headerRow=2").text
    for words in ("What it is", "Plate", "Name *", "Stock tracking", "Headers are in", "Items there already"):
        assert words in shown
    assert "Customer of rows" not in shown
    refused = clerk.post("/stock/items/upload/columns", choice(address, row=2, Code="itemSku", What_it_is=""))
    assert (refused.status_code, "Choose a column for: Name." in refused.text) == (400, True)
    form = choice(address, row=2, Code="itemSku", What_it_is="name", Worth="unitPrice")
    report = clerk.post("/stock/items/upload/columns", form).headers["location"]
    live.wait(int(report.rsplit("/", 1)[1]))
    told = clerk.get(report).text
    assert "1 row would come in, 1 row would not." in told
    assert items(live) == []
    steps = "/stock/items/imports/2"
    assert f'action="{steps}/confirm"' in told
    assert clerk.post(f"{steps}/confirm").headers["location"] == report
    live.wait(int(report.rsplit("/", 1)[1]))
    assert items(live) == ["Mug"]
    assert "Bring it in" not in clerk.get(report).text


def test_columns_are_changed_after_the_trial_and_remembered_when_it_came_in(live: Live, clerk: Visitor) -> None:
    address = keep(live, ITEMS)
    form = choice(address, row=2, Code="name", What_it_is="", Worth="")
    report = clerk.post("/stock/items/upload/columns", form).headers["location"]
    operation = int(report.rsplit("/", 1)[1])
    live.wait(operation)
    page = clerk.get("/stock/items/imports/2/columns")
    assert page.text.count("chosen") >= 1
    again = choice(address, row=2, Code="itemSku", What_it_is="name", Worth="")
    assert clerk.post("/stock/items/imports/2/columns", again).headers["location"] == report
    live.wait(operation)
    clerk.post("/stock/items/imports/2/confirm")
    live.wait(operation)
    assert items(live) == ["Mug", "Plate"]
    other = keep(live, ITEMS.replace("Mug", "Cup"))
    assert "This header is known" in clerk.get(f"/stock/items/upload/columns?{other}").text


def test_opening_stock_comes_into_the_branch_at_work(live: Live, clerk: Visitor) -> None:
    address = keep(live, STOCK, path="/api/batch/upload")
    nameless = clerk.post("/stock/upload/columns", choice(address, row=1, Code="", Pile="lotNumber", Pieces="quantity"))
    assert (nameless.status_code, "Choose a column for: Item SKU or Name." in nameless.text) == (400, True)
    form = choice(address, row=1, Code="itemSku", What_it_is="name", Pile="lotNumber", Pieces="quantity")
    report = clerk.post("/stock/upload/columns", form).headers["location"]
    operation = int(report.rsplit("/", 1)[1])
    live.wait(operation)
    assert "1 row would come into Main." in clerk.get(report).text
    assert clerk.post("/stock/imports/2/confirm").headers["location"] == report
    live.wait(operation)
    assert "Undo beside one of its movements" in clerk.get(report).text
    assert "/undo" in clerk.get("/stock/lots/1").text
    assert "It was for Main." in clerk.get(report).text
    (lot,) = live.client.get("/api/batches", headers=_branch(live)).json()["data"]
    assert (lot["batchNumber"], lot["quantity"]) == ("L-1", 12)
    (back,) = set(re.findall(r'action="(/stock/operations/[0-9]+/undo)"', clerk.get("/stock/lots/1").text))
    assert clerk.post(back, {"back": "/stock/lots/1"}).status_code == 303
    ended = clerk.get(report).text
    assert "All that came in by it was taken back." in ended
    assert "Undo beside one of its movements" not in ended


def test_stock_that_is_there_is_never_updated_by_a_file(live: Live, clerk: Visitor) -> None:
    address = keep(live, STOCK, path="/api/batch/upload")
    form = choice(address, row=1, Code="itemSku", Pile="lotNumber", Pieces="quantity")
    refused = clerk.post("/stock/upload/columns", {**form, "onDuplicate": "update"})
    assert (refused.status_code, "corrected by adjustments" in refused.text) == (400, True)
    live.wait(int(clerk.post("/stock/upload/columns", form).headers["location"].rsplit("/", 1)[1]))
    again = clerk.post("/stock/imports/1/columns", {**form, "onDuplicate": "update"})
    assert (again.status_code, "corrected by adjustments" in again.text) == (400, True)
    body = {"mapping": {"itemSku": "Code", "lotNumber": "Pile", "quantity": "Pieces"}, "onDuplicate": "update"}
    answer = live.client.post("/api/imports/1/judge", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/onDuplicate")
    assert live.client.post("/api/imports/1/judge", json={**body, "onDuplicate": "skip"}).status_code == 202


def test_who_works_in_no_branch_is_told_how_to_come_to_one(live: Live, clerk: Visitor) -> None:
    address = keep(live, STOCK, path="/api/batch/upload")
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE sessions SET branch_id = NULL")
    form = choice(address, row=1, Code="itemSku", Pile="lotNumber", Pieces="quantity")
    item = live.client.post("/api/items", json={"data": {"name": "Paint"}}).json()["data"]["id"]
    for page in (
        clerk.send("/stock/upload", file=("list.csv", STOCK)),
        clerk.post("/stock/upload/columns", form),
        clerk.post(f"/stock/items/{item}/receive", {"quantity": "1"}),
    ):
        assert (page.status_code, "Choose one at the top of the page" in page.text) == (400, True)
        assert "x-branch-id" not in page.text


def test_opening_stock_says_for_which_branch_it_is(live: Live, clerk: Visitor) -> None:
    assert "It is for Main; the branch is chosen at the top." in clerk.get("/stock/upload").text
    assert "It is for" not in clerk.get("/stock/items/upload").text
    address = keep(live, STOCK, path="/api/batch/upload")
    assert "It is for Main." in clerk.get(f"/stock/upload/columns?{address}").text
    nowhere = visit(live, context=replace(live.context, branch_id=None))
    form = choice(address, row=1, Code="itemSku", Pile="lotNumber", Pieces="quantity")
    refused = nowhere.post("/stock/upload/columns", form)
    assert (refused.status_code, "Choose one at the top of the page" in refused.text) == (400, True)


def test_stock_is_moved_by_who_brings_it_in_not_by_who_tried_it_out(live: Live, clerk: Visitor) -> None:
    keep(live, "SKU,Lot number,Quantity\nS-1,L-1,12\n", path="/api/batch/upload")
    report = clerk.post("/stock/imports/1/confirm").headers["location"]
    live.wait(int(report.rsplit("/", 1)[1]))
    with live.database.transaction(live.context.organization_id) as conn:
        (moved,) = conn.execute("SELECT created_by FROM lot_movements").fetchall()
    assert moved["created_by"] not in {None, live.context.user_id}


def test_what_is_there_already_is_told_in_the_words_of_the_pages(live: Live, clerk: Visitor) -> None:
    for path, table, told in (
        ("/api/items/upload", "SKU,Name\nS-1,Mug\n", "skip or update it"),
        ("/api/batch/upload", "SKU,Lot number,Quantity\nS-1,L-1,12\n", "skip it"),
    ):
        for _ in range(2):
            sent = live.client.post(path, files={"file": ("list.csv", table)}, headers=_branch(live)).json()["data"]
            live.wait(sent["operationId"])
        page = clerk.get(f"/operations/{sent['operationId']}").text
        assert f"{told} under Change columns, More choices" in page
        assert "The choice counts for all rows of the file." in page
        assert "onDuplicate" not in page
        assert "The only one did not succeed; it says why." in page
        assert f'/imports/{sent["importId"]}/columns">' in page
        skipped = live.client.post(
            f"{path}?dryRun=true&onDuplicate=skip", files={"file": ("list.csv", table)}, headers=_branch(live)
        )
        tried = skipped.json()["data"]["operationId"]
        live.wait(tried)
        assert "All of it is there already." in clerk.get(f"/operations/{tried}").text


def test_how_the_file_was_read_stands_under_its_report(live: Live, clerk: Visitor) -> None:
    keep(live, 'SKU,Name,Unit price\nS-1,Mug,"4,50"\n')
    assert "How the file was read" in clerk.get("/operations/1").text
    live.client.post("/api/imports/1/import")
    live.wait(1)
    viewer = visit(live, role=Role.VIEWER)
    assert 'href="/stock/items">Show the items' in viewer.get("/operations/1").text


def test_an_import_is_found_under_its_own_kind_only_and_viewers_have_no_upload(live: Live, clerk: Visitor) -> None:
    keep(live, ITEMS)
    for path in ("/stock/imports/1/columns", "/uploads/review/1/columns", "/stock/items/imports/9/columns"):
        assert clerk.get(path).status_code == 404, path
    assert clerk.post("/stock/imports/1/confirm").status_code == 404
    viewer = visit(live, role=Role.VIEWER)
    for path in ("/stock", "/stock/items"):
        assert "upload" in clerk.get(path).text.split("<main")[1]
        assert "/upload" not in viewer.get(path).text.split("<main")[1]
    told = viewer.get("/operations/1").text
    assert "Bring it in" not in told
    assert "Change columns" not in told


def items(live: Live) -> list[str]:
    return [item["name"] for item in live.client.get("/api/items").json()["data"]]


def _branch(live: Live) -> dict[str, str]:
    return {"x-branch-id": str(live.context.branch_id)}
