"""Files of invoices: their words, their standard, their bytes, and the children that make them."""

import base64
import os
import signal
import subprocess
import threading
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import facturx
import pikepdf
import pypdf
import pytest
from lxml import etree

from tests.invoicing.printing.documents import SELLER, make_document
from tranche.invoicing.domain import InvoiceKind, InvoiceStatus
from tranche.invoicing.printing import printer as printer_module
from tranche.invoicing.printing.archive import count_pages, join_pdfs
from tranche.invoicing.printing.concatenation import concatenate
from tranche.invoicing.printing.design import Design
from tranche.invoicing.printing.figures import list_languages
from tranche.invoicing.printing.press import prepare, preview, print_document
from tranche.invoicing.printing.printer import CannotPrint, Printer, PrinterGone

_SCRIPTS = {"ar": "خاتم ذهب", "bn": "স্বর্ণের আংটি", "hi": "सोने की अंगूठी"}
_DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def _text(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf)).pages)


@pytest.mark.parametrize("language", list_languages())
def test_every_language_prints_its_own_script_tagged_and_archivable(language: str, printer: Printer) -> None:
    document = make_document(language=language, description=_SCRIPTS.get(language, "Ring"))
    pdf = print_document(printer, document, Design())
    with pikepdf.open(BytesIO(pdf)) as opened:
        assert opened.Root.MarkInfo.Marked
        assert str(opened.Root.Lang) == language
        assert "/StructTreeRoot" in opened.Root
        words = opened.Root.Metadata.read_bytes().decode()
        assert "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in words
        assert opened.check_pdf_syntax() == []
        fonts = {str(font.get("/BaseFont", "")) for page in opened.pages for font in page.Resources.Font.values()}
    wanted = {"ar": "NotoSansArabic", "bn": "HindSiliguri", "hi": "NotoSansDevanagari"}.get(language, "Inter")
    assert any(wanted in font for font in fonts)
    assert "INV-2026-000231" in _text(pdf)


def test_the_same_invoice_is_the_same_bytes_on_every_child(printer: Printer) -> None:
    other = Printer(size=1)
    try:
        assert print_document(other, make_document(), Design()) == print_document(printer, make_document(), Design())
    finally:
        other.close()


@pytest.mark.parametrize("tax_id", [SELLER.tax_id, None], ids=["electronic", "on paper alone"])
def test_small_objects_are_kept_compressed_and_the_metadata_in_clear(tax_id: str | None, printer: Printer) -> None:
    pdf = print_document(
        printer, make_document([("1", "1", "19")] * 40, seller=replace(SELLER, tax_id=tax_id)), Design()
    )
    assert b"/ObjStm" in pdf
    assert b"StructElem" not in pdf
    assert b"<pdfaid:part>3</pdfaid:part>" in pdf


def test_the_file_carries_a_factur_x_invoice_that_readers_find(printer: Printer) -> None:
    proof = prepare(make_document(), Design())
    pdf = printer.print(proof.job)
    name, xml = facturx.get_xml_from_pdf(pdf)
    assert name == "factur-x.xml"
    assert xml.decode() == proof.job.page["xml"]
    assert facturx.get_level(etree.fromstring(xml)) == "en16931"
    with pikepdf.open(BytesIO(pdf)) as opened:
        assert str(opened.Root.AF[0].AFRelationship) == "/Alternative"
        assert "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>" in opened.Root.Metadata.read_bytes().decode()


def test_an_invoice_that_cannot_be_electronic_says_why_and_is_printed_all_the_same(printer: Printer) -> None:
    document = make_document(seller=replace(SELLER, tax_id=None))
    proof = prepare(document, Design())
    assert proof.not_electronic is not None
    with pikepdf.open(BytesIO(printer.print(proof.job))) as opened:
        assert "/AF" not in opened.Root


