"""The pictures of the guide to uploads."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.guide import fit, keep
from tests.browser.tabs import Tab
from tests.live import Live
from tranche.imports.sample import write_sample


def test_the_guide_to_uploads_is_illustrated(tab: Tab, live: Live, tmp_path: Path) -> None:
    fit(tab)
    write_sample(tmp_path / "october.xlsx", orders=252, bad_every=42, seed=4)
    tab.go("/uploads/new")
    tab.page.get_by_label("Drop a spreadsheet here").set_input_files(tmp_path / "october.xlsx")
    tab.click("Go on")
    expect(tab.page.get_by_role("button", name="Try it out")).to_be_visible()
    keep(tab, "upload-columns")
    tab.click("Try it out")
    expect(tab.page.get_by_text("Create 246 orders, skip")).to_be_visible(timeout=20_000)
    keep(tab, "upload-review")
    tab.click("Create 246 orders")
    expect(tab.page.locator("#live").get_by_text("Done").first).to_be_visible(timeout=20_000)
    assert live.client.get("/api/orders").json()["pagination"]["totalItems"] == 246
    tab.go("/orders")
    tab.click("50 on this page", role="link")
    expect(tab.page.get_by_text("50 orders chosen")).to_be_visible()
    keep(tab, "orders-chosen")
