"""Sending invoices in a real browser: from the choice to the report, and the settings behind it."""

from playwright.sync_api import expect

from tests.browser.tabs import Tab
from tests.contracts.document_3 import finish, issue, seed
from tests.kernel.notify.mailbox import mailbox
from tests.live import Live


def test_invoices_are_looked_at_tried_out_and_sent(tab: Tab, live: Live) -> None:
    seed(live)
    issue(live)
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE customers SET email = NULL WHERE id = 2")
    tab.go("/messages")
    tab.assert_accessible()
    tab.picture("messages-empty")
    tab.click("Send invoices", role="link")
    tab.fill(since="2020-01-01")
    tab.page.get_by_label("With the PDF").check()
    tab.click("Look at it")
    expect(tab.page.get_by_text("The customer Customer 2 has no e-mail address.")).to_be_visible()
    expect(tab.page.get_by_role("article")).to_have_count(2)
    tab.assert_accessible()
    tab.picture("send-look")
    tab.click("Send a test to me")
    expect(tab.page.get_by_text("A test went to ada@acme.test.")).to_be_visible()
    tab.click("Send 2 invoices by E-mail")
    expect(tab.page.locator("#whole").get_by_text("Done, with errors")).to_be_visible(timeout=20_000)
    expect(tab.page.get_by_role("link", name="Customer 1")).to_be_visible()
    tab.assert_accessible()
    tab.picture("sending")
    tab.click("Customer 1", role="link")
    expect(tab.page.get_by_text("has not left this machine")).to_be_visible()
    tab.assert_accessible()
    tab.picture("message")
    tab.go("/messages")
    tab.picture("messages")


def test_files_of_a_printing_are_offered(tab: Tab, live: Live) -> None:
    seed(live)
    row = finish(live, "pdfs", {"invoice_ids": issue(live), "options": {"create_combined_pdf": True}})
    tab.go(f"/invoices/sendings/{row['id']}")
    expect(tab.page.get_by_role("link", name="invoices.pdf")).to_be_visible()
    with tab.page.expect_download() as download:
        tab.click("invoices.zip", role="link")
    assert download.value.suggested_filename.endswith("invoices.zip")
    tab.assert_accessible()
    tab.picture("printing")


def test_a_channel_is_set_up_and_tried_out(tab: Tab) -> None:
    with mailbox() as post_box:
        tab.go("/settings/channels")
        tab.assert_accessible()
        tab.picture("channels")
        tab.click("Set up E-mail", role="link")
        tab.click("Mail server (SMTP)", role="link")
        tab.assert_accessible()
        tab.fill(host="127.0.0.1", port=str(post_box.port), tls="none", sender="Acme <pay@acme.test>")
        tab.click("Save")
        expect(tab.page.get_by_text("E-mail now goes by")).to_be_visible()
        tab.fill(to="ben@example.test")
        tab.click("Send a test")
        expect(tab.page.get_by_text("It works")).to_be_visible()
        tab.assert_accessible()
        tab.picture("channel")
        assert post_box.mails[0]["To"] == "ben@example.test"


def test_a_template_is_previewed_while_it_is_written(tab: Tab) -> None:
    tab.go("/settings/templates")
    tab.assert_accessible()
    tab.picture("templates")
    tab.click("Invoice E-mail English", role="link")
    tab.page.get_by_label("Subject").fill("Hello {{customer_name}}")
    expect(tab.page.locator("#preview")).to_contain_text("Hello Sample Customer")
    tab.assert_accessible()
    tab.picture("template")
    tab.page.get_by_label("Subject").fill("Hello {{nobody}}")
    expect(tab.page.locator("#preview")).to_contain_text("Has no placeholder")
    tab.page.get_by_label("Subject").fill("Hello {{customer_name}}")
    tab.click("Save")
    expect(tab.page.get_by_text("The template is saved.")).to_be_visible()
    expect(tab.page.get_by_text("yours")).to_be_visible()


def test_an_address_is_suppressed_and_allowed_again(tab: Tab) -> None:
    tab.go("/messages/suppressions")
    tab.click("Suppress an address")
    tab.fill(address="ben@example.test", reason="asked for it")
    tab.page.get_by_role("button", name="Suppress", exact=True).click()
    expect(tab.page.get_by_role("cell", name="ben@example.test")).to_be_visible()
    tab.assert_accessible()
    tab.picture("suppressions")
    tab.click("Allow again")
    tab.page.get_by_role("dialog").get_by_role("button", name="Allow again").click()
    expect(tab.page.get_by_text("may be written to again")).to_be_visible()


def test_the_design_of_invoices_is_seen_while_it_is_chosen(tab: Tab) -> None:
    tab.go("/settings/invoice-design")
    paper = tab.page.get_by_role("img", name="A made-up invoice")
    expect(paper).to_be_visible()
    before = paper.get_attribute("src")
    tab.page.get_by_label("Footer").fill("HRB 48211 Köln")
    expect(paper).not_to_have_attribute("src", str(before))
    tab.assert_accessible()
    tab.page.wait_for_load_state("networkidle")
    tab.picture("invoice-design")
    tab.page.get_by_label("Colour").fill("#ffff00")
    expect(tab.page.locator("#sheet")).to_contain_text("too light")
    tab.page.get_by_label("Colour").fill("#0f766e")
    tab.click("Save the design")
    expect(tab.page.get_by_text("Invoices look so from now on.")).to_be_visible()
