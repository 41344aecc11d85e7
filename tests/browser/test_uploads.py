"""An upload from the dropped file to its undo, and the pages of what came in."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.tabs import Tab
from tests.live import Live

ROWS = "orderId,customer,sku,quantity,unitPrice\n"
GOOD = "".join(f"A{n},Bob,S-{n},{n},9.99\n" for n in range(1, 9))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Eight good orders, two bad ones."""
    path = tmp_path / "May.csv"
    path.write_text(ROWS + GOOD + "B1,Eve,S-1,x,9.99\nB2,Eve,S-1,y,9.99\n")
    return path


def test_a_file_is_tried_out_corrected_brought_in_and_undone_by_keyboard_alone(
    tab: Tab, live: Live, file: Path
) -> None:
    page = tab.go("/uploads/new").page
    expect(tab.heading("Upload orders")).to_be_visible()
    tab.assert_accessible()
    tab.picture("upload-new")
    page.get_by_label("Drop a spreadsheet here").set_input_files(file)
    page.get_by_role("button", name="Try it out").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Create 8 orders, skip 2")).to_be_visible(timeout=20_000)
    assert live.client.get("/api/orders").json()["pagination"]["totalItems"] == 0
    tab.assert_accessible()
    tab.picture("upload-review")
    cell = page.get_by_label("quantity of row 10")
    cell.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Create 9 orders, skip 1")).to_be_visible()
    page.get_by_role("button", name="Set a value for all").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Value").focus()
    page.keyboard.type("7")
    dialog.get_by_label("Field").select_option("quantity")
    dialog.get_by_role("button", name="Set it").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#live").get_by_text("Done").first).to_be_visible(timeout=20_000)
    page.goto(f"{tab.base}/uploads/review/1")
    create = page.get_by_role("button", name="Create 10 orders")
    create.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#live").get_by_text("Done").first).to_be_visible(timeout=20_000)
    assert live.client.get("/api/orders").json()["pagination"]["totalItems"] == 10
    tab.go("/uploads/1")
    tab.assert_accessible()
    tab.picture("upload-result")
    page.get_by_role("button", name="Undo").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Undo the upload").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#live").get_by_text("Done").first).to_be_visible(timeout=20_000)
    assert live.client.get("/api/orders").json()["pagination"]["totalItems"] == 0


def test_what_came_in_is_listed_searched_sorted_and_shown(tab: Tab, live: Live, file: Path) -> None:
    for name in ("May.csv", "June.csv"):
        text = file.read_bytes() + name.encode() + b",Zoe,S-1,1,1\n"
        text = text.replace(b"A", name[:1].encode() + b"-")
        batch = live.client.post("/api/orders/upload", files={"file": (name, text)}).json()
        live.wait(batch["operationId"])
    tab.go("/uploads")
    expect(tab.heading("Uploads")).to_be_visible()
    tab.assert_accessible()
    tab.picture("uploads")
    tab.go("/orders?sort=-total")
    expect(tab.page.get_by_role("row").nth(1)).to_contain_text("79.92")
    tab.assert_accessible()
    tab.picture("orders")
    tab.page.get_by_label("Order number begins with").fill("M-3")
    tab.page.keyboard.press("Enter")
    tab.click("M-3", role="link")
    expect(tab.heading("Order M-3")).to_be_visible()
    tab.assert_accessible()
    tab.picture("order")
    tab.go("/customers")
    tab.assert_accessible()
    tab.picture("customers")
    tab.click("Bob", role="link")
    expect(tab.heading("Bob")).to_be_visible()
    tab.assert_accessible()


def test_what_is_no_spreadsheet_is_told_at_once(tab: Tab, tmp_path: Path) -> None:
    (tmp_path / "bad.xlsx").write_text("<html>")
    tab.go("/uploads/new")
    tab.page.get_by_label("Drop a spreadsheet here").set_input_files(tmp_path / "bad.xlsx")
    tab.click("Try it out")
    expect(tab.page.get_by_role("alert")).to_be_visible()
    tab.assert_accessible()
