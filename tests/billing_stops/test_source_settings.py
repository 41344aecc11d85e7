"""Setting up a source by people: the page of the settings and the command line."""

import io
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.billing_stops.company import Company
from tests.billing_stops.desk import HOME, Desk
from tests.browser.conftest import open_browser
from tests.browser.tabs import Tab
from tests.live import Live
from tests.pages.visits import Visitor, visit
from tests.shell import Shell
from tranche.kernel.context import Role
from tranche.kernel.db.pool import Connection

__all__ = ["open_browser"]

PAGE = "/settings/bill-stop"
SECRET = "tiger-secret"  # noqa: S105  # what must not be seen again
FORM = {
    "kind": "postgresql", "host": "db.example.test", "port": "5432", "database": "ccb", "user": "reader",
    "password": SECRET, "ruleDays": "40", "mails": "a@example.test\nb@example.test",
}  # fmt: skip
KEPT = {name: value for name, value in FORM.items() if name not in {"user", "password"}}


@pytest.fixture
def idle(open_live: Callable[..., Live]) -> Live:
    return open_live(working=False)


@pytest.fixture
def admin(idle: Live) -> Visitor:
    return visit(idle)


def _source(live: Live) -> dict[str, Any]:
    found: dict[str, Any] = live.client.get(f"{HOME}/bill-stop-source").json()["data"]
    return found


def test_an_admin_sets_the_source_up_and_the_secret_is_not_seen_again(
    idle: Live, admin: Visitor, owner: Connection
) -> None:
    assert "No source yet" in admin.get(PAGE).text
    assert admin.post(PAGE, FORM).status_code == 303
    source = _source(idle)
    assert (source["host"], source["ruleDays"], source["hasCredentials"]) == ("db.example.test", 40, True)
    assert source["mails"] == ["a@example.test", "b@example.test"]
    page = admin.get(PAGE).text
    assert "db.example.test" in page
    assert SECRET not in page
    assert "reader" not in page
    assert "&lt;time" not in page
    (entry,) = owner.execute("SELECT action, detail FROM audit_entries WHERE action = 'snapshot.source'").fetchall()
    assert entry["detail"] == {"dataSet": "bill_stop", "kind": "postgresql", "newCredentials": True}


def test_empty_credentials_stay_at_the_same_place_and_are_asked_for_at_another(idle: Live, admin: Visitor) -> None:
    admin.post(PAGE, FORM)
    assert admin.post(PAGE, {**KEPT, "ruleDays": "50"}).status_code == 303
    assert (_source(idle)["ruleDays"], _source(idle)["hasCredentials"]) == (50, True)
    moved = admin.post(PAGE, {**KEPT, "host": "elsewhere.example.test"})
    assert (moved.status_code, "password-fault" in moved.text) == (400, True)
    assert _source(idle)["host"] == "db.example.test"


@pytest.mark.parametrize(("change", "field"), [
    ({"port": "many"}, "port"),
    ({"port": "70000"}, "port"),
    ({"host": "/tmp"}, "host"),  # noqa: S108  # a socket's folder
    ({"database": ""}, "database"),
    ({"ruleDays": ""}, "ruleDays"),
    ({"user": ""}, "user"),
    ({"kind": "csv"}, "file"),
])  # fmt: skip
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_kept(
    idle: Live, admin: Visitor, change: dict[str, str], field: str
) -> None:
    answer = admin.post(PAGE, {**FORM, **change})
    assert (answer.status_code, f'id="{field}-fault"' in answer.text) == (400, True), answer.text
    assert SECRET not in answer.text
    assert idle.client.get(f"{HOME}/bill-stop-source").status_code == 409


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_who_is_no_admin_neither_sees_nor_changes_it(idle: Live, role: Role) -> None:
    visitor = visit(idle, role=role)
    assert visitor.get(PAGE).status_code == 403
    assert PAGE not in visitor.get("/bill-stop").text
    for path in (PAGE, f"{PAGE}/test", f"{PAGE}/time", f"{PAGE}/switch"):
        assert visitor.post(path, FORM).status_code == 403
    assert idle.client.get(f"{HOME}/bill-stop-source").status_code == 409


def test_each_organization_has_its_own_source_files_and_time(idle: Live, admin: Visitor) -> None:
    admin.post(PAGE, FORM)
    folder = idle.settings.home / "sources" / str(idle.context.organization_id)
    folder.mkdir(parents=True)
    (folder / "ours.csv").touch()
    admin.post(f"{PAGE}/time", {"cron": "15 3 * * *", "zone": "Europe/Berlin"})
    admin.post(f"{PAGE}/switch", {"enabled": "false"})
    context, client = idle.join()
    with client:
        other = visit(idle, context=context)
        page = other.get(f"{PAGE}?kind=csv").text
        assert "No source yet" in page
        assert "db.example.test" not in other.get(PAGE).text
        assert not {"ours.csv", "15 3 * * *"} & set(page.split('"'))
        assert "Switch off" in page
        assert "No source is set up" in other.post(f"{PAGE}/test").text
        assert other.post(PAGE, {"kind": "sample"}).status_code == 303
    assert _source(idle)["kind"] == "postgresql"
    ours = admin.get(f"{PAGE}?kind=csv").text
    assert {"ours.csv", "15 3 * * *"} <= set(ours.split('"'))
    assert "Switch on" in ours


