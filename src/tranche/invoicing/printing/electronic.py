"""The electronic invoice inside the paper one: Factur-X, profile EN 16931, in UN/CEFACT's cross-industry syntax."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from tranche.invoicing.domain import InvoiceDocument, InvoiceKind, InvoiceLine, Party, TaxSum, compact_iban

GUIDELINE: Final = "urn:cen.eu:en16931:2017"
FILE_NAME: Final = "factur-x.xml"

_NAMESPACES: Final[Mapping[str, str]] = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}
_INVOICE, _CREDIT_NOTE = "380", "381"
_SEPA, _TRANSFER = "58", "30"
_PIECE: Final = "C62"
_DAY: Final = "102"
_MOST_DIGITS: Final = 2  # BR-DEC: amounts have at most two digits behind the point
_ADDRESS_LINES: Final = 3
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2
_PREFIX = re.compile(r"([A-Z]{2})[A-Z0-9+*]{2,13}")
_COUNTRY_OF_PREFIX: Final[Mapping[str, str]] = {"EL": "GR", "XI": "GB"}
# Whose tax numbers begin with their country: the VAT area of the EU, EFTA, and the United Kingdom.
_VAT_COUNTRIES: Final = frozenset(
    {
        "AT",
        "BE",
        "BG",
        "CH",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "EL",
        "ES",
        "FI",
        "FR",
        "GB",
        "HR",
        "HU",
        "IE",
        "IS",
        "IT",
        "LI",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "NO",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
        "XI",
    }
)


class NotElectronic(Exception):
    """The invoice lacks what the standard asks for; the message says what."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def make_xml(document: InvoiceDocument, *, country: str) -> str:
    """The invoice as XML; `country` stands in where a party's tax number does not tell its own.

    Raises:
        NotElectronic: EN 16931 has no place for it.
    """
    _check(document, country)
    root = ET.Element("rsm:CrossIndustryInvoice", {f"xmlns:{name}": uri for name, uri in _NAMESPACES.items()})
    _put(root, "rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID", GUIDELINE)
    head = _put(root, "rsm:ExchangedDocument")
    is_credit = document.kind is InvoiceKind.CREDIT_NOTE
    _put(head, "ram:ID", document.number)
    _put(head, "ram:TypeCode", _CREDIT_NOTE if is_credit else _INVOICE)
    _put_day(head, "ram:IssueDateTime", document.invoice_date)
    if document.notes:
        _put(head, "ram:IncludedNote/ram:Content", document.notes)
    trade = _put(root, "rsm:SupplyChainTradeTransaction")
    for line in document.lines:
        _put_line(trade, line)
    _put_agreement(trade, document, country)
    _put_day(
        _put(trade, "ram:ApplicableHeaderTradeDelivery/ram:ActualDeliverySupplyChainEvent"),
        "ram:OccurrenceDateTime",
        document.invoice_date,
    )
    _put_settlement(trade, document)
    return ET.tostring(root, encoding="unicode", xml_declaration=False)


def find_country(party: Party) -> str | None:
    """The country that a VAT number begins with."""
    found = _PREFIX.fullmatch(_compact(party.tax_id))
    if not found or found[1] not in _VAT_COUNTRIES:
        return None
    return _COUNTRY_OF_PREFIX.get(found[1], found[1])


