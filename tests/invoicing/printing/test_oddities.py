"""Invoices as life brings them: all are printed, valid by the official rules, and lose nothing."""

import re
import xml.etree.ElementTree as ET
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pikepdf
import pypdf
import pytest

from tests.browser.tabs import IS_PICTURED, PICTURES
from tests.invoicing.printing.conftest import Judge
from tests.invoicing.printing.documents import make_document
from tests.invoicing.printing.oddities import ODDITIES
from tranche.invoicing.domain import InvoiceDocument, InvoiceStatus
from tranche.invoicing.printing.design import Design
from tranche.invoicing.printing.electronic import make_xml
from tranche.invoicing.printing.figures import loosen
from tranche.invoicing.printing.press import prepare, print_document
from tranche.invoicing.printing.printer import Job, Printer

_RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"
_FINE = 80.0


def _words(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf)).pages)


def _picture(printer: Printer, document: InvoiceDocument, name: str) -> None:
    """By `make pictures` alone, to be looked at."""
    if not IS_PICTURED:
        return
    job = prepare(document, Design(footer="Mondlicht Goldschmiede GmbH, Köln")).job
    PICTURES.mkdir(parents=True, exist_ok=True)
    (Path(PICTURES) / f"invoice-{name}.png").write_bytes(printer.print(Job(page=job.page, ppi=_FINE)))


@pytest.mark.parametrize("name", ODDITIES)
def test_every_odd_invoice_is_printed_and_its_xml_valid_by_the_official_rules(
    name: str, printer: Printer, judge: Judge
) -> None:
    document = ODDITIES[name]
    assert judge(make_xml(document, country="DE")) == []
    pdf = print_document(printer, document, Design(country="DE"))
    with pikepdf.open(BytesIO(pdf)) as opened:
        assert opened.check_pdf_syntax() == []
        assert "/AF" in opened.Root
    _picture(printer, document, name)


def test_five_hundred_lines_are_all_there_in_their_order(printer: Printer) -> None:
    document = ODDITIES["five_hundred_lines"]
    pages = pypdf.PdfReader(BytesIO(print_document(printer, document, Design()))).pages
    found = [number for page in pages for number in re.findall(r"SKU-(\d+)", page.extract_text())]
    assert found == [str(number) for number in range(1, 501)]
    assert f"Page {len(pages)} of {len(pages)}" in pages[-1].extract_text()


@pytest.mark.parametrize("name", ["long_name", "long_word"])
def test_long_names_keep_every_letter_and_stay_in_their_column(name: str, printer: Printer) -> None:
    document = ODDITIES[name]
    page = pypdf.PdfReader(BytesIO(print_document(printer, document, Design()))).pages[0]
    text = re.sub(r"[\s\u200b]", "", page.extract_text())
    assert re.sub(r"\s", "", document.lines[0].description) in text
    widest = 0.0

    def look(words: str, _matrix: object, place: list[float], _font: object, _size: object) -> None:
        nonlocal widest
        if words.strip():
            widest = max(widest, place[4])

    page.extract_text(visitor_text=look)
    assert widest < float(page.mediabox.width)


@pytest.mark.parametrize("name", ["void", "credited", "nothing_to_pay", "less_than_nothing", "credit_note"])
def test_what_asks_for_no_money_shows_no_account(name: str, printer: Printer) -> None:
    text = _words(print_document(printer, ODDITIES[name], Design()))
    assert "IBAN" not in text
    assert " due December" not in text


def test_a_void_invoice_says_so_in_every_language() -> None:
    for language in ("en", "de", "fr", "es", "ar", "bn", "hi", "it", "pt", "nl"):
        page = prepare(make_document(status=InvoiceStatus.VOID, language=language), Design()).page
        assert "251" not in page["headline"]
        assert page["payment"] is None


def test_a_price_below_nothing_becomes_a_quantity_below_nothing() -> None:
    document = ODDITIES["a_line_taken_off"]
    root = ET.fromstring(make_xml(document, country="DE"))  # noqa: S314  # our own XML
    prices = [Decimal(node.text or "") for node in root.iter(f"{_RAM}ChargeAmount")]
    quantities = [Decimal(node.text or "") for node in root.iter(f"{_RAM}BilledQuantity")]
    assert prices == [Decimal(100), Decimal(30), Decimal("12.5")]
    assert quantities == [2, -1, -1]
    (total,) = [node.text for node in root.iter(f"{_RAM}GrandTotalAmount")]
    assert Decimal(total or "") == document.total


def test_only_long_runs_are_loosened() -> None:
    assert loosen("A ring of gold, 18 carat\n750/1000") == "A ring of gold, 18 carat\n750/1000"
    assert loosen("x" * 30) == "x" * 30
    assert loosen("x" * 31).split("\u200b") == ["x" * 10] * 3 + ["x"]
    assert loosen("আংটি" * 20) == "আংটি" * 20
    assert loosen("a\x07b") == "a b"
