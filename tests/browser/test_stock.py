"""The pages of stock in a real browser."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.browser.tabs import Tab
from tests.contracts.stockroom import Stockroom
from tests.live import Live


def test_stock_is_looked_at_moved_and_traced(open_browser: Callable[..., Tab], live: Live) -> None:
    room = Stockroom.open(live)
    now = datetime.now(UTC).replace(microsecond=0)
    for number, days in (("L-OLD", -2), ("L-SOON", 5), ("L-LATE", 400)):
        room.receive(number, 12.5, expirationDate=(now + timedelta(days=days)).isoformat())
    tab = open_browser(live).go("/stock")
    expect(tab.page.get_by_role("link", name="L-SOON")).to_be_visible()
    tab.assert_accessible()
    tab.picture("stock")
    tab.click("L-LATE", role="link")
    tab.fill(destination="L-NEW", quantity="99")
    tab.click("Transfer")
    expect(tab.page.get_by_text("has 12.5 left here").first).to_be_visible()
    tab.fill(destination="L-NEW", quantity="2.5")
    tab.click("Transfer")
    expect(tab.page.get_by_text("2.5 moved from L-LATE to L-NEW.")).to_be_visible()
    assert room.quantities("L-LATE", "L-NEW") == [10, 2.5]
    expect(tab.page.locator("svg.lineage")).to_be_visible()
    tab.assert_accessible()
    tab.picture("stock-lot")
    tab.go("/stock/expiring").assert_accessible()
    expect(tab.page.get_by_role("link", name="L-OLD")).to_be_visible()
    tab.go("/")
    expect(tab.heading("Expiring stock")).to_be_visible()
    tab.assert_accessible()
    assert tab.page.goto(f"{live.url}/stock/lots/999999").status == 404  # type: ignore[union-attr]  # it was answered
