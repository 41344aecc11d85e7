"""The settings in a real browser: each page once, with what one does there."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.tabs import Tab
from tests.chaos.waiting import eventually
from tests.kernel.notify.receiver import receiving
from tests.live import Live
from tranche.kernel.db.pool import Connection
from tranche.kernel.doctor.reports import examine_now, store_report
from tranche.kernel.doctor.service import Patient
from tranche.kernel.module import Check
from tranche.kernel.storage.local import LocalFiles

PAGES = ("organization", "branches", "users", "api-keys", "webhooks", "audit", "health")


def test_each_page_of_the_settings_is_accessible(tab: Tab) -> None:
    for name in PAGES:
        tab.go(f"/settings/{name}")
        expect(tab.page.get_by_role("heading", level=1)).to_be_visible()
        tab.assert_accessible()
        tab.picture(f"settings-{name}")


def test_the_organization_is_changed_and_a_bad_zone_is_refused_at_its_field(tab: Tab) -> None:
    tab.go("/settings/organization").fill(name="Harbour Goods", zone="Nowhere/City")
    tab.click("Save")
    expect(tab.page.locator("#zone-fault")).to_contain_text("must be the name of a time zone", ignore_case=True)
    tab.assert_accessible()
    tab.fill(zone="Europe/Berlin")
    tab.click("Save")
    expect(tab.page.locator("#toasts")).to_contain_text("Saved.")
    expect(tab.page.locator(".place-name")).to_have_text("Harbour Goods")


def test_a_user_is_invited_given_a_role_shut_out_and_let_in(tab: Tab) -> None:
    tab.go("/settings/users")
    tab.click("Add a user")
    tab.fill(name="Omar Operator", email="omar@acme.test")
    tab.click("Add and make a link")
    expect(tab.page.locator("#link")).to_contain_text("/join/trn_")
    tab.picture("settings-users-link")
    row = tab.page.get_by_role("row", name="Omar Operator")
    row.get_by_role("button", name="Role").click()
    dialog = tab.page.get_by_role("dialog", name="Which role for Omar Operator?")
    dialog.get_by_label("Viewer").check()
    tab.assert_accessible()
    tab.picture("ask")
    dialog.get_by_role("button", name="Change the role").click()
    expect(row).to_contain_text("Viewer")
    row.get_by_role("button", name="Shut out").click()
    tab.page.get_by_role("dialog").get_by_role("button", name="Shut out").click()
    expect(row).to_contain_text("shut out")
    row.get_by_role("button", name="Let in again").click()
    expect(row).to_contain_text("not yet")


def test_a_key_is_made_shown_once_renewed_and_ended(tab: Tab) -> None:
    tab.go("/settings/api-keys")
    tab.click("Make a key")
    tab.fill(name="Warehouse scanner")
    tab.page.get_by_role("dialog").get_by_role("button", name="Make the key").click()
    expect(tab.page.locator("#secret")).to_contain_text("trn_")
    tab.assert_accessible()
    tab.picture("settings-api-keys-made")
    secret = tab.page.locator("#secret").inner_text()
    tab.go("/settings/api-keys")
    assert secret not in tab.page.content()
    row = tab.page.get_by_role("row", name="Warehouse scanner")
    row.get_by_role("button", name="Renew").click()
    tab.page.get_by_role("dialog").get_by_role("button", name="Renew").click()
    expect(tab.page.locator("#secret")).not_to_have_text(secret)
    row.get_by_role("button", name="End").click()
    tab.page.get_by_role("dialog").get_by_role("button", name="End the key").click()
    expect(row).to_contain_text("ended")


def test_a_webhook_is_made_tested_and_deleted(open_browser: Callable[..., Tab], open_live: Callable[..., Live]) -> None:
    tab = open_browser(open_live(working=False, webhook_allow_private=True)).go("/settings/webhooks")
    tab.click("Add a webhook")
    tab.fill(url="http://127.0.0.1:9/hook", description="Warehouse")
    tab.page.get_by_role("dialog").get_by_role("button", name="Add the webhook").click()
    expect(tab.page.locator("#secret")).to_contain_text("whsec_")
    tab.click("Deliveries", role="link")
    tab.click("Send a test")
    expect(tab.page.get_by_role("row", name="webhook.test")).to_be_visible()
    tab.assert_accessible()
    tab.picture("settings-webhook")
    tab.click("Switch off")
    expect(tab.page.get_by_text("Nothing is sent to it.")).to_be_visible()
    tab.click("Delete")
    tab.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(tab.page.get_by_text("No system is told yet.")).to_be_visible()


def test_a_lost_delivery_is_sent_again(open_browser: Callable[..., Tab], open_live: Callable[..., Live]) -> None:
    tab = open_browser(open_live(webhook_allow_private=True)).go("/settings/webhooks")
    with receiving() as house:
        house.status = 410
        tab.click("Add a webhook")
        tab.fill(url=f"{house.url}/hook", description="Warehouse")
        tab.page.get_by_role("dialog").get_by_role("button", name="Add the webhook").click()
        secret = tab.page.locator("#secret").inner_text()
        tab.click("Deliveries", role="link")
        expect(tab.page.get_by_text(secret)).to_have_count(0)
        tab.click("Send a test")
        house.wait(1)
        page = tab.page.url.removeprefix(tab.base)
        eventually(lambda: "Nothing is sent to it." in tab.go(page).page.content(), seconds=20, what="switched off")
        house.status = 200
        tab.click("Switch on")
        tab.click("Send again")
        house.wait(2)
    assert house.requests[0].body == house.requests[1].body
    assert house.requests[0].headers["webhook-id"] == house.requests[1].headers["webhook-id"]


def test_the_last_examination_is_shown_hits_first(tab: Tab, live: Live, owner: Connection) -> None:
    broken = Check(name="no order is lost", sql="SELECT 1 AS organization_id, 'order 7 is lost' AS detail")
    patient = Patient(checks=[broken], storage=LocalFiles(live.settings.home / "files"), home=live.settings.home)
    store_report(owner, examine_now(owner, patient)[1])
    tab.go("/settings/health")
    expect(tab.page.get_by_text("order 7 is lost")).to_be_visible()
    tab.assert_accessible()
    tab.picture("settings-health-report")


def test_deeds_stand_in_the_audit_log_and_up_to_when_they_are_sealed(tab: Tab, live: Live, owner: Connection) -> None:
    owner.execute(
        "INSERT INTO audit_seals VALUES (%s, 1204, '2026-11-28T08:15Z', 2, sha256('x'))", [live.context.organization_id]
    )
    tab.go("/settings/branches").fill(name="Harbour")
    tab.click("Add the branch")
    tab.go("/settings/audit?q=branch.create")
    expect(tab.page.get_by_role("row", name="branch.create")).to_contain_text("Harbour")
    expect(tab.page.locator("#sealed")).to_contain_text("by seal 1,204 2d711642b726")
    tab.assert_accessible()
    tab.picture("settings-audit-filtered")
