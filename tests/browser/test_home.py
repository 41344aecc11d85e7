"""The first day: an empty house, sample data, and what everybody sees of it."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.tabs import Tab
from tests.chaos.waiting import eventually
from tests.live import Live
from tranche.kernel.context import Role


def test_sample_data_fills_the_empty_house_and_every_page_hears_of_the_end(
    open_browser: Callable[..., Tab], live: Live
) -> None:
    watcher = open_browser(live, role=Role.VIEWER).go("/profile")
    tab = open_browser(live).go("/")
    expect(tab.heading("Your first orders")).to_be_visible()
    tab.assert_accessible()
    tab.picture("home-empty")
    tab.click("Load sample data")
    for one in (watcher, tab):
        toast = one.page.locator("#toasts").get_by_text("is done, with errors")
        expect(toast).to_be_visible(timeout=20_000)
    expect(tab.page.get_by_role("link", name="sample-orders.xlsx", exact=True)).to_be_visible()
    expect(tab.heading("Needs a hand")).to_be_visible()
    tab.assert_accessible()
    tab.picture("home")
    tab.page.get_by_role("button", name="Running operations").click()
    expect(tab.page.locator("#bell").get_by_text("Nothing is running.")).to_be_visible()
    tab.assert_accessible()
    tab.picture("bell")
    eventually(lambda: live.hub.open_streams(live.context.organization_id) == 2, seconds=5, what="two bells")


def test_a_viewer_is_not_offered_what_a_viewer_may_not_do(open_browser: Callable[..., Tab], live: Live) -> None:
    tab = open_browser(live, role=Role.VIEWER).go("/")
    expect(tab.heading("Your first orders")).to_be_visible()
    expect(tab.page.get_by_role("button", name="Load sample data")).to_have_count(0)
    expect(tab.page.get_by_role("link", name="Settings")).to_have_count(0)


def test_pages_can_be_read_and_forms_sent_without_scripts(open_browser: Callable[..., Tab], live: Live) -> None:
    tab = open_browser(live, scripts=False).go("/")
    tab.click("Load sample data")
    expect(tab.page.locator("#toasts")).to_contain_text("sample orders are coming in")
    tab.go("/settings/branches").fill(name="Harbour")
    tab.click("Add the branch")
    expect(tab.page.get_by_role("region", name="Table")).to_contain_text("Harbour")
