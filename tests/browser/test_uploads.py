"""An upload in a real browser: from the dropped file over columns, report and corrections to its undo."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

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


CARRIED = """([name, text]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([text], name));
  return carried;
}"""


def drop(tab: Tab, file: Path) -> None:
    """As far as the columns, or the report where the header is known."""
    page = tab.go("/uploads/new").page
    carried = page.evaluate_handle(CARRIED, [file.name, file.read_text()])
    page.dispatch_event("[data-drop]", "drop", {"dataTransfer": carried})
    tab.click("Go on")


def press(locator: Locator, key: str = "Enter") -> None:
    """As a person does who has no mouse."""
    locator.focus()
    expect(locator).to_be_focused()
    locator.press(key)


def orders(live: Live) -> int:
    return int(live.client.get("/api/orders").json()["pagination"]["totalItems"])


def test_a_file_goes_from_drop_to_undo_by_keyboard_alone(tab: Tab, live: Live, file: Path) -> None:
    page = tab.go("/uploads/new").page
    expect(tab.heading("Upload orders")).to_be_visible()
    tab.assert_accessible()
    tab.picture("upload-new")
    page.get_by_label("Drop a spreadsheet here").set_input_files(file)
    press(page.get_by_role("button", name="Go on"))
    expect(page.get_by_label("Field for sku")).to_have_value("itemSku")
    tab.assert_accessible()
    tab.picture("upload-columns")
    press(page.get_by_role("button", name="Try it out"))
    expect(page.get_by_text("Create 8 orders, skip 2 rows")).to_be_visible(timeout=20_000)
    assert orders(live) == 0
    tab.assert_accessible()
    tab.picture("upload-review")
    cell = page.get_by_label("quantity of row 10")
    press(cell, "Control+A")
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Row 10 is right now.")).to_be_visible()  # first, because it goes away by itself
    expect(page.get_by_text("Create 9 orders, skip 1 row", exact=True)).to_be_visible()
    press(page.get_by_role("button", name="Set a value"))
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_label("Field")).to_have_value("quantity")
    dialog.get_by_label("Value").focus()
    page.keyboard.type("7")
    press(dialog.get_by_role("button", name="Set it"))
    expect(page.get_by_text("Nothing is wrong")).to_be_visible(timeout=20_000)
    expect(page.locator(".confirm-bar strong")).to_have_text("Create 10 orders")
    press(page.get_by_role("button", name="Create 10 orders"))
    expect(page.locator("#live").get_by_text("Done").first).to_be_visible(timeout=20_000)
    assert orders(live) == 10
    press(page.get_by_role("link", name="Show the upload"))
    expect(tab.heading("May.csv")).to_be_visible()
    tab.assert_accessible()
    tab.picture("upload-result")
    press(page.get_by_role("button", name="Undo", exact=True))
    press(page.get_by_role("button", name="Undo the upload"))
    expect(page.locator("#live").get_by_text("Done").first).to_be_visible(timeout=20_000)
    assert orders(live) == 0
    tab.go("/uploads/1")
    expect(page.get_by_text("This upload was undone")).to_be_visible()
    tab.assert_accessible()


def test_the_row_of_the_headers_is_picked_and_the_columns_are_read_anew(tab: Tab, tmp_path: Path) -> None:
    head = f"Orders of May,,,,\n{ROWS}text,text,text,number,number\n{ROWS.replace('orderId', 'Ref')}"
    (tmp_path / "May.csv").write_text(head + "A1,Zoe,Mug,1,4.50\n")
    drop(tab, tmp_path / "May.csv")
    page = tab.page
    expect(page.get_by_label("Headers are in")).to_have_value("2")
    tab.assert_accessible()
    tab.picture("upload-header-row")
    page.get_by_label("Headers are in").select_option("4")
    tab.click("Take this row")
    expect(page.get_by_label("Field for Ref", exact=True)).to_be_visible()
    page.get_by_label("Field for Ref", exact=True).select_option("orderId")
    tab.click("Try it out")
    expect(page.locator(".confirm-bar strong")).to_have_text("Create 1 order", timeout=20_000)
    expect(page.get_by_text("Import 1.")).to_be_visible()
    tab.click("Change columns", role="link")
    expect(page.get_by_label("Headers are in")).to_have_value("4")
    tab.go("/uploads/review/1")
    tab.click("Create 1 order")
    expect(page.locator("#live").get_by_text("Done").first).to_be_visible(timeout=20_000)
    tab.go("/uploads")
    expect(page.get_by_role("columnheader", name="Batch")).to_be_visible()
    tab.go("/customers")
    expect(page.get_by_role("columnheader", name="Id")).to_be_visible()
    tab.assert_accessible()
    tab.go("/uploads/1")
    expect(page.get_by_text("Batch 1 · import 1 · uploaded by")).to_be_visible()


def test_a_strange_header_is_explained_once_and_known_from_then_on(tab: Tab, live: Live, tmp_path: Path) -> None:
    head = "Ref;Who;What;How many;Each;Comment\n"
    for name, ref in (("June.csv", "J"), ("July.csv", "K")):
        (tmp_path / name).write_text(head + "".join(f"{ref}{n};Zoe;Mug;{n};4,50;x\n" for n in range(1, 4)))
    drop(tab, tmp_path / "June.csv")
    page = tab.page
    expect(page.get_by_text("No column was recognised for")).to_be_visible()
    tab.click("Try it out")
    expect(page.get_by_role("alert")).to_contain_text("Choose a column for: Order number")
    tab.assert_accessible()
    wanted = {"Ref": "orderId", "Who": "customerName", "What": "itemDescription", "How many": "quantity",
              "Each": "unitPrice", "Comment": ""}  # fmt: skip
    for header, field in wanted.items():
        page.get_by_label(f"Field for {header}", exact=True).select_option(field)
    expect(page.get_by_role("row", name="How many")).to_contain_text("chosen")
    expect(page.get_by_role("row", name="Comment")).to_contain_text("not used")
    tab.picture("upload-columns-strange")
    tab.click("Try it out")
    expect(page.locator(".confirm-bar strong")).to_have_text("Create 3 orders", timeout=20_000)
    tab.click("Create 3 orders")
    expect(page.locator("#live").get_by_text("Done").first).to_be_visible(timeout=20_000)
    assert all(not order["notes"] for order in live.client.get("/api/orders").json()["data"])

    drop(tab, tmp_path / "July.csv")
    expect(page.locator(".confirm-bar strong")).to_have_text("Create 3 orders", timeout=20_000)
    tab.click("Change columns", role="link")
    expect(page.get_by_text("This header is known")).to_be_visible()
    expect(page.get_by_label("Field for Comment")).to_have_value("")
    page.get_by_label("Field for Comment").select_option("notes")
    tab.assert_accessible()
    tab.click("Read it so")
    tab.click("Create 3 orders")
    expect(page.locator("#live").get_by_text("Done").first).to_be_visible(timeout=20_000)
    found = live.client.get("/api/orders?search=K").json()["data"]
    assert [order["notes"] for order in found] == ["x", "x", "x"]


def test_the_corrected_workbook_comes_back(tab: Tab, file: Path, tmp_path: Path) -> None:
    drop(tab, file)
    tab.click("Try it out")
    expect(tab.page.get_by_text("Create 8 orders, skip 2 rows")).to_be_visible(timeout=20_000)
    with tab.page.expect_download() as saving:
        tab.click("Error workbook", role="link")
    saving.value.save_as(tmp_path / "errors.xlsx")
    assert (tmp_path / "errors.xlsx").read_bytes().startswith(b"PK")
    (tmp_path / "right.csv").write_text("quantity,_row\n3,10\n5,11\n")
    tab.page.get_by_label("Corrected workbook").set_input_files(tmp_path / "right.csv")
    tab.click("Take it over")
    expect(tab.page.locator(".confirm-bar strong")).to_have_text("Create 10 orders", timeout=20_000)


def test_the_same_file_is_noticed_and_comes_in_again_only_when_said_so(tab: Tab, live: Live, file: Path) -> None:
    batch = live.client.post("/api/orders/upload", files={"file": ("May.csv", file.read_bytes())}).json()
    live.wait(batch["operationId"])
    drop(tab, file)
    expect(tab.page.get_by_text("It came in before as upload 1 (May.csv).")).to_be_visible()
    tab.assert_accessible()
    tab.page.get_by_text("More choices").click()
    tab.page.get_by_label("Orders there already").select_option("update")
    tab.click("Try it out")
    expect(tab.page.get_by_text("Create or update 8 orders, skip 2 rows")).to_be_visible(timeout=20_000)
    tab.click("Create or update 8 orders")
    expect(tab.page.get_by_text("This file came in before. Tick")).to_be_visible()
    tab.page.get_by_label("Bring the same file in again").check()
    tab.picture("upload-duplicate")
    tab.click("Create or update 8 orders")
    expect(tab.page.locator("#live").get_by_text("Done").first).to_be_visible(timeout=20_000)


def test_every_row_is_reached_by_chips_causes_and_pages(tab: Tab, tmp_path: Path) -> None:
    bad = "".join(f"B{n},Eve,S-1,{'x' if n % 2 else ''},9.99\n" for n in range(1, 131))
    (tmp_path / "Long.csv").write_text(ROWS + GOOD + "A8,Bob,S-8,8,9.99\n" + bad)
    drop(tab, tmp_path / "Long.csv")
    tab.click("Try it out")
    page = tab.page
    expect(page.get_by_text("Create 8 orders, skip 130 rows")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("Missing quantity, 65 rows")).to_be_visible()
    chips = page.get_by_role("group", name="Rows")
    expect(chips.get_by_role("link")).to_have_text(["All139", "Valid9", "Warnings1", "Errors130"])
    tab.picture("upload-review-causes")
    last = page.get_by_label("quantity of row 140")
    for _ in range(2):
        tab.click("Next", role="link")
    expect(last).to_be_visible()
    expect(page.get_by_role("link", name="Next")).to_have_count(0)
    last.fill("2")
    last.press("Enter")
    expect(page.get_by_text("Row 140 is right now.")).to_be_visible()
    expect(page.get_by_label("quantity of row 139")).to_be_visible()
    expect(page.get_by_text("Create 9 orders, skip 129 rows")).to_be_visible()
    tab.click("Previous", role="link")
    expect(page.get_by_label("quantity of row 61", exact=True)).to_be_visible()
    page.get_by_role("listitem").filter(has_text="Missing quantity").get_by_role("link").click()
    expect(page.get_by_label("quantity of row 12", exact=True)).to_be_visible()
    expect(page.get_by_label("quantity of row 11", exact=True)).to_have_count(0)
    chips.get_by_role("link", name="Warnings").click()
    expect(page.get_by_text("The same as row 9 of order A8", exact=True)).to_be_visible()
    chips.get_by_role("link", name="Valid").click()
    expect(page.get_by_role("row")).to_have_count(11)
    tab.assert_accessible()
    chips.get_by_role("link", name="All").click()
    expect(page.get_by_role("row")).to_have_count(51)
    tab.picture("upload-review-all")
    for _ in range(2):
        tab.click("Next", role="link")
    expect(page.get_by_role("row")).to_have_count(40)


def test_what_is_refused_can_still_be_put_right_after_the_upload(tab: Tab, live: Live, file: Path) -> None:
    batch = live.client.post("/api/orders/upload", files={"file": ("May.csv", file.read_bytes())}).json()
    live.wait(batch["operationId"])
    tab.go("/uploads/1")
    tab.click("Put it right", role="link")
    tab.page.get_by_label("quantity of row 11").fill("6")
    tab.page.get_by_label("quantity of row 11").press("Enter")
    expect(tab.page.get_by_text("Row 11 is right now.")).to_be_visible()
    assert orders(live) == 9
    tab.assert_accessible()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("bad.xlsx", "<html>", "The file is a web page"),
        ("empty.csv", "", "The file is empty"),
    ],
)
def test_what_cannot_be_read_is_told_at_once(tab: Tab, tmp_path: Path, name: str, content: str, said: str) -> None:
    (tmp_path / name).write_text(content)
    drop(tab, tmp_path / name)
    expect(tab.page.get_by_role("alert")).to_contain_text(said)
    tab.assert_accessible()
    tab.picture(f"upload-refused-{Path(name).stem}")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_file_over_the_limit_is_told_before_it_is_sent_and_refused_by_the_server(
    open_live: Callable[..., Live], open_browser: Callable[..., Tab], tmp_path: Path, *, scripts: bool
) -> None:
    tab = open_browser(open_live(working=False, max_upload_bytes=100_000), scripts=scripts)
    (tmp_path / "big.csv").write_text(ROWS + "A1,Bob,S-1,1,1\n" * 7_000)
    tab.go("/uploads/new")
    expect(tab.page.get_by_text("up to 100 kB")).to_be_visible()
    field = tab.page.get_by_label("Drop a spreadsheet here")
    field.set_input_files(tmp_path / "big.csv")
    tab.click("Go on")
    if scripts:
        assert "limit of 100 kB" in field.evaluate("field => field.validationMessage")
        expect(tab.page.get_by_role("alert")).to_have_count(0)
    else:
        expect(tab.page.get_by_role("alert")).to_contain_text("larger than the limit of 100 kB")


def test_no_file_is_asked_for_before_anything_is_sent(tab: Tab) -> None:
    tab.go("/uploads/new")
    tab.page.get_by_label("Drop a spreadsheet here").evaluate("field => field.removeAttribute('required')")
    tab.click("Go on")
    expect(tab.page.get_by_role("alert")).to_contain_text("Choose a file first.")
