"""Designs, figures and payment codes, without a printer."""

from decimal import Decimal
from typing import Any

import pytest

from tests.invoicing.printing.documents import BANK, make_document
from tranche.invoicing.domain import BankAccount, InvoiceKind, compact_iban, find_iban_fault
from tranche.invoicing.printing.design import Design
from tranche.invoicing.printing.figures import Figures, find_language, list_languages
from tranche.invoicing.printing.page import hash_page, make_page
from tranche.invoicing.printing.payment import epc_text, make_qr
from tranche.kernel.errors import Invalid


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"accent": "red"}, "/accent"),
        ({"accent": "#ffff00"}, "/accent"),
        ({"footer": "two\nlines"}, "/footer"),
        ({"paper": "a3"}, "/paper"),
        ({"country": "Germany"}, "/country"),
        ({"logo": b"GIF89a"}, "/logo"),
        ({"logo": b"\x89PNG\r\n\x1a\n" + b"x" * 500_000}, "/logo"),
    ],
)
def test_a_design_names_the_field_that_is_wrong(change: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        Design(**change)  # type: ignore[arg-type]  # wrong on purpose
    assert [error.pointer for error in caught.value.errors] == [field]
    assert caught.value.message.startswith(f"The invoice design is not right: {field[1:]} ")


@pytest.mark.parametrize(
    ("language", "money", "percent", "day"),
    [
        ("en", "€1,234.50", "5.5%", "November 28, 2026"),
        ("de", "1.234,50 €", "5,5 %", "28. November 2026"),
        ("hi", "€1,234.50", "5.5%", "28 नवंबर 2026"),
    ],
)
def test_each_language_writes_money_rates_and_days_its_own_way(
    language: str, money: str, percent: str, day: str
) -> None:
    figures = Figures(language, currency="EUR", digits=2)
    assert figures.money(Decimal("1234.5")).replace("\xa0", " ") == money
    assert figures.percent(Decimal("5.5")).replace("\xa0", " ") == percent
    assert figures.day(make_document().invoice_date) == day


def test_prices_and_quantities_keep_the_digits_that_they_have() -> None:
    figures = Figures("en", currency="EUR", digits=2)
    assert [figures.price(Decimal(text)) for text in ("85.125", "3", "0.0001")] == ["85.125", "3.00", "0.0001"]
    assert [figures.quantity(Decimal(text)) for text in ("2.000", "0.5", "1234567")] == ["2", "0.5", "1,234,567"]


@pytest.mark.parametrize("language", ["hi", "bn"])
def test_figures_without_a_currency_are_grouped_as_those_with_one(language: str) -> None:
    figures = Figures(language, currency="INR", digits=2)
    assert "1,20,00,000.50" in figures.money(Decimal("12000000.5"))
    assert figures.amount(Decimal("12000000.5")) == figures.price(Decimal("12000000.5")) == "1,20,00,000.50"
    assert figures.quantity(Decimal(120000)) == "1,20,000"


def test_a_currency_keeps_the_digits_that_the_invoice_says() -> None:
    assert Figures("en", currency="JPY", digits=0).money(Decimal(1200)) == "¥1,200"
    assert Figures("en", currency="KWD", digits=3).money(Decimal("1.5")) == "KWD\u00a01.500"
    assert "1.50" in Figures("en", currency="JPY", digits=2).money(Decimal("1.5"))


def test_every_language_has_every_word() -> None:
    names = [set(Figures(language, currency="EUR", digits=2).words) for language in list_languages()]
    assert all(found == names[0] for found in names)
    assert {"en", "de", "fr", "es", "ar", "bn", "hi"} <= set(list_languages())


@pytest.mark.parametrize(("wish", "found"), [("de-AT", "de"), ("pt_BR", "pt"), ("BN", "bn"), ("xx", "en"), ("", "en")])
def test_a_language_is_found_by_its_beginning(wish: str, found: str) -> None:
    assert find_language(wish) == found


def test_the_payment_code_is_the_one_of_epc069_12() -> None:
    assert (epc_text(make_document()) or "").split("\n") == [
        "BCD",
        "002",
        "1",
        "SCT",
        "COLSDE33XXX",
        "Mondlicht Goldschmiede GmbH",
        "DE89370400440532013000",
        "EUR251.80",
        "",
        "",
        "INV-2026-000231",
    ]
    assert make_qr("BCD").startswith("<?xml")


@pytest.mark.parametrize(
    "changes",
    [
        {"currency": "USD"},
        {"kind": InvoiceKind.CREDIT_NOTE},
        {"bank": BankAccount(iban="DE00370400440532013000")},
        {"total": Decimal(0)},
    ],
)
def test_there_is_no_payment_code_where_a_transfer_in_euro_makes_no_sense(changes: dict[str, Any]) -> None:
    assert epc_text(make_document(**changes)) is None


def test_an_iban_is_one_by_its_check_digits() -> None:
    assert compact_iban(BANK.iban) == "DE89370400440532013000"
    assert compact_iban("GB82 WEST 1234 5698 7654 32") == "GB82WEST12345698765432"
    assert compact_iban("GB82 WEST 1234 5698 7654 33") is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("DE89 3704 0044 0532 0130 00", None),
        ("de89370400440532013000", None),
        ("MT84MALT011000012345MTLCAST001S", None),
        ("DE89 3704 0044 0532 0130 0O", "check digits do not fit"),
        ("DE98 3704 0044 0532 0130 00", "check digits do not fit"),
        ("DE89 3704 0044 0532 0130 0", "must have 22 characters, as every IBAN that begins with DE; it has 21"),
        ("NO93 8601 1117 9470", "it has 16"),
        ("DE89-3704-0044", "must be an IBAN, such as"),
        ("IBAN DE89370400440532013000", "must be an IBAN, such as"),
        ("1150 2033 4411 0007", None),
        ("Sonali 0119-0000-1", None),
        ("", None),
        (None, None),
    ],
)
def test_what_is_meant_for_an_iban_and_is_none_is_told_why(text: str | None, fault: str | None) -> None:
    found = find_iban_fault(text)
    assert found is None if fault is None else fault in (found or "")


def test_the_hash_of_a_page_follows_what_is_printed() -> None:
    page = make_page(make_document(), Design(), xml=None)
    assert hash_page(page) == hash_page(make_page(make_document(), Design(), xml=None))
    assert hash_page(page) != hash_page(make_page(make_document(), Design(accent="#000000"), xml=None))


def test_latin_lines_keep_their_order_in_a_page_that_reads_from_the_right() -> None:
    page = make_page(make_document(language="ar"), Design(), xml=None)
    assert page["dir"] == "rtl"
    assert page["seller"]["lines"][1] == "\u200e50968 Köln\u200e"


def test_each_line_of_a_note_keeps_its_own_order_and_an_empty_footer_stays_empty() -> None:
    page = make_page(make_document(language="ar", notes="Thank you.\nشكرا."), Design(), xml=None)
    assert page["notes"] == ["\u200eThank you.\u200e\nشكرا."]
    assert page["footer"] == ""
