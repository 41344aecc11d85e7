"""An invoice as what its page shows: every word and figure ready for print, for the template to lay out."""

import hashlib
import json
from typing import Any

from tranche.invoicing.domain import InvoiceDocument, InvoiceKind, InvoiceLine, InvoiceStatus, Party, compact_iban
from tranche.invoicing.printing.design import TEMPLATE_ID, TEMPLATE_VERSION, Design
from tranche.invoicing.printing.figures import Figures, loosen
from tranche.invoicing.printing.payment import epc_text, make_qr

FONTS = ("Inter", "Noto Sans", "Noto Sans Arabic", "Noto Sans Devanagari", "Hind Siliguri")
_IBAN_GROUP = 4


def make_page(document: InvoiceDocument, design: Design, *, xml: str | None) -> dict[str, Any]:
    """What the page shows; `xml` is the electronic invoice that the file carries. See `draw`."""
    figures = Figures(document.language, currency=document.currency, digits=document.digits)
    words = figures.words
    is_credit = document.kind is InvoiceKind.CREDIT_NOTE
    return {
        "lang": figures.language,
        "dir": figures.direction,
        "fonts": _fonts(figures.language),
        "digits": list("0123456789"),
        "paper": design.paper,
        "accent": design.accent,
        "logo": design.logo_name,
        "footer": figures.plain(loosen(design.footer)),
        "title": words["credit_note" if is_credit else "invoice"],
        "number": loosen(document.number),
        "date": [document.invoice_date.year, document.invoice_date.month, document.invoice_date.day],
        "meta": _meta(document, figures),
        "seller-label": words["from"],
        "seller": _party(document.seller, figures),
        "buyer-label": words["bill_to"],
        "buyer": _party(document.buyer, figures),
        "headline": _headline(document, figures),
        "columns": [words[name] for name in ("description", "quantity", "price", "tax", "amount")],
        "lines": [_line(line, figures) for line in document.lines],
        "totals": _totals(document, figures),
        "payment": _payment(document, design, figures) if _is_payable(document) else None,
        "notes": [figures.plain(loosen(document.notes))] if document.notes else [],
        "page-of": words["page"],
        "xml": xml,
    }


def hash_page(page: dict[str, Any]) -> str:
    """What a rendered file is known by: the same hash, the same bytes."""
    text = json.dumps([TEMPLATE_ID, TEMPLATE_VERSION, page], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def draw(page: dict[str, Any]) -> dict[str, Any]:
    """The data as the template takes them: with the payment code drawn, which takes as long as setting the page."""
    payment = page["payment"]
    if not payment or not payment["qr"]:
        return page
    return {**page, "payment": {**payment, "qr": make_qr(payment["qr"])}}


def _fonts(language: str) -> list[str]:
    """The language's own script stands right behind the Latin one, which has the figures."""
    own = {"ar": "Noto Sans Arabic", "bn": "Hind Siliguri", "hi": "Noto Sans Devanagari"}.get(language)
    return list(dict.fromkeys(name for name in (FONTS[0], own, *FONTS) if name))


def _meta(document: InvoiceDocument, figures: Figures) -> list[list[str]]:
    words = figures.words
    own = words["credit_number" if document.kind is InvoiceKind.CREDIT_NOTE else "number"]
    rows = [[own, loosen(document.number)], [words["date"], figures.day(document.invoice_date)]]
    if _is_payable(document):
        rows.append([words["due_date"], figures.day(document.due_date)])
    if document.order_number:
        rows.append([words["order"], loosen(document.order_number)])
    if document.credited_number:
        rows.append([words["credited"], loosen(document.credited_number)])
    return rows


def _party(party: Party, figures: Figures) -> dict[str, Any]:
    words = figures.words
    lines = [row.strip() for row in (party.address or "").splitlines() if row.strip()]
    lines += [text for text in (party.email, party.phone) if text]
    lines += [
        f"{words[name]}: {text}"
        for name, text in (("tax_id", party.tax_id), ("registration", party.registration))
        if text
    ]
    return {"name": figures.plain(loosen(party.name)), "lines": [figures.plain(loosen(row)) for row in lines]}


def _headline(document: InvoiceDocument, figures: Figures) -> str:
    words, amount = figures.words, figures.isolated(document.total)
    if document.kind is InvoiceKind.CREDIT_NOTE:
        return words["credit_headline"].format(amount=amount)
    if document.status is InvoiceStatus.VOID:
        return words["voided"]
    if document.credited_by:
        return words["credited_by"].format(number=document.credited_by)
    if not _is_payable(document):
        return words["nothing_due"]
    return words["due_headline"].format(amount=amount, date=figures.day(document.due_date))


def _is_payable(document: InvoiceDocument) -> bool:
    """Whether money is asked for: not by what is void, credited, or comes to nothing."""
    is_live = document.kind is InvoiceKind.INVOICE and document.status is InvoiceStatus.ISSUED
    return is_live and not document.credited_by and document.total > 0


def _line(line: InvoiceLine, figures: Figures) -> dict[str, str]:
    words, code = line.description.strip() or line.item_code or "–", line.item_code or ""
    return {
        "description": figures.plain(loosen(words)),
        "detail": loosen(code) if code != words else "",
        "quantity": figures.quantity(line.quantity),
        "price": figures.price(line.unit_price),
        "tax": figures.percent(line.tax_rate),
        "amount": figures.amount(line.net),
    }


def _totals(document: InvoiceDocument, figures: Figures) -> list[dict[str, Any]]:
    words = figures.words
    rows: list[dict[str, Any]] = [{"label": words["net"], "value": figures.money(document.net), "strong": False}]
    for tax in document.taxes:
        label = words["tax_row"].format(rate=figures.percent(tax.rate), net=figures.isolated(tax.net))
        rows.append({"label": label, "value": figures.money(tax.tax), "strong": False})
    rows.append({"label": words["total"], "value": figures.money(document.total), "strong": True})
    return rows


def _payment(document: InvoiceDocument, design: Design, figures: Figures) -> dict[str, Any] | None:
    words, bank = figures.words, document.bank
    facts = (
        ("bank", bank.bank),
        ("iban", _grouped(bank.iban)),
        ("bic", bank.bic),
        ("reference", document.number if bank.iban or bank.bank else None),
        ("terms", document.payment_terms),
    )
    rows = [[words[name], figures.plain(loosen(text))] for name, text in facts if text]
    code = epc_text(document) if design.payment_qr else None
    if not rows:
        return None
    return {"title": words["pay"], "rows": rows, "qr": code, "qr-label": words["scan"]}


def _grouped(iban: str | None) -> str | None:
    """As people read it: groups of four."""
    whole = compact_iban(iban)
    if whole is None:
        return iban
    return " ".join(whole[at : at + _IBAN_GROUP] for at in range(0, len(whole), _IBAN_GROUP))
