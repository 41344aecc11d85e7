"""The pages in a real browser: the document's four buttons, from no data to a comparison of two runs."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.billing_stops.company import Company
from tests.billing_stops.desk import Desk
from tests.browser.conftest import open_browser
from tests.browser.tabs import Tab
from tranche.kernel.context import Role

__all__ = ["open_browser"]


def test_the_documents_flow_by_its_buttons(desk: Desk, open_browser: Callable[..., Tab]) -> None:
    tab = open_browser(desk.live)
    tab.go("/bill-stop")
    expect(tab.heading("No data yet")).to_be_visible()
    tab.assert_accessible()
    tab.click("Refresh data")
    expect(tab.page.get_by_text("New data ready, show")).to_be_visible(timeout=30_000)
    tab.click("New data ready, show", role="link")
    expect(tab.page.get_by_text("CRP accounts").first).to_be_visible()
    for name, kind in (("Bill Stop Analysis", "link"), ("Export details", "link"), ("Dashboard", "link")):
        expect(tab.page.get_by_role(kind, name=name, exact=True)).to_be_visible()  # type: ignore[arg-type]  # a role
    tab.assert_accessible()
    tab.picture("bill-stop")
    account = desk.analysis()["summary"]["rows"][0]["crp_account_no"]
    tab.click(account, role="link")
    expect(tab.page.get_by_text(f"Only customers under {account}")).to_be_visible()
    with tab.page.expect_download() as download:
        tab.click("Export details", role="link")
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert text.startswith("crp_account_no,cpc_customer_no,")
    assert {line.split(",")[0] for line in text.splitlines()[1:]} == {account}


def test_history_accounts_and_comparison(desk: Desk, company: Company, open_browser: Callable[..., Tab]) -> None:
    desk.run()
    company.live_a_day(customers=300, seed="d")
    company.run("UPDATE ci_bseg SET end_dt = current_date - 200 WHERE sa_id BETWEEN 'S00000100' AND 'S00000120'")
    desk.run()
    company.run("DELETE FROM ci_acct_rel")
    desk.run()
    tab = open_browser(desk.live)
    tab.go("/bill-stop")
    expect(tab.page.get_by_text("failed: The source returned no rows")).to_be_visible()
    tab.picture("bill-stop-failed")
    for path, name in (("accounts", "CRP accounts"), ("history", "History"), ("compare", "Comparison")):
        tab.go(f"/bill-stop/{path}")
        expect(tab.heading(name).first).to_be_visible()
        tab.assert_accessible()
        tab.picture(f"bill-stop-{path}")


def test_a_viewer_looks_and_starts_nothing(desk: Desk, open_browser: Callable[..., Tab]) -> None:
    desk.run()
    tab = open_browser(desk.live, role=Role.VIEWER)
    tab.go("/bill-stop")
    expect(tab.page.get_by_role("link", name="Export details")).to_be_visible()
    expect(tab.page.get_by_role("button", name="Refresh data")).to_have_count(0)
