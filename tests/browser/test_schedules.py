"""Work by the clock: switched off and on, its time changed, run at once."""

from playwright.sync_api import expect

from tests.browser.tabs import Tab


def test_a_schedule_is_changed_switched_and_run_now(tab: Tab) -> None:
    tab.go("/schedules")
    expect(tab.heading("Schedules")).to_be_visible()
    tab.assert_accessible()
    expect(tab.page.get_by_text("At 03:20 every day, UTC")).to_be_visible()
    expect(tab.page.get_by_text("Next and Last in UTC.")).to_be_visible()
    tab.picture("schedules")
    tab.go("/schedules/process-batch-jobs-every-minute")
    tab.click("Switch off")
    expect(tab.page.get_by_text("It is switched off.")).to_be_visible()
    tab.fill(cron="*/5 * * * *", zone="Asia/Dhaka")
    tab.click("Change the time")
    expect(tab.page.locator("[name=cron]")).to_have_value("*/5 * * * *")
    expect(tab.page.get_by_text("Every fifth minute of every hour, Asia/Dhaka")).to_be_visible()
    tab.fill(cron="never")
    tab.click("Change the time")
    expect(tab.page.get_by_role("alert").or_(tab.page.locator("#toasts .tone-bad")).first).to_be_visible()
    tab.go("/schedules/process-batch-jobs-every-minute")
    tab.click("Run now")
    expect(tab.page.get_by_text("It runs in a moment.")).to_be_visible()
    tab.assert_accessible()
    tab.picture("schedule")
