"""Invoices as life brings them, for the printer and for the official rules; without a database."""

from dataclasses import replace
from typing import Final

from tests.invoicing.printing.documents import BANK, BUYER, SELLER, make_document
from tranche.invoicing.domain import InvoiceDocument, InvoiceKind, InvoiceStatus

LONG: Final = (
    "Engraved wedding ring with brilliant-cut stones, polished by hand and packed in a case of walnut wood, " * 3
)
_CODE: Final = "https://shop.example/rings/" + "0123456789abcdef" * 17
_NAMES: Final = {
    "ar": ("مجوهرات القمر الفضي", "خاتم ذهب عيار ١٨ مع ثلاثة أحجار من الماس"),
    "bn": ("রুপালি চাঁদ জুয়েলার্স", "তিনটি হীরা বসানো ১৮ ক্যারেট সোনার আংটি"),
    "hi": ("चाँदी का चाँद ज्वेलर्स", "तीन हीरों वाली १८ कैरट सोने की अंगूठी"),
}


def _with_lines(document: InvoiceDocument, *descriptions: str) -> InvoiceDocument:
    """The document with these words on its lines, one after another and from the start again."""
    lines = tuple(
        replace(line, description=descriptions[number % len(descriptions)])
        for number, line in enumerate(document.lines)
    )
    return replace(document, lines=lines)


def _in_script(language: str) -> InvoiceDocument:
    name, item = _NAMES[language]
    buyer = replace(BUYER, name=name)
    return _with_lines(make_document([("2", "100", "19")] * 3, language=language, buyer=buyer), item, "Gold ring", item)


_MIXED: Final = [item for _, item in _NAMES.values()]
ODDITIES: Final = {
    "plain": make_document([("1", "1249.00", "19"), ("2", "38.50", "19"), ("1", "12.90", "7")]),
    "five_hundred_lines": make_document([("3", "12.35", "19"), ("1", "8.10", "7")] * 250),
    "long_name": make_document(description=LONG[:300]),
    "long_word": make_document(
        description=_CODE[:300],
        order_number="ORD-" + "7" * 80,
        notes=_CODE,
        buyer=replace(BUYER, name="Maison" + "-d'Or" * 20, email="a" * 60 + "@" + "b" * 60 + ".example"),
    ),
    "arabic": _in_script("ar"),
    "bengali": _in_script("bn"),
    "hindi": _in_script("hi"),
    "all_scripts_in_english": _with_lines(
        make_document([("1", "10", "19")] * 4, buyer=replace(BUYER, name=" / ".join(n for n, _ in _NAMES.values()))),
        *_MIXED,
        "Gold ring",
    ),
    "arabic_in_latin_letters": make_document(language="ar"),
    "nothing_to_pay": make_document([("1", "0", "19")]),
    "a_line_taken_off": make_document([("2", "100", "19"), ("-1", "30", "19"), ("1", "-12.50", "19")]),
    "less_than_nothing": make_document([("1", "10", "19"), ("-1", "30", "19")]),
    "millions": make_document(
        [("1234567.891", "98765432.1234", "19"), ("999999999", "1.5", "7.125")],
        buyer=replace(BUYER, name="Banque de l’Émeraude et des Métaux Précieux Réunis de la Méditerranée Orientale"),
    ),
    "seven_rates": make_document([("1", "100", rate) for rate in ("0", "2.1", "5.5", "7", "10", "19", "20")]),
    "no_words": make_document(
        description="", notes="", payment_terms="", order_number=None, buyer=replace(BUYER, address=None)
    ),
    "controls": make_document(
        description="Ring\x07\x0bwith\ttabs\nand lines", notes="a\x01b\nc", payment_terms="x\x02"
    ),
    "void": make_document(status=InvoiceStatus.VOID),
    "credited": make_document(status=InvoiceStatus.CREDITED, credited_by="INV-2026-000240"),
    "credit_note": make_document(
        kind=InvoiceKind.CREDIT_NOTE, number="INV-2026-000240", credited_number="INV-2026-000231"
    ),
    "long_seller": make_document(
        seller=replace(
            SELLER, name="Vereinigte Goldschmiede- und Uhrmacherwerkstätten " * 3, address="a\nb\nc\nd\ne\nf"
        ),
        bank=replace(BANK, bank="Sparkasse der vereinigten Städte und Gemeinden am mittleren Rhein"),
    ),
}
