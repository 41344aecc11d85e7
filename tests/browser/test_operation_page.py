"""The one page of an operation, whatever its kind: reasons, items, verbs, what it says without a stream, undo."""

import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Route, expect

from tests.browser.tabs import Tab
from tests.contracts.document_3 import finish, issue, seed
from tests.inventory.factories import make_item, make_lot
from tests.invoicing.factories import make_customer, make_orders
from tests.live import Live
from tranche.kernel.context import Role

ITEMS = "code,name,tax_rate\nP-1,Paint,20\nP-2,,20\n"
STOCK = "item code,batch number,branch,quantity\nP-1,L-1,Main,5\nP-9,L-2,Main,many\n"
ORDERS = "orderId,customer,sku,quantity,unitPrice\nA1,Bob,S-1,1,9.99\n"


def begin_run(live: Live, count: int = 60) -> int:
    """A run over orders of which every tenth was cancelled and every third wants stock that is not there."""
    with live.database.transaction(live.context.organization_id) as conn:
        paint = make_item(conn, code="P-1")
        make_lot(conn, item_id=paint, number="LOT-1", stock={live.context.branch_id or 0: "1"})
        customer = make_customer(conn, name="Miller & Sons")
        ids = make_orders(conn, customer_id=customer, count=count)
        short = make_orders(conn, customer_id=customer, count=count // 3, prefix="ST", items=[paint])
        conn.execute("UPDATE orders SET status = 'cancelled' WHERE id = ANY(%(ids)s)", {"ids": ids[::10]})
    answer = live.client.post("/functions/v1/batch-invoice-orders", json={"order_ids": [*ids, *short]})
    assert answer.status_code == 202, answer.text
    return int(live.client.get("/api/operations", params={"kind": "order_invoices"}).json()["data"][0]["id"])


def test_failures_are_grouped_with_advice_filtered_retried_by_reason_and_saved(
    tab: Tab, live: Live, tmp_path: Path
) -> None:
    operation = begin_run(live)
    live.wait(operation)
    tab.go(f"/operations/{operation}")
    why = tab.page.locator("section", has=tab.heading("Why some failed"))
    expect(why.get_by_text("Receive stock or transfer some to the branch, then retry.").first).to_be_visible()
    expect(why.get_by_text("Open the order again if it is to be invoiced, then retry.")).to_be_visible()
    expect(why.get_by_text("6 items")).to_be_visible()
    tab.assert_accessible()
    tab.picture("operation-failures")

    rows = tab.page.locator("#items tbody tr")
    expect(rows).to_have_count(25)
    expect(rows.first.get_by_role("link", name="SO-1")).to_have_attribute("href", re.compile("^/orders/"))
    tab.click("Next", role="link")
    expect(tab.page.locator("#items")).to_be_in_viewport()
    assert "after=" in tab.page.url
    expect(rows).to_have_count(25)
    tab.page.locator("#items").get_by_role("link", name="Order cancelled 6").click()
    expect(rows).to_have_count(6)
    tab.page.locator("#items").get_by_role("link", name="Skipped", exact=True).click()
    expect(tab.page.get_by_text("Nothing matches")).to_be_visible()

    with tab.page.expect_download() as saving:
        tab.go(f"/operations/{operation}").click("failures.xlsx", role="link")
    saving.value.save_as(tmp_path / "failures.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "failures.xlsx").active
    assert sheet is not None
    assert sheet.max_row == 1 + 6 + 20

    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE orders SET status = 'open' WHERE status = 'cancelled'")
    tab.go(f"/operations/{operation}").click("Retry these 6")
    expect(tab.page.locator("#live").get_by_text("Order cancelled")).to_have_count(0, timeout=20_000)
    live.wait(operation)
    expect(tab.page.locator(".operation-counts")).to_contain_text(re.compile(r"60\s*done\s*20\s*failed"))


def test_a_run_is_undone_from_its_page_after_a_typed_word(tab: Tab, live: Live) -> None:
    operation = begin_run(live, count=9)
    live.wait(operation)
    tab.go(f"/operations/{operation}")
    tab.click("Undo")
    expect(tab.page.get_by_text("8 invoices will be void")).to_be_visible()
    tab.assert_accessible()
    tab.page.locator("#undo-word").fill("void")
    tab.click("Void them")
    expect(tab.heading("Invoice undo")).to_be_visible()
    expect(tab.page.locator("#live").get_by_text("Done", exact=True).first).to_be_visible(timeout=20_000)
    expect(tab.page.get_by_role("link", name="Show the invoices")).to_be_visible()
    tab.go(f"/operations/{operation}")
    expect(tab.page.get_by_text("No invoice of this run is live any more")).to_be_visible()
    expect(tab.page.get_by_role("button", name="Undo")).to_have_count(0)


def test_without_a_stream_the_page_asks_by_itself_and_leaves_an_open_question_alone(tab: Tab, live: Live) -> None:
    live.stop_worker()
    refused: list[str] = []

    def refuse(route: Route) -> None:
        refused.append(route.request.url)
        route.abort()

    tab.page.route("**/events", refuse)
    operation = begin_run(live, count=3)
    tab.go(f"/operations/{operation}")
    expect(tab.page.locator(".operation-line").get_by_text("Waiting")).to_be_visible()
    tab.click("Cancel")
    live.start_worker()
    live.wait(operation)
    with tab.page.expect_request("**/live*", timeout=20_000):
        expect(tab.page.get_by_role("dialog")).to_be_visible()
        tab.click("Keep it as it is")
    expect(tab.page.locator("#live").get_by_text("Done, with errors").first).to_be_visible()
    assert any(url.endswith(f"/api/operations/{operation}/events") for url in refused)


def test_it_can_be_cancelled_and_goes_on_with_what_is_left(tab: Tab, live: Live) -> None:
    live.stop_worker()
    operation = begin_run(live, count=3)
    tab.go(f"/operations/{operation}")
    tab.click("Cancel")
    expect(tab.page.get_by_text("The 4 that are left are not worked on any more.")).to_be_visible()
    tab.assert_accessible()
    tab.picture("operation-cancel")
    tab.click("Cancel it")
    live.start_worker()
    expect(tab.page.locator("#live").get_by_text("Cancelled").first).to_be_visible(timeout=20_000)
    tab.click("Go on with what is left")
    expect(tab.page.locator("#live").get_by_text("Done, with errors").first).to_be_visible(timeout=20_000)


def _upload(live: Live, path: str, text: str) -> int:
    branch = {"X-Branch-Id": str(live.context.branch_id)}
    answer = live.client.post(path, files={"file": ("sent.csv", text.encode())}, headers=branch)
    assert answer.status_code == 202, answer.text
    body = answer.json()
    return int({**body, **(body.get("data") or {})}["operationId"])


def _print(live: Live) -> int:
    seed(live)
    return int(finish(live, "pdfs", {"invoice_ids": issue(live), "options": {"create_combined_pdf": True}})["id"])


def _undo(live: Live) -> int:
    operation = _upload(live, "/api/orders/upload", ORDERS)
    live.wait(operation)
    return int(live.client.post(f"/api/operations/{operation}/undo").json()["data"]["id"])


KINDS: dict[str, tuple[Callable[[Live], int], str]] = {
    "orders": (lambda live: _upload(live, "/api/orders/upload", ORDERS), "Show the upload"),
    "items": (lambda live: _upload(live, "/api/items/upload", ITEMS), "Error workbook"),
    "stock": (lambda live: _upload(live, "/api/batch/upload", STOCK), "Error workbook"),
    "printing": (_print, "invoices.pdf"),
    "undo": (_undo, "Show the upload"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_the_page_with_its_own_result(kind: str, open_browser: Callable[..., Tab], live: Live) -> None:
    begin, link = KINDS[kind]
    operation = begin(live)
    live.wait(operation)
    tab = open_browser(live, role=Role.VIEWER).go(f"/operations/{operation}")
    expect(tab.page.locator(".operation-counts")).to_be_visible()
    expect(tab.heading("What happened")).to_be_visible()
    expect(tab.page.get_by_role("link", name=link)).to_be_visible()
    expect(tab.page.get_by_role("button", name=re.compile("Retry|Undo|Cancel"))).to_have_count(0)
    tab.assert_accessible()
    tab.picture(f"operation-{kind}")
