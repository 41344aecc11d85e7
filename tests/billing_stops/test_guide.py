"""The pictures of the guide to bill stops."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.billing_stops.company import Company
from tests.billing_stops.desk import Desk
from tests.browser.conftest import open_browser
from tests.browser.guide import fit, keep
from tests.browser.tabs import Tab
from tranche.kernel.db.pool import Connection

__all__ = ["open_browser"]

_DAYS = 6
_SLOW = (
    "SELECT acct_id AS crp_account_no, acct_id AS cpc_customer_no, pg_sleep(0.02)::text AS customer_name, "
    "NULL AS address, NULL AS last_bill_date, 1 AS current_balance FROM ci_acct"
)


def test_the_guide_to_bill_stops_is_illustrated(
    desk: Desk, company: Company, owner: Connection, open_browser: Callable[..., Tab]
) -> None:
    folder = desk.live.settings.home / "queries"
    folder.mkdir(parents=True)
    (folder / "slow.sql").write_text(_SLOW)
    for day in range(_DAYS):
        assert desk.run(force=True)["status"] == "completed"
        company.live_a_day(customers=150, seed=f"g{day}")
        stops = f"'S{day * 40:08}' AND 'S{day * 40 + 15:08}'"
        company.run(f"UPDATE ci_bseg SET end_dt = current_date - 200 WHERE sa_id BETWEEN {stops}")
    # As if they had been taken night after night.
    owner.execute(
        "UPDATE snapshots SET as_of = date_trunc('day', now()) - make_interval(days => %(days)s - id::integer) "
        "+ interval '2 hours', batch_date = current_date - (%(days)s - id::integer), "
        "started_at = started_at - make_interval(days => %(days)s - id::integer), "
        "finished_at = finished_at - make_interval(days => %(days)s - id::integer)",
        {"days": _DAYS},
    )
    tab = open_browser(desk.live)
    fit(tab, height=860)
    tab.go("/bill-stop")
    expect(tab.page.get_by_text("Accounts with the most bill stops").first).to_be_visible()
    keep(tab, "bill-stop")
    tab.go("/bill-stop/history")
    expect(tab.page.locator("canvas").first).to_be_visible()
    keep(tab, "bill-stop-history")
    tab.go("/bill-stop/compare")
    expect(tab.heading("Comparison")).to_be_visible()
    keep(tab, "bill-stop-compare")
    tab.go("/settings/bill-stop?kind=postgresql").fill(host="ccb.example.com", database="ccb", user="reader")
    keep(tab, "bill-stop-source")
    desk.use({"kind": "sample", "query": "slow.sql"})
    started = desk.trigger().json()
    desk.until_running()
    fit(tab, height=560)
    tab.go("/bill-stop")
    expect(tab.page.get_by_text("is under way")).to_be_visible()
    keep(tab, "bill-stop-run")
    assert desk.client.post(f"/api/operations/{started['operation_id']}/cancel").is_success