def test_the_time_of_the_run_is_changed_and_a_bad_one_is_refused(idle: Live, admin: Visitor) -> None:
    admin.post(f"{PAGE}/time", {"cron": "30 1 * * *", "zone": "Asia/Dhaka"})
    admin.post(f"{PAGE}/time", {"cron": "never", "zone": "Asia/Dhaka"})
    found = idle.client.get("/api/schedules/bill-stop-batch").json()["data"]
    assert (found["cron"], found["zone"]) == ("30 1 * * *", "Asia/Dhaka")


def test_the_command_line_sets_shows_and_tries_the_source(
    desk: Desk, make_shell: Callable[[Live], Shell], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = make_shell(desk.live)
    tried = shell("bill-stop", "source", "test", "--json").json
    assert tried["rows"] > 1_000
    ran = shell("bill-stop", "source", "set", "--rule-days", 40, "--mail", "a@example.test")
    assert ran.code == 0, ran.err
    found = shell("bill-stop", "source", "show", "--json").json
    assert (found["kind"], found["ruleDays"], found["mails"]) == ("sample", 40, ["a@example.test"])
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    place = ("--kind", "postgresql", "--host", "db.example.test", "--port", 5432, "--database", "ccb")
    ran = shell("bill-stop", "source", "set", *place, "--user", "reader")
    assert ran.code == 0, ran.err
    assert SECRET not in ran.out + ran.err
    assert "Warning" not in ran.err
    assert "Password" not in ran.err  # nobody is there to be asked
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert "is read from stdin, where there is none" in shell("bill-stop", "source", "set", "--user", "reader").err
    found = shell("bill-stop", "source", "show", "--json").json
    assert (found["kind"], found["hasCredentials"], found["ruleDays"]) == ("postgresql", True, 40)
    assert shell("bill-stop", "source", "set", "--host", "elsewhere.example.test").code == 2


def test_a_test_of_a_source_that_does_not_answer_says_so_at_once_and_nothing_of_a_run(
    desk: Desk, make_shell: Callable[[Live], Shell], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = make_shell(desk.live)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    place = ("--kind", "postgresql", "--host", "127.0.0.1", "--port", 1, "--database", "ccb", "--user", "reader")
    assert shell("bill-stop", "source", "set", *place).code == 0
    begun = time.monotonic()
    ran = shell("bill-stop", "source", "test")
    assert (ran.code, time.monotonic() - begun < 20) == (75, True)
    assert ran.err.strip() == "Error: The source went away or does not answer (connection refused)."


def test_a_source_is_set_up_tested_and_read_by_its_buttons(
    company: Company, open_live: Callable[..., Live], open_browser: Callable[..., Tab]
) -> None:
    live = open_live(sample_database=company.name)
    tab = open_browser(live)
    tab.go("/bill-stop")
    tab.click("Set up the source", role="link")
    expect(tab.heading("Bill-stop source")).to_be_visible()
    tab.assert_accessible()
    tab.picture("bill-stop-source-new")
    tab.click("Oracle", role="link")
    expect(tab.page.get_by_text("have not tried Oracle itself")).to_be_visible()
    expect(tab.page.locator("#port")).to_have_value("1521")
    tab.click("PostgreSQL", role="link")
    tab.fill(host="127.0.0.1", port="1", database="ccb", user="reader", password=SECRET)
    tab.click("Save the source")
    expect(tab.page.locator("#toasts")).to_contain_text("The source is kept: PostgreSQL.")
    tab.click("Test the source")
    expect(tab.page.get_by_text("The source cannot be read")).to_be_visible()
    tab.assert_accessible()
    tab.picture("bill-stop-source-refused")
    tab.click("Sample", role="link")
    tab.click("Save the source")
    expect(tab.page.locator("#toasts")).to_contain_text("The source is kept: Sample.")
    tab.click("Test the source")
    expect(tab.page.get_by_text("The source works")).to_be_visible()
    tab.assert_accessible()
    tab.picture("bill-stop-source")
    tab.click("Bill stop", role="link")
    tab.click("Refresh data")
    expect(tab.page.get_by_text("New data ready, show")).to_be_visible(timeout=30_000)