def test_a_long_table_carries_its_header_and_every_page_its_number(printer: Printer) -> None:
    pdf = print_document(printer, make_document([("1", "1.00", "19")] * 80), Design(footer="HRB 48211"))
    pages = [page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf)).pages]
    assert len(pages) > 2
    for number, text in enumerate(pages, start=1):
        assert "Unit price" in text or number == len(pages)
        assert f"Page {number} of {len(pages)}" in text
        assert "HRB 48211" in text


@pytest.mark.parametrize("lines", [12, 13, 14, 15, 36, 37])
def test_totals_never_stand_alone_on_a_page(lines: int, printer: Printer) -> None:
    pdf = print_document(printer, make_document([("1", "1.00", "19")] * lines), Design())
    *before, last = [page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf)).pages]
    (page,) = [text for text in (*before, last) if "Subtotal" in text]
    assert f"SKU-{lines}\n" in page


@pytest.mark.parametrize(
    ("rows", "description"),
    [
        ([("1", "1.00", str(rate)) for rate in range(1, 60)], "Ring"),
        ([("1", "1.00", "19")] * 2, "Words without end " * 200),
        ([("123456789", "123456789.123456", "19")] * 3, "words words " * 49),
    ],
    ids=["rates", "words", "narrow"],
)
def test_what_fills_a_page_by_itself_breaks_and_loses_nothing(
    rows: list[tuple[str, str, str]], description: str, printer: Printer
) -> None:
    document = make_document(rows, description=description)
    pdf = print_document(printer, document, Design())
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf)).pages)
    words = text.split()
    assert sum(words.count(word) for word in set(description.split())) >= len(rows) * len(description.split())
    assert [text.count(f"Tax {rate.rate.normalize():f}% on") for rate in document.taxes] == [1] * len(document.taxes)
    assert text.count("Total") == 1
    assert f"SKU-{len(rows)}" in words


def test_a_credit_note_says_what_it_takes_back_and_asks_for_no_money(printer: Printer) -> None:
    note = make_document(kind=InvoiceKind.CREDIT_NOTE, number="INV-9", credited_number="INV-8", language="de")
    text = _text(print_document(printer, note, Design()))
    assert "Gutschrift" in text
    assert "Gutschriftsnummer" in text
    assert "Rechnungsnummer" not in text
    assert "INV-8" in text
    assert "IBAN" not in text


def test_a_voided_invoice_says_so_and_shows_no_way_to_pay() -> None:
    page = prepare(make_document(status=InvoiceStatus.VOID), Design()).job.page
    assert page["headline"] == "This invoice was voided."
    assert page["payment"] is None


def test_letters_without_a_font_are_refused_by_name(printer: Printer) -> None:
    with pytest.raises(CannotPrint, match="漢") as caught:
        print_document(printer, make_document(description="漢"), Design())
    assert caught.value.error_code == "no_font"
    assert print_document(printer, make_document(), Design()).startswith(b"%PDF")


@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_letter_without_a_font_is_named_once_and_no_mark_is(language: str, printer: Printer) -> None:
    document = make_document(description="漢字 漢 ไทย", language=language)
    with pytest.raises(CannotPrint, match=r"^“漢”, “字”, “ไ”, “ท”, “ย” cannot be printed"):
        print_document(printer, document, Design())


def test_there_is_no_picture_of_what_cannot_be_printed(printer: Printer) -> None:
    with pytest.raises(CannotPrint, match="漢"):
        preview(printer, make_document(description="漢"), Design())


def test_the_units_of_an_arabic_page_stand_one_below_the_other(printer: Printer) -> None:
    document = make_document([("2", "500", "19"), ("3", "3", "19")], language="ar")
    page = pypdf.PdfReader(BytesIO(print_document(printer, document, Design()))).pages[0]
    begins: dict[str, float] = {}

    def look(words: str, matrix: list[float], _place: object, _font: object, _size: object) -> None:
        begins[words.strip()] = matrix[4]

    page.extract_text(visitor_text=look)
    assert begins["9.00"] > begins["1,000.00"] + 10


