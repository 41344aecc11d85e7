"""From orders to invoices in a real browser: choose, look, create, see, void, credit, settle."""

from typing import Any

from playwright.sync_api import expect

from tests.browser.tabs import Tab
from tests.inventory.factories import make_item, make_lot
from tests.invoicing.factories import make_customer, make_orders
from tests.live import Live


def _orders(live: Live, count: int, **shape: Any) -> list[int]:
    with live.database.transaction(live.context.organization_id) as conn:
        return make_orders(conn, customer_id=make_customer(conn, name="Miller & Sons"), count=count, **shape)


def twelve(live: Live) -> None:
    """Twelve orders of paint that suffices for ten: one is cancelled, one has its invoice already."""
    with live.database.transaction(live.context.organization_id) as conn:
        paint = make_item(conn, code="P-1")
        make_lot(conn, item_id=paint, number="LOT-1", stock={live.context.branch_id or 0: "20"})
    ids = _orders(live, 12, items=[paint])
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE orders SET status = 'cancelled' WHERE id = %(id)s", {"id": ids[3]})
    answer = live.client.post("/functions/v1/create-invoice-from-order", json={"order_id": ids[11]})
    assert answer.status_code == 201


def look_at_all(tab: Tab) -> None:
    tab.go("/invoices/new")
    tab.page.get_by_label("State").select_option("")
    tab.fill(search="SO-")
    tab.click("Look at them")
    expect(tab.heading("Create 9 invoices")).to_be_visible()


def test_what_would_happen_is_told_in_groups_that_can_be_opened(tab: Tab, live: Live) -> None:
    twelve(live)
    tab.go("/invoices/new")
    tab.assert_accessible()
    tab.picture("invoices-new")
    look_at_all(tab)
    expect(tab.page.get_by_role("link", name="9 ready")).to_have_attribute("aria-current", "true")
    expect(tab.page.get_by_role("row")).to_have_count(10)
    tab.assert_accessible()
    tab.picture("invoices-look")
    tab.fill(dueDays="x")
    tab.click("1 short of stock", role="link")
    expect(tab.page.get_by_text("Short of stock: 2 of P-1 wanted, 0 left.")).to_be_visible()
    expect(tab.page.get_by_role("row")).to_have_count(2)
    tab.assert_accessible()
    tab.picture("invoices-look-short")
    tab.click("1 already invoiced", role="link")
    expect(tab.page.get_by_text("The order has the invoice")).to_be_visible()
    tab.click("1 cancelled", role="link")
    expect(tab.page.get_by_text("The order is cancelled.")).to_be_visible()
    expect(tab.page.locator("[name=dueDays]")).to_have_value("x")  # a look at a group keeps what was typed
    tab.click("Create 9 invoices")
    expect(tab.page.get_by_text("Must be a whole number.")).to_be_visible()


def test_orders_are_chosen_looked_at_and_invoiced(tab: Tab, live: Live) -> None:
    tab.go("/invoices")
    expect(tab.page.get_by_text("No invoices yet")).to_be_visible()
    tab.assert_accessible()
    twelve(live)
    look_at_all(tab)
    tab.fill(dueDays="14")
    tab.click("Create 9 invoices")
    tab.page.wait_for_url("**/operations/*")
    live.wait(int(tab.page.url.rsplit("/", 1)[-1]))
    expect(tab.page.get_by_text("9 invoices are live · 647.46 EUR")).to_be_visible()
    expect(tab.heading("Why some were skipped")).to_be_visible()
    tab.assert_accessible()
    tab.picture("invoices-operation")
    tab.click("Show the invoices", role="link")
    expect(tab.page.get_by_text("9 in all")).to_be_visible()

    tab.go("/invoices")
    expect(tab.page.get_by_text("10 in all")).to_be_visible()
    tab.assert_accessible()
    tab.picture("invoices-list")
    tab.page.get_by_role("link", name="Total").click()
    expect(tab.page.get_by_role("columnheader", name="Total")).to_have_attribute("aria-sort", "ascending")
    tab.page.get_by_role("searchbox", name="Invoice number").fill("INV-")
    tab.page.keyboard.press("Enter")
    expect(tab.page.get_by_text("10 in all")).to_be_visible()

    tab.go("/invoices/runs")
    expect(tab.page.get_by_text("75 %")).to_be_visible()
    tab.assert_accessible()
    tab.picture("invoices-runs")


