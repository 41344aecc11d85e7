"""The QR code that a banking app reads: EPC069-12, for transfers in euro."""

import re
from decimal import Decimal
from io import BytesIO

import segno

from tranche.invoicing.domain import InvoiceDocument, InvoiceKind, InvoiceStatus, compact_iban

_MOST: Decimal = Decimal("999999999.99")
_LONGEST_NAME, _LONGEST_REFERENCE = 70, 140


def epc_text(document: InvoiceDocument) -> str | None:
    """What the code says, None where a transfer in euro makes no sense or cannot be said."""
    iban = compact_iban(document.bank.iban)
    is_payable = document.kind is InvoiceKind.INVOICE and document.status is InvoiceStatus.ISSUED
    if not is_payable or document.currency != "EUR" or iban is None or not Decimal(0) < document.total <= _MOST:
        return None
    bic = re.sub(r"\s", "", document.bank.bic or "")
    name = " ".join(document.seller.name.split())[:_LONGEST_NAME]
    rows = ("BCD", "002", "1", "SCT", bic, name, iban, f"EUR{document.total:.2f}", "", "")
    return "\n".join((*rows, document.number[:_LONGEST_REFERENCE]))


def make_qr(text: str) -> str:
    """The code as SVG, medium correction as EPC069-12 asks."""
    out = BytesIO()
    segno.make(text, error="m", micro=False, boost_error=False, encoding="utf-8").save(
        out, kind="svg", border=0, scale=4
    )
    return out.getvalue().decode()
