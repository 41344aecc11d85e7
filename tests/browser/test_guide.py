"""The pictures of the guide to uploads; with TRANCHE_GUIDE=1 they go to docs/pictures, to be looked at and kept."""

import os
from pathlib import Path
from typing import Final

from playwright.sync_api import expect

from tests.browser.tabs import PICTURES, ROOT, Tab
from tests.live import Live
from tranche.imports.sample import write_sample

FOLDER: Final = ROOT / "docs/pictures" if os.environ.get("TRANCHE_GUIDE") else PICTURES
SIZE: Final = {"width": 1180, "height": 760}
MOST_BYTES: Final = 150_000


def _keep(tab: Tab, name: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    tab.page.locator("#toasts button").evaluate_all("buttons => buttons.forEach((button) => button.click())")
    tab.page.screenshot(path=FOLDER / f"{name}.png")
    assert 10_000 < (FOLDER / f"{name}.png").stat().st_size < MOST_BYTES


def test_the_guide_to_uploads_is_illustrated(tab: Tab, live: Live, tmp_path: Path) -> None:
    tab.page.set_viewport_size(SIZE)  # type: ignore[arg-type]  # a width and a height
    write_sample(tmp_path / "october.xlsx", orders=252, bad_every=42, seed=4)
    tab.go("/uploads/new")
    tab.page.get_by_label("Drop a spreadsheet here").set_input_files(tmp_path / "october.xlsx")
    tab.click("Go on")
    expect(tab.page.get_by_role("button", name="Try it out")).to_be_visible()
    _keep(tab, "upload-columns")
    tab.click("Try it out")
    expect(tab.page.get_by_text("Create 246 orders, skip")).to_be_visible(timeout=20_000)
    _keep(tab, "upload-review")
    tab.click("Create 246 orders")
    expect(tab.page.locator("#live").get_by_text("Done").first).to_be_visible(timeout=20_000)
    assert live.client.get("/api/orders").json()["pagination"]["totalItems"] == 246
    tab.go("/orders")
    tab.click("50 on this page", role="link")
    expect(tab.page.get_by_text("50 orders chosen")).to_be_visible()
    _keep(tab, "orders-chosen")
