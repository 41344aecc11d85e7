"""The pictures of the guides to messages, to printing and to invoices."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from tests.browser.guide import fit, keep, keep_file
from tests.browser.tabs import Tab
from tests.browser.test_invoices import look_at_all, twelve
from tests.browser.workshop import by_mail, invoice_all, open_workshop, tell
from tests.invoicing.printing.oddities import ODDITIES
from tests.kernel.notify.mailbox import mailbox
from tests.live import Live
from tranche.invoicing.printing.design import Design
from tranche.invoicing.printing.press import preview
from tranche.invoicing.printing.printer import Printer

_LOST = "The worker was lost while it had this message in hand; it may have arrived."


@pytest.fixture
def printer() -> Iterator[Printer]:
    printer = Printer(size=1)
    yield printer
    printer.close()


@contextmanager
def _sent(tab: Tab, live: Live) -> Iterator[int]:
    """Eight invoices on their way: looked at in the browser, and sent; the operation."""
    fit(tab, height=1180)
    open_workshop(live)
    ids = invoice_all(live)
    with mailbox() as post_box:
        by_mail(live, post_box)
        tab.go(f"/invoices/send?ids={','.join(str(one) for one in ids)}")
        expect(tab.page.get_by_role("article")).to_have_count(3)
        keep(tab, "messages-send")
        tab.click("Send 7 invoices by E-mail")
        tab.page.wait_for_url("**/invoices/sendings/*")
        operation_id = int(tab.page.url.rsplit("/", 1)[-1])
        assert live.wait(operation_id)["succeeded"] == 7
        assert len(post_box.mails) == 7
        yield operation_id


def test_the_guide_to_messages_is_illustrated(tab: Tab, live: Live) -> None:
    with _sent(tab, live) as operation_id:
        for code in ("K-1001", "K-1002", "K-1006"):
            tell(live, code, "delivered")
        tell(live, "K-1003", "read")
        tell(live, "K-1004", "bounced", "550 5.1.1 The mailbox does not exist.")
        tell(live, "K-1007", "unknown", _LOST)
        tab.go(f"/invoices/sendings/{operation_id}")
        expect(tab.page.get_by_text("1 message may have arrived, or not")).to_be_visible()
        fit(tab, height=1060)
        keep(tab, "messages-sending")
        fit(tab, height=760)
        tab.click("Praxis Dr. Yıldız", role="link")
        expect(tab.page.get_by_text("It may have arrived, or not")).to_be_visible()
        keep(tab, "messages-doubt")
        tab.go("/settings/templates/invoice/email/en")
        expect(tab.page.locator("#preview")).to_be_visible()
        fit(tab, height=680)
        keep(tab, "messages-template")


def test_the_guide_to_printing_is_illustrated(tab: Tab, live: Live, printer: Printer) -> None:
    fit(tab, height=860)
    open_workshop(live)
    ids = invoice_all(live)
    tab.go("/settings/invoice-design")
    expect(tab.page.get_by_role("img", name="A made-up invoice")).to_be_visible()
    tab.page.wait_for_load_state("networkidle")
    keep(tab, "printing-design")
    tab.go(f"/invoices/print?ids={','.join(str(one) for one in ids)}")
    expect(tab.page.get_by_role("img", name="The first page of the first invoice")).to_be_visible()
    tab.page.wait_for_load_state("networkidle")
    tab.click("Print 8 invoices")
    tab.page.wait_for_url("**/operations/*")
    assert live.wait(int(tab.page.url.rsplit("/", 1)[-1]))["succeeded"] == 8
    expect(tab.page.get_by_role("link", name="invoices.pdf")).to_be_visible()
    fit(tab, height=760)
    keep(tab, "printing-files")
    design = Design(footer="Mondlicht Goldschmiede GmbH, HRB 48211, Köln")
    for name in ("english", "arabic"):
        document = ODDITIES["arabic"] if name == "arabic" else ODDITIES["plain"]
        keep_file(f"printing-{name}", preview(printer, document, design, ppi=84.0))


def test_the_guide_to_invoices_is_illustrated(tab: Tab, live: Live) -> None:
    fit(tab, height=800)
    twelve(live)
    look_at_all(tab)
    tab.fill(dueDays="14")
    tab.click("Create 9 invoices")
    tab.page.wait_for_url("**/operations/*")
    live.wait(int(tab.page.url.rsplit("/", 1)[-1]))
    expect(tab.page.get_by_text("9 invoices are live · 647.46 EUR")).to_be_visible()
    keep(tab, "invoices-operation")
