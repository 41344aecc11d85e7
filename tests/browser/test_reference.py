"""The reference of the API in a real browser."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.tabs import Tab
from tests.live import Live
from tranche.kernel.context import Role


def test_a_viewer_reads_the_reference_and_goes_to_a_route(open_browser: Callable[..., Tab], live: Live) -> None:
    tab = open_browser(live, role=Role.VIEWER)
    tab.go("/")
    tab.click("Developers", role="link")
    expect(tab.heading("API reference")).to_be_visible()
    tab.assert_accessible()
    tab.picture("reference")
    tab.page.get_by_role("navigation", name="Reference").get_by_role("link", name="Orders").first.click()
    expect(tab.page.get_by_role("article", name="List orders")).to_contain_text("/api/orders")
    tab.assert_accessible()
    tab.picture("reference-orders")


def test_every_area_is_accessible(tab: Tab) -> None:
    tab.go("/developers")
    links = tab.page.get_by_role("navigation", name="Reference").get_by_role("link")
    for path in links.evaluate_all("links => links.map(link => link.getAttribute('href'))")[1:]:
        tab.go(path)
        expect(tab.page.get_by_role("article").first).to_be_visible()
        tab.assert_accessible(dark=False)  # the colours are those of the orders, above


def test_it_reads_without_scripts(open_browser: Callable[..., Tab], live: Live) -> None:
    tab = open_browser(live, scripts=False)
    tab.go("/developers/operations#find_operation")
    article = tab.page.get_by_role("article", name="Find operation")
    expect(article).to_contain_text("curl")
    expect(article).to_contain_text("Needs the role viewer")
