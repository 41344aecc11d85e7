"""The electronic invoice by the official rules of EN 16931 and by the cent."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from decimal import Decimal

import facturx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.invoicing.printing.conftest import Judge
from tests.invoicing.printing.documents import BANK, BUYER, SELLER, Row, make_document
from tranche.invoicing.domain import InvoiceKind, Party
from tranche.invoicing.printing.electronic import NotElectronic, find_country, make_xml

_RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"

_SITUATIONS = {
    "one_rate": make_document([("2", "100", "19")]),
    "several_rates": make_document([("2", "100", "19"), ("3", "9.99", "7"), ("0.5", "33.333", "20")]),
    "without_tax": make_document([("1", "80", "0")]),
    "with_and_without_tax": make_document([("1", "80", "0"), ("1", "80", "21")]),
    "credit_note": make_document(kind=InvoiceKind.CREDIT_NOTE, credited_number="INV-2026-000198"),
    "without_bank": make_document(bank=replace(BANK, iban=None, bic=None, bank=None)),
    "other_currency": make_document(currency="SAR"),
    "no_decimals": make_document([("3", "1000", "10")], currency="JPY", digits=0),
    "buyer_is_a_person": make_document(buyer=Party(name="Ana")),
    "long_address": make_document(buyer=replace(BUYER, address="a\nb\nc\nd\ne")),
    "national_tax_number": make_document(seller=replace(SELLER, tax_id="151/815/08156")),
    "nothing_to_pay": make_document([("1", "0", "19")]),
    "many_lines": make_document([("1", "0.33", "19")] * 150),
    "signs": make_document(description="<Ring> & „Kette“ 'ж' 💍", notes="a < b\n& c"),
}


@pytest.mark.parametrize("name", _SITUATIONS)
def test_every_tax_situation_is_valid_by_schema_and_schematron(name: str, judge: Judge) -> None:
    xml = make_xml(_SITUATIONS[name], country="DE")
    assert facturx.xml_check_xsd(xml.encode(), flavor="factur-x", level="en16931")
    assert judge(xml) == []


def test_the_rules_do_find_a_wrong_total(judge: Judge) -> None:
    xml = make_xml(make_document(), country="DE")
    wrong = xml.replace("<ram:GrandTotalAmount>251.80<", "<ram:GrandTotalAmount>251.81<")
    assert wrong != xml
    assert any("BR-CO-15" in fault for fault in judge(wrong))


_rows = st.lists(
    st.tuples(
        st.decimals("0.001", "10000", places=3).map(str),
        st.decimals("0", "99999", places=4).map(str),
        st.sampled_from(["0", "5", "5.5", "7", "19", "20", "25.5"]),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=_rows)
def test_any_invoice_is_valid_and_its_totals_agree_to_the_cent(rows: list[Row], judge: Judge) -> None:
    document = make_document(rows)
    xml = make_xml(document, country="DE")
    assert judge(xml) == []
    root = ET.fromstring(xml)  # noqa: S314  # our own XML
    sums = root.find(f".//{_RAM}SpecifiedTradeSettlementHeaderMonetarySummation")
    assert sums is not None
    found = {node.tag.removeprefix(_RAM): Decimal(node.text or "") for node in sums}
    assert found["GrandTotalAmount"] == found["DuePayableAmount"] == document.total
    assert found["TaxTotalAmount"] == document.tax
    assert found["LineTotalAmount"] == found["TaxBasisTotalAmount"] == document.net
    lines = [Decimal(node.text or "") for node in root.iter(f"{_RAM}LineTotalAmount")]
    assert sum(lines[:-1]) == document.net


@pytest.mark.parametrize(
    ("tax_id", "country", "word"),
    [(None, "DE", "tax number"), ("12", "", "country")],
    ids=["no_tax_number", "no_country"],
)
def test_what_the_standard_asks_for_is_named_when_it_is_missing(tax_id: str | None, country: str, word: str) -> None:
    with pytest.raises(NotElectronic, match=word):
        make_xml(make_document(seller=replace(SELLER, tax_id=tax_id)), country=country)


def test_tax_by_line_that_strays_from_the_whole_is_not_made_electronic() -> None:
    rows = [("1", "0.03", "19")] * 300  # 0.0057 a line is 0.01 each: 3.00 instead of 1.71
    with pytest.raises(NotElectronic, match="line by line"):
        make_xml(make_document(rows), country="DE")


@pytest.mark.parametrize(
    ("tax_id", "country"),
    [
        ("DE136695976", "DE"),
        ("EL 123456789", "GR"),
        ("XI123", "GB"),
        ("310122393500003", None),
        ("USA-1", None),
        (None, None),
    ],
)
def test_a_country_is_read_from_a_vat_number(tax_id: str | None, country: str | None) -> None:
    assert find_country(Party(name="x", tax_id=tax_id)) == country
