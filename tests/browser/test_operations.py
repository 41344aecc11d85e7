"""The list of operations and the one page of an operation, followed to its end."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.tabs import Tab
from tests.live import Live

ROWS = "orderId,customer,sku,quantity,unitPrice\n"
MIXED = ROWS + "".join(f"A{n},Bob,S-1,{n % 9 or 'x'},9.99\n" for n in range(1, 61))


def upload(live: Live, name: str = "May.csv", text: str = MIXED) -> dict[str, int]:
    answer = live.client.post("/api/orders/upload", files={"file": (name, text.encode())})
    assert answer.status_code == 202, answer.text
    found: dict[str, int] = answer.json()
    return found


def test_an_operation_is_followed_to_its_end_without_a_reload(tab: Tab, live: Live) -> None:
    live.stop_worker()
    batch = upload(live)
    tab.go(f"/operations/{batch['operationId']}")
    expect(tab.page.get_by_text("Waiting")).to_be_visible()
    expect(tab.page.get_by_text("You can close this page")).to_be_visible()
    tab.assert_accessible()
    tab.picture("operation-waiting")
    tab.click("Pause")
    expect(tab.page.locator("#live").get_by_text("Paused").first).to_be_visible()
    tab.click("Resume")
    tab.page.evaluate("window.stayed = true")
    live.start_worker()
    expect(tab.page.locator("#live").get_by_text("Done, with errors")).to_be_visible(timeout=20_000)
    assert tab.page.evaluate("window.stayed")
    expect(tab.page.get_by_text("Put the cells right in the error workbook")).to_be_visible()
    tab.assert_accessible()
    tab.picture("operation-ended")
    tab.click("Undo")
    expect(tab.page.get_by_text("54 orders came in by it.")).to_be_visible()
    tab.click("Undo the upload")
    expect(tab.heading("Order undo")).to_be_visible()
    expect(tab.page.locator("#live").get_by_text("Done", exact=True).first).to_be_visible(timeout=20_000)
    expect(tab.page.get_by_role("link", name="Show the upload")).to_be_visible()


def test_the_list_is_filtered_sorted_and_saved(tab: Tab, live: Live, tmp_path: Path) -> None:
    for name in ("May.csv", "June.csv"):
        live.wait(upload(live, name, ROWS + f"{name},Bob,S-1,1,1\n")["operationId"])
    tab.go("/operations")
    expect(tab.heading("Operations")).to_be_visible()
    expect(tab.page.get_by_role("row")).to_have_count(3)
    tab.assert_accessible()
    tab.picture("operations")
    with tab.page.expect_download() as saving:
        tab.click("CSV", role="link")
    saving.value.save_as(tmp_path / "saved.csv")
    assert "June.csv" in (tmp_path / "saved.csv").read_text()
    tab.click("Cancelled", role="link")
    expect(tab.page.get_by_text("Nothing matches")).to_be_visible()
