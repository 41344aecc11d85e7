"""The shell in a real browser: what every page has."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.tabs import Tab
from tests.live import Live


def test_home_shows_the_shell(tab: Tab) -> None:
    tab.go("/")
    expect(tab.page.get_by_role("navigation", name="Main")).to_be_visible()
    tab.assert_accessible()
    tab.picture("home-empty")


def test_sign_in_page(open_browser: Callable[..., Tab], live: Live) -> None:
    tab = open_browser(live, as_nobody=True).go("/sign-in")
    tab.assert_accessible()
    tab.picture("sign-in")


def test_users(tab: Tab) -> None:
    tab.go("/settings/users")
    tab.assert_accessible()
    tab.click("Add a user")
    tab.fill(name="Omar Operator", email="omar@acme.test")
    tab.click("Add and make a link")
    expect(tab.page.get_by_text("A link for omar@acme.test")).to_be_visible()
    tab.picture("settings-users")
    tab.click("Role")
    tab.assert_accessible()
    tab.picture("ask")
    tab.go("/profile")
    tab.assert_accessible()
    tab.picture("profile")
    tab.go("/nothing")
    tab.picture("error-404")
