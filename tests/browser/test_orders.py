"""Orders, uploads and customers in a real browser: listed, searched, sorted, shown, and chosen to be invoiced."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.tabs import Tab
from tests.invoicing.factories import make_customer, make_orders
from tests.live import Live
from tranche.kernel.context import Role

HEAD = "orderId,customer,code,email,sku,description,quantity,unitPrice,orderDate,currency,notes\n"


def lines(prefix: str, count: int, *, customer: str = "Harbour Books", currency: str = "USD") -> str:
    return "".join(
        f"{prefix}-{n},{customer},{customer[:2]}-1,shop@books.test,S-{n},Enamel mug,{n},9.99,2026-11-{n:02d},"
        f"{currency},leave at the door\n"
        for n in range(1, count + 1)
    )


def upload(live: Live, name: str, text: str) -> int:
    batch = live.client.post("/api/orders/upload", files={"file": (name, (HEAD + text).encode())}).json()
    live.wait(batch["operationId"])
    return int(batch["id"])


@pytest.fixture
def filled(live: Live) -> Live:
    """Five uploads, one of them with a bad row."""
    for month, prefix in (("March", "R"), ("April", "P"), ("May", "M"), ("June", "J")):
        upload(live, f"{month}.csv", lines(prefix, 8))
    upload(live, "July.csv", lines("L", 3, customer="Zoe", currency="EUR") + "L-4,Zoe,,,S-1,Mug,x,1,,EUR,\n")
    return live


def test_the_lists_say_the_next_step_while_they_are_empty(tab: Tab) -> None:
    for path, heading in (("/orders", "No orders yet"), ("/uploads", "Nothing was uploaded yet")):
        tab.go(path)
        expect(tab.heading(heading)).to_be_visible()
        tab.assert_accessible()
        expect(tab.page.locator("main").get_by_role("link", name="Upload orders").last).to_be_visible()
        tab.picture(f"{path[1:]}-empty")
    tab.go("/customers")
    expect(tab.heading("No customers yet")).to_be_visible()
    tab.assert_accessible()
    tab.picture("customers-empty")


@pytest.mark.usefixtures("filled")
def test_uploads_are_listed_under_their_statistics_and_a_chart(tab: Tab) -> None:
    tab.go("/uploads")
    figures = tab.page.locator(".figures")
    for label, value in (("Uploads", "5"), ("Done", "5"), ("Failed", "0"), ("Orders imported", "35")):
        figure = figures.locator(".figure").filter(has=tab.page.get_by_text(label, exact=True))
        expect(figure.locator(".figure-value")).to_have_text(value)
    expect(tab.page.get_by_text("95 %")).to_be_visible()
    expect(tab.page.get_by_role("img", name="Orders that came in with each of the last uploads")).to_be_visible()
    expect(tab.page.get_by_role("row").nth(1)).to_contain_text("July.csv")
    tab.assert_accessible()
    tab.picture("uploads")
    tab.click("July.csv", role="link")
    expect(tab.page.get_by_text("quantity is not a number, 1 row")).to_be_visible()
    tab.assert_accessible()
    tab.picture("upload")


@pytest.mark.usefixtures("filled")
def test_orders_are_searched_sorted_and_shown_with_their_lines(tab: Tab) -> None:
    tab.go("/orders?sort=-total")
    expect(tab.page.get_by_role("row").nth(1)).to_contain_text("79.92")
    tab.assert_accessible()
    tab.picture("orders")
    tab.page.get_by_role("searchbox", name="Order number begins with").fill("M-3")
    tab.page.keyboard.press("Enter")
    tab.click("M-3", role="link")
    expect(tab.heading("Order M-3")).to_be_visible()
    expect(tab.page.get_by_text("leave at the door")).to_be_visible()
    tab.assert_accessible()
    tab.picture("order")
    tab.page.get_by_role("link", name="Harbour Books").click()
    expect(tab.heading("Harbour Books")).to_be_visible()
    tab.page.go_back()
    tab.click("Create invoice")
    expect(tab.heading("Create 1 invoice")).to_be_visible()


@pytest.mark.usefixtures("filled")
def test_customers_are_listed_and_shown_with_their_orders(tab: Tab) -> None:
    tab.go("/customers")
    expect(tab.page.get_by_role("row")).to_have_count(3)
    tab.assert_accessible()
    tab.picture("customers")
    tab.click("Zoe", role="link")
    expect(tab.heading("Zoe")).to_be_visible()
    tab.assert_accessible()
    tab.picture("customer")
    tab.fill(phone="+8801711000000")
    tab.click("Save", role="button")
    expect(tab.page.get_by_label("Phone")).to_have_value("+8801711000000")
    tab.click("Invoices of this customer", role="link")
    expect(tab.heading("Nothing matches")).to_be_visible()
    tab.page.go_back()
    tab.click("Orders of this customer", role="link")
    expect(tab.page.get_by_text("3 in all")).to_be_visible()
    expect(tab.page.get_by_text("Of Zoe")).to_be_visible()


@pytest.mark.usefixtures("filled")
def test_ticked_orders_are_counted_summed_and_sent_to_invoices(tab: Tab) -> None:
    page = tab.go("/orders").page
    bar = page.get_by_role("form", name="Invoice the chosen orders")
    expect(bar.get_by_role("button", name="Create invoices")).to_be_disabled()
    for number in ("M-1", "M-2", "L-3"):
        page.get_by_label(f"Choose order {number}", exact=True).check()
    expect(bar).to_contain_text("3 orders chosen")
    expect(bar).to_contain_text("29.97 EUR + 29.97 USD")
    tab.assert_accessible()
    tab.picture("orders-chosen")
    bar.get_by_role("button", name="Create invoices").click()
    expect(tab.heading("Create 3 invoices")).to_be_visible()


def test_a_page_or_all_that_match_are_chosen_and_sent_to_invoices(tab: Tab, live: Live) -> None:
    with live.database.transaction(live.context.organization_id) as conn:
        make_orders(conn, customer_id=make_customer(conn, name="Miller & Sons"), count=60)
    page = tab.go("/orders?q=SO-").page
    bar = page.get_by_role("form", name="Invoice the chosen orders")
    bar.get_by_role("link", name="50 on this page").click()
    expect(bar).to_contain_text("50 orders chosen")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(50)
    page.get_by_role("checkbox").first.uncheck()
    expect(bar).to_contain_text("49 orders chosen")
    bar.get_by_role("link", name="all 60 matching").click()
    expect(bar).to_contain_text("All 60 orders matching")
    expect(page.get_by_role("checkbox").first).to_be_disabled()
    tab.assert_accessible()
    tab.picture("orders-all")
    bar.get_by_role("button", name="Create invoices").click()
    expect(tab.heading("Create 60 invoices")).to_be_visible()
    expect(page.get_by_text("60 orders: any state, numbered SO-")).to_be_visible()


@pytest.mark.usefixtures("filled")
def test_all_that_match_are_not_offered_by_a_filter_that_invoices_do_not_know(tab: Tab) -> None:
    bar = tab.go("/orders?currency=EUR").page.get_by_role("form", name="Invoice the chosen orders")
    expect(bar.get_by_role("link", name="3 on this page")).to_be_visible()
    expect(bar.get_by_role("link", name="matching")).to_have_count(0)


def test_choosing_works_without_scripts(open_browser: Callable[..., Tab], filled: Live) -> None:
    tab = open_browser(filled, scripts=False)
    bar = tab.go("/orders?status=open").page.get_by_role("form", name="Invoice the chosen orders")
    tab.page.get_by_label("Choose order M-8").check()
    bar.get_by_role("button", name="Create invoices").click()
    expect(tab.heading("Create 1 invoice")).to_be_visible()


def test_a_viewer_sees_all_of_it_and_changes_nothing(open_browser: Callable[..., Tab], filled: Live) -> None:
    tab = open_browser(filled, role=Role.VIEWER)
    for path in ("/orders", "/uploads", "/uploads/5", "/uploads/review/5", "/customers"):
        tab.go(path)
        expect(tab.page.locator("main h1")).to_be_visible()
        expect(tab.page.locator("main form:not([role=search])")).to_have_count(0)
        expect(tab.page.locator("main input:not([type=search])")).to_have_count(0)
        tab.assert_accessible()
    answer = tab.page.goto(f"{tab.base}/uploads/new")
    assert answer is not None
    assert answer.status == 403