def _check(document: InvoiceDocument, country: str) -> None:
    if document.digits > _MOST_DIGITS and any(
        amount != round(amount, _MOST_DIGITS) for amount in (document.net, document.tax, document.total)
    ):
        raise NotElectronic(f"EN 16931 knows two digits behind the point; {document.currency} has {document.digits}.")
    for party, name in ((document.seller, "seller"), (document.buyer, "buyer")):
        if not (find_country(party) or country):
            raise NotElectronic(f"The {name}'s country is not known; set the country in the invoice design.")
    if not (document.seller.tax_id or "").strip():
        raise NotElectronic("The seller has no tax number; enter it in the seller's profile.")
    for tax in document.taxes:
        exact = (tax.net * tax.rate / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
        if abs(exact - tax.tax) >= 1:
            raise NotElectronic(
                f"Tax rounded line by line differs by {abs(exact - tax.tax)} from {tax.rate} % of the whole; "
                "EN 16931 allows less than 1."
            )


def _put_line(trade: ET.Element, line: InvoiceLine) -> None:
    item = _put(trade, "ram:IncludedSupplyChainTradeLineItem")
    _put(item, "ram:AssociatedDocumentLineDocument/ram:LineID", str(line.line_number))
    product = _put(item, "ram:SpecifiedTradeProduct")
    if line.item_code:
        _put(product, "ram:SellerAssignedID", line.item_code)
    _put(product, "ram:Name", line.description.strip() or line.item_code or "-")
    # BR-27: a price is never below 0; what is taken off is a quantity below 0.
    sign = -1 if line.unit_price < 0 else 1
    price, quantity = _number(sign * line.unit_price), _number(sign * line.quantity)
    _put(item, "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice/ram:ChargeAmount", price)
    _put(item, "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity", quantity, unitCode=_PIECE)
    settlement = _put(item, "ram:SpecifiedLineTradeSettlement")
    tax = _put(settlement, "ram:ApplicableTradeTax")
    _put(tax, "ram:TypeCode", "VAT")
    _put(tax, "ram:CategoryCode", _category(line.tax_rate))
    _put(tax, "ram:RateApplicablePercent", _number(line.tax_rate))
    _put(settlement, "ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount", _amount(line.net))


def _put_agreement(trade: ET.Element, document: InvoiceDocument, country: str) -> None:
    agreement = _put(trade, "ram:ApplicableHeaderTradeAgreement")
    _put_party(_put(agreement, "ram:SellerTradeParty"), document.seller, country, is_seller=True)
    _put_party(_put(agreement, "ram:BuyerTradeParty"), document.buyer, country, is_seller=False)
    if document.order_number:
        _put(agreement, "ram:SellerOrderReferencedDocument/ram:IssuerAssignedID", document.order_number)


def _put_party(node: ET.Element, party: Party, country: str, *, is_seller: bool) -> None:
    if party.code:
        _put(node, "ram:ID", party.code)
    _put(node, "ram:Name", party.name)
    if party.registration:
        _put(node, "ram:SpecifiedLegalOrganization/ram:ID", party.registration)
    address = _put(node, "ram:PostalTradeAddress")
    rows = [row.strip() for row in (party.address or "").splitlines() if row.strip()]
    if len(rows) > _ADDRESS_LINES:
        rows = [*rows[: _ADDRESS_LINES - 1], ", ".join(rows[_ADDRESS_LINES - 1 :])]
    for name, row in zip(("LineOne", "LineTwo", "LineThree"), rows, strict=False):
        _put(address, f"ram:{name}", row)
    _put(address, "ram:CountryID", find_country(party) or country)
    if party.email:
        _put(node, "ram:URIUniversalCommunication/ram:URIID", party.email, schemeID="EM")
    tax_id = _compact(party.tax_id)
    if tax_id and find_country(party):
        _put(node, "ram:SpecifiedTaxRegistration/ram:ID", tax_id, schemeID="VA")
    elif tax_id and is_seller:
        _put(node, "ram:SpecifiedTaxRegistration/ram:ID", tax_id, schemeID="FC")


def _put_settlement(trade: ET.Element, document: InvoiceDocument) -> None:
    node = _put(trade, "ram:ApplicableHeaderTradeSettlement")
    _put(node, "ram:PaymentReference", document.number)
    _put(node, "ram:InvoiceCurrencyCode", document.currency)
    iban = compact_iban(document.bank.iban)
    if iban and document.kind is InvoiceKind.INVOICE:
        means = _put(node, "ram:SpecifiedTradeSettlementPaymentMeans")
        _put(means, "ram:TypeCode", _SEPA if document.currency == "EUR" else _TRANSFER)
        _put(means, "ram:PayeePartyCreditorFinancialAccount/ram:IBANID", iban)
        if document.bank.bic:
            _put(means, "ram:PayeeSpecifiedCreditorFinancialInstitution/ram:BICID", _compact(document.bank.bic))
    for tax in document.taxes:
        _put_tax(node, tax)
    terms = _put(node, "ram:SpecifiedTradePaymentTerms")
    if document.payment_terms:
        _put(terms, "ram:Description", document.payment_terms)
    _put_day(terms, "ram:DueDateDateTime", document.due_date)
    _put_sums(node, document)
    if document.credited_number:
        _put(node, "ram:InvoiceReferencedDocument/ram:IssuerAssignedID", document.credited_number)


def _put_tax(node: ET.Element, tax: TaxSum) -> None:
    part = _put(node, "ram:ApplicableTradeTax")
    _put(part, "ram:CalculatedAmount", _amount(tax.tax))
    _put(part, "ram:TypeCode", "VAT")
    _put(part, "ram:BasisAmount", _amount(tax.net))
    _put(part, "ram:CategoryCode", _category(tax.rate))
    _put(part, "ram:RateApplicablePercent", _number(tax.rate))


def _put_sums(node: ET.Element, document: InvoiceDocument) -> None:
    sums = _put(node, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")
    _put(sums, "ram:LineTotalAmount", _amount(document.net))
    _put(sums, "ram:TaxBasisTotalAmount", _amount(document.net))
    _put(sums, "ram:TaxTotalAmount", _amount(document.tax), currencyID=document.currency)
    _put(sums, "ram:GrandTotalAmount", _amount(document.total))
    _put(sums, "ram:DuePayableAmount", _amount(document.total))


def _put(node: ET.Element, path: str, text: str | None = None, **attributes: str) -> ET.Element:
    """Add an element below `node`, and those that it stands in."""
    for name in path.split("/"):
        node = ET.SubElement(node, name)
    node.attrib.update(attributes)
    node.text = None if text is None else _NO_XML.sub(" ", text)
    return node


def _put_day(node: ET.Element, name: str, day: date) -> None:
    _put(node, f"{name}/udt:DateTimeString", f"{day:%Y%m%d}", format=_DAY)


def _category(rate: Decimal) -> str:
    return "S" if rate else "Z"


def _amount(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _number(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _compact(text: str | None) -> str:
    return re.sub(r"[\s./-]", "", text or "").upper()