def test_a_run_prints_and_sends_where_the_sheet_says_so(tab: Tab, live: Live) -> None:
    _orders(live, 3)
    tab.go("/invoices/new")
    tab.click("Look at them")
    tab.page.get_by_label("Print them").check()
    tab.page.get_by_label("Send each to its customer").check()
    tab.fill(dueDays="x")
    tab.click("Create 3 invoices")
    expect(tab.page.get_by_text("Must be a whole number.")).to_be_visible()
    expect(tab.page.get_by_label("Print them")).to_be_checked()
    expect(tab.page.get_by_label("Send each to its customer")).to_be_checked()
    tab.assert_accessible()
    tab.picture("invoices-look-options")
    tab.fill(dueDays="14")
    tab.click("Create 3 invoices")
    tab.page.wait_for_url("**/operations/*")
    assert live.wait(int(tab.page.url.rsplit("/", 1)[-1]))["succeeded"] == 3
    expect(tab.page.get_by_text("3 messages", exact=True)).to_be_visible()
    expect(tab.page.get_by_role("link", name="invoices.zip")).to_be_visible()
    tab.assert_accessible()
    tab.picture("invoices-operation-delivered")
    tab.click("Show the messages", role="link")
    expect(tab.page.get_by_role("row")).to_have_count(4)
    tab.assert_accessible()


def test_an_invoice_is_seen_voided_and_credited(tab: Tab, live: Live) -> None:
    ids = _orders(live, 2)
    for order_id in ids:
        answer = live.client.post("/functions/v1/create-invoice-from-order", json={"order_id": order_id})
        assert answer.status_code == 201
    tab.go("/invoices/1")
    expect(tab.heading("-000001")).to_be_visible()
    tab.assert_accessible()
    tab.picture("invoice")
    expect(tab.page.get_by_role("link", name="PDF", exact=True)).to_have_attribute("href", "/api/invoices/1/pdf")
    kind = tab.page.evaluate("async () => (await fetch('/api/invoices/1/pdf')).headers.get('content-type')")
    assert kind == "application/pdf"
    tab.click("Void")
    tab.assert_accessible()
    tab.fill(reason="Wrong price")
    tab.click("Void the invoice")
    expect(tab.page.get_by_text("This invoice is void")).to_be_visible()
    tab.assert_accessible()
    tab.picture("invoice-void")
    tab.go("/invoices/2")
    tab.click("Credit")
    tab.fill(reason="Returned")
    tab.click("Issue the credit note")
    expect(tab.heading("-000003")).to_be_visible()
    tab.assert_accessible()


def test_a_run_is_taken_back_after_a_typed_word(tab: Tab, live: Live) -> None:
    job = live.client.post("/functions/v1/batch-invoice-orders", json={"order_ids": _orders(live, 3)}).json()
    live.wait(job["operation_id"])
    tab.go("/invoices/runs")
    tab.click("Invoices for 3 orders", role="link")
    expect(tab.page.get_by_text("3 invoices are live · 215.82 EUR")).to_be_visible()
    tab.click("Undo")
    tab.assert_accessible()
    tab.page.get_by_label("Type void to go on").fill("void")
    tab.click("Void them")
    expect(tab.heading("Invoice undo")).to_be_visible()
    assert live.wait(int(tab.page.url.rsplit("/", 1)[-1]))["succeeded"] == 3
    tab.go("/invoices?status=void")
    expect(tab.page.get_by_text("3 in all")).to_be_visible()
    tab.picture("invoices-void")


def test_the_settings_are_kept_and_faults_are_named(tab: Tab) -> None:
    tab.go("/settings/invoices")
    tab.assert_accessible()
    tab.fill(series="re", taxRate="19", sellerName="Acme Paints", iban="DE02120300000000202051")
    tab.click("Keep the settings")
    expect(tab.page.get_by_text("Must be 1 to 10 capital letters")).to_be_visible()
    tab.fill(series="RE")
    tab.click("Keep the settings")
    expect(tab.page.get_by_text("The settings are kept.")).to_be_visible()
    expect(tab.page.get_by_label("Series")).to_have_value("RE")
    tab.picture("settings-invoices")