def test_words_of_the_invoice_are_never_code(printer: Printer) -> None:
    code = '#panic("run") $x$ *bold* \\ @ref // <a> #read("/etc/passwd")'
    assert "#read" in _text(print_document(printer, make_document(description=code, notes=code), Design()))


def test_a_logo_is_printed_and_one_that_is_no_picture_is_refused(printer: Printer) -> None:
    printed = print_document(printer, make_document(), Design(logo=_DOT))
    with pikepdf.open(BytesIO(printed)) as opened:
        assert any(str(x.Subtype) == "/Image" for x in opened.pages[0].Resources.XObject.values())
    with pytest.raises(CannotPrint) as caught:
        print_document(printer, make_document(), Design(logo=b"\x89PNG\r\n\x1a\nnothing"))
    assert caught.value.error_code == "bad_logo"


def test_a_preview_is_a_picture(printer: Printer) -> None:
    assert preview(printer, make_document(), Design()).startswith(b"\x89PNG")


def test_a_child_that_is_killed_is_replaced() -> None:
    printer = Printer(size=1)
    try:
        job = prepare(make_document(), Design()).job
        printer.print(job)
        child = printer._places.queue[0]
        assert child is not None
        os.kill(child._process.pid, signal.SIGKILL)
        child._process.wait()
        with pytest.raises(PrinterGone):
            printer.print(job)
        assert printer.print(job).startswith(b"%PDF")
    finally:
        printer.close()


def test_a_child_that_hangs_is_killed_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printer_module, "_start", lambda _folder: _sleeper())
    printer = Printer(size=1, seconds=0.2)
    with pytest.raises(PrinterGone, match="within"):
        printer.print(prepare(make_document(), Design()).job)


def _sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "600"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_children_are_renewed_and_leave_no_folder() -> None:
    printer = Printer(size=2, recycle_after=2)
    job = prepare(make_document(), Design()).job
    seen: set[str] = set()
    files: list[bytes] = []

    def work() -> None:
        for _ in range(3):
            files.append(printer.print(job))
            seen.update(str(child._folder) for child in printer._places.queue if child is not None)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    printer.close()
    assert len(set(files)) == 1
    assert len(files) == 6
    assert not any(Path(folder).exists() for folder in seen)


def test_joined_files_have_every_page_of_their_parts(printer: Printer, tmp_path: Path) -> None:
    paths = []
    for number, rows in enumerate((1, 60, 2)):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(print_document(printer, make_document([("1", "1", "19")] * rows), Design()))
        paths.append(path)
    pages = join_pdfs(paths, tmp_path / "all.pdf")
    assert pages == [count_pages(path) for path in paths]
    assert count_pages(tmp_path / "all.pdf") == sum(pages)


def test_parts_are_put_behind_each_other_without_losing_a_word(printer: Printer, tmp_path: Path) -> None:
    texts, parts = [], []
    for number, language in enumerate(("en", "ar", "hi")):
        document = make_document([("1", "1", "19")] * 40, number=f"INV-{number}", language=language, notes="(12 0 R)")
        pdf = print_document(printer, document, Design())
        texts += [page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf)).pages]
        (tmp_path / f"{number}.pdf").write_bytes(pdf)
        parts.append(tmp_path / f"part-{number}.pdf")
        join_pdfs([tmp_path / f"{number}.pdf"], parts[-1])
    for name in ("all.pdf", "again.pdf"):
        assert sum(concatenate(parts, tmp_path / name)) == len(texts)
    whole = (tmp_path / "all.pdf").read_bytes()
    assert whole == (tmp_path / "again.pdf").read_bytes()
    assert [page.extract_text() for page in pypdf.PdfReader(BytesIO(whole)).pages] == texts
    with pikepdf.open(BytesIO(whole)) as opened:
        assert opened.check_pdf_syntax() == []
