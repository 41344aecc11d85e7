"""Coming in, in a real browser: set-up, sign-in, invitation, password, organizations, and who may not."""

import secrets
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.tabs import Tab
from tests.invoicing.factories import make_customer, make_orders
from tests.live import Live
from tranche.kernel.context import Role
from tranche.kernel.db.pool import Connection
from tranche.kernel.identity.service import Purpose, make_person_link, make_setup_link

PASSWORD = "seven red boats"  # noqa: S105  # of a test
FIRST, SECOND = "ten blue lamps", "ten green lamps"


def set_up(tab: Tab, live: Live) -> str:
    """Set the house up through the browser; answers the link's path."""
    token = make_setup_link(live.database, entropy=secrets.token_bytes)
    path = f"/set-up/{token}"
    tab.go(path).fill(
        organization="Harbour Goods", currency="EUR", name="Ada Admin", email="ada@harbour.test", password=PASSWORD
    )
    tab.assert_accessible()
    tab.picture("set-up")
    tab.click("Set up")
    expect(tab.page.locator(".place-name")).to_have_text("Harbour Goods")
    return path


def test_the_set_up_link_opens_the_house_once(open_browser: Callable[..., Tab], live: Live) -> None:
    tab = open_browser(live, as_nobody=True)
    path = set_up(tab, live)
    tab.page.get_by_role("button", name="Your account").click()
    tab.picture("account")
    tab.click("Sign out")
    expect(tab.heading("Sign in")).to_be_visible()
    expect(tab.page.locator("#toasts")).to_contain_text("You are signed out.")
    tab.go(path)
    expect(tab.heading("There is nothing here")).to_be_visible()
    tab.assert_accessible()
    tab.picture("link-used")


def test_a_link_that_signs_in_by_itself_opens_on_the_home_page_once(
    open_browser: Callable[..., Tab], live: Live
) -> None:
    set_up(open_browser(live, as_nobody=True), live)
    token = make_person_link(
        live.database, email="ada@harbour.test", purpose=Purpose.SIGN_IN, entropy=secrets.token_bytes
    )
    tab = open_browser(live, as_nobody=True, scripts=False).go(f"/join/{token}")
    expect(tab.page.get_by_role("button", name="Sign in")).to_be_visible()
    tab = open_browser(live, as_nobody=True).go(f"/join/{token}")
    expect(tab.page.locator(".place-name")).to_have_text("Harbour Goods")
    assert tab.page.url == f"{live.url}/"
    expect(open_browser(live, as_nobody=True).go(f"/join/{token}").heading("There is nothing here")).to_be_visible()


def test_one_signs_in_and_lands_where_one_wanted_to_go(open_browser: Callable[..., Tab], live: Live) -> None:
    set_up(open_browser(live, as_nobody=True), live)
    tab = open_browser(live, as_nobody=True).go("/settings/audit?q=user.join")
    tab.assert_accessible()
    tab.fill(email="ada@harbour.test", password=PASSWORD + "?")
    tab.click("Sign in")
    expect(tab.page.get_by_role("alert")).to_contain_text("do not belong together")
    tab.assert_accessible()
    tab.picture("sign-in-wrong")
    tab.fill(password=PASSWORD)
    tab.click("Sign in")
    expect(tab.heading("Audit log")).to_be_visible()
    assert tab.page.url.endswith("/settings/audit?q=user.join")


def test_an_invited_user_joins_and_a_changed_password_ends_other_sessions(
    open_browser: Callable[..., Tab], live: Live
) -> None:
    admin = open_browser(live).go("/settings/users")
    admin.click("Add a user")
    admin.fill(name="Omar Operator", email="omar@acme.test")
    admin.click("Add and make a link")
    link = admin.page.locator("#link").inner_text().strip().removeprefix(live.url)
    first, second = open_browser(live, as_nobody=True), open_browser(live, as_nobody=True)
    first.go(link).fill(password=FIRST)
    first.assert_accessible()
    first.picture("join")
    first.click("Join")
    expect(first.page.locator(".place-name")).to_have_text("Acme")
    second.go("/sign-in").fill(email="omar@acme.test", password=FIRST)
    second.click("Sign in")
    expect(second.heading("Home")).to_be_visible()
    first.go("/profile").fill(oldPassword=FIRST, newPassword=SECOND)
    first.picture("profile")
    first.click("Change the password")
    expect(first.page.locator("#toasts")).to_contain_text("Your password is changed.")
    second.go("/profile")
    expect(second.heading("Sign in")).to_be_visible()


def test_the_theme_is_remembered_and_a_language_from_right_to_left_turns_the_page(
    open_browser: Callable[..., Tab], live: Live, owner: Connection
) -> None:
    owner.execute("UPDATE organizations SET language = 'ar'")
    tab = open_browser(live).go("/")
    assert tab.page.locator("html").get_attribute("dir") == "rtl"
    tab.assert_accessible()
    tab.picture("home-rtl")
    tab.page.get_by_role("button", name="Light or dark").click()
    tab.go("/profile")
    assert tab.page.locator("html").get_attribute("data-bs-theme") == "dark"


def test_on_a_phone_the_menu_opens_and_faults_are_pages(open_browser: Callable[..., Tab], live: Live) -> None:
    tab = open_browser(live, role=Role.OPERATOR)
    tab.page.set_viewport_size({"width": 390, "height": 844})
    tab.go("/")
    expect(tab.page.get_by_role("navigation", name="Main")).to_be_hidden()
    tab.click("Menu")
    expect(tab.page.get_by_role("navigation", name="Main")).to_be_visible()
    tab.assert_accessible()
    tab.snap("menu-phone-light")
    for path, heading in (("/settings/users", "This is not open to you"), ("/nowhere", "There is nothing here")):
        tab.go(path)
        expect(tab.heading(heading)).to_be_visible()
        expect(tab.page.get_by_role("button", name="Menu")).to_be_visible()
        tab.assert_accessible()
    tab.picture("error")


def test_the_search_goes_to_pages_by_keyboard(tab: Tab) -> None:
    tab.go("/")
    tab.page.keyboard.press("/")
    tab.page.keyboard.type("webh")
    expect(tab.page.locator("#search-hits").get_by_role("link", name="Webhooks")).to_be_visible()
    tab.assert_accessible()
    tab.picture("search")
    tab.page.keyboard.press("Enter")
    expect(tab.heading("Webhooks")).to_be_visible()


def test_hits_are_gone_through_by_arrows(tab: Tab, live: Live) -> None:
    with live.database.transaction(live.context.organization_id) as conn:
        make_orders(conn, customer_id=make_customer(conn, name="Soft & Sons"), count=12)
    tab.go("/")
    tab.page.keyboard.press("/")
    tab.page.keyboard.type("so-1")
    expect(tab.page.locator("#search-hits").get_by_role("link")).to_have_count(4)
    tab.assert_accessible()
    tab.picture("search-orders")
    tab.page.keyboard.press("ArrowDown")
    tab.page.keyboard.press("ArrowDown")
    expect(tab.page.get_by_role("link", name="SO-10")).to_be_focused()
    tab.page.keyboard.press("ArrowUp")
    tab.page.keyboard.press("ArrowUp")
    expect(tab.page.locator("#search")).to_be_focused()
    tab.page.keyboard.press("ArrowUp")
    expect(tab.page.get_by_role("link", name="SO-12")).to_be_focused()
    tab.page.keyboard.press("Enter")
    expect(tab.heading("SO-12")).to_be_visible()
    tab.page.locator("#search").fill("so-1")
    expect(tab.page.locator("#search-hits")).to_be_visible()
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator("#search-hits")).to_be_hidden()
