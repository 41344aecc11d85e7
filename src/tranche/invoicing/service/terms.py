"""The settings of an organization's invoices, and what is frozen from them when a run begins."""

import hashlib
import json
import re
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import Final

from tranche.customers.domain import find_phone_fault
from tranche.invoicing.domain import (
    BankAccount,
    Party,
    Settings,
    Terms,
    Wishes,
    find_iban_fault,
    invalid_field,
    number_prefix,
)
from tranche.invoicing.queries import settings as queries
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.identity.service import find_branch, get_organization, organization_zone
from tranche.kernel.text import camel

MOST_DUE_DAYS: Final = 3_650
_YEARS: Final = range(2_000, 3_000)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_SERIES: Final = re.compile(r"[A-Z][A-Z0-9]{0,9}")
_FORMAT: Final = re.compile(r"\{series\}[-/.]?\{year\}[-/.]\{number\}")
_LONGEST: Final = 2_000


def get_settings(conn: Connection) -> Settings:
    """The settings; where nobody has made any, the defaults with the organization's name as the seller."""
    row = queries.find_settings(conn)
    if row is None:
        return Settings(seller=Party(name=get_organization(conn).name))
    seller = Party(**{"name": "", **row["seller"]})
    if not seller.name:
        seller = replace(seller, name=get_organization(conn).name)
    return Settings(**{**row, "seller": seller, "bank": BankAccount(**row["bank"])})


def change_settings(conn: Connection, ctx: Context, *, settings: Settings) -> Settings:
    """Keep new settings; invoices that were issued do not change.

    Raises:
        Invalid: names the field.
    """
    _check(settings)
    queries.save_settings(conn, settings=settings)
    audit.record(conn, ctx, action="invoice_settings.update", subject_id=None, detail={"series": settings.series})
    return get_settings(conn)


def today(conn: Connection, *, now: datetime) -> date:
    """The day it is in the organization's zone."""
    return now.astimezone(organization_zone(conn)).date()


def freeze_terms(conn: Connection, ctx: Context, *, wishes: Wishes, now: datetime) -> Terms:
    """What a run that begins now issues by, whatever is changed while it runs.

    Raises:
        Invalid: a wish cannot be granted; names the field.
    """
    settings = get_settings(conn)
    invoice_date, due_date = _dates(conn, settings, wishes=wishes, now=now)
    return Terms(
        invoice_date=invoice_date,
        due_date=due_date,
        series=settings.series,
        prefix=number_prefix(settings.number_format, series=settings.series, year=invoice_date.year),
        number_digits=settings.number_digits,
        tax_rate=settings.tax_rate,
        imprint_id=_keep_imprint(conn, settings, wishes=wishes),
        branch_id=choose_branch(conn, ctx, wished=wishes.branch_id),
    )


def choose_branch(conn: Connection, ctx: Context, *, wished: int | None) -> int | None:
    """The branch whose stock is drawn: the wished one, else the caller's, else the organization's default.

    Raises:
        UnknownBranch
    """
    if wished is not None:
        return find_branch(conn, branch_id=wished).id
    return ctx.branch_id or queries.find_default_branch(conn)


def _dates(conn: Connection, settings: Settings, *, wishes: Wishes, now: datetime) -> tuple[date, date]:
    invoice_date = wishes.invoice_date or today(conn, now=now)
    if invoice_date.year not in _YEARS:
        raise invalid_field("/invoice_date", f"must lie between the years {_YEARS[0]} and {_YEARS[-1]}")
    if wishes.due_date is not None:
        if wishes.due_days is not None:
            raise invalid_field("/due_days", "contradicts due_date; give one of them")
        if wishes.due_date < invoice_date:
            raise invalid_field("/due_date", "must not lie before the invoice date")
        return invoice_date, wishes.due_date
    days = settings.due_days if wishes.due_days is None else wishes.due_days
    if not 0 <= days <= MOST_DUE_DAYS:
        raise invalid_field("/due_days", f"must be a whole number from 0 to {MOST_DUE_DAYS}")
    return invoice_date, invoice_date + timedelta(days=days)


def _keep_imprint(conn: Connection, settings: Settings, *, wishes: Wishes) -> int:
    language = wishes.language or get_organization(conn).language
    if not _LANGUAGE.fullmatch(language):
        raise invalid_field("/language", "must be the code of a language, such as en or pt-BR")
    for name in ("payment_terms", "notes"):
        if len(getattr(wishes, name) or "") > _LONGEST:
            raise invalid_field(f"/{name}", f"must have at most {_LONGEST:,} characters")
    content = {
        "seller": asdict(settings.seller),
        "bank": asdict(settings.bank),
        "language": language,
        "paymentTerms": settings.payment_terms if wishes.payment_terms is None else wishes.payment_terms,
        "notes": settings.notes if wishes.notes is None else wishes.notes,
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()
    return queries.keep_imprint(conn, digest=digest, content=content)


def _check(settings: Settings) -> None:
    if not _SERIES.fullmatch(settings.series):
        raise invalid_field("/series", "must be 1 to 10 capital letters and digits, beginning with a letter")
    if not _FORMAT.fullmatch(settings.number_format):
        raise invalid_field(
            "/numberFormat",
            "must be {series}, {year} and {number} in this order, parted by - / or . (at least before the number)",
        )
    if not 1 <= settings.number_digits <= 12:  # noqa: PLR2004  # as the table says
        raise invalid_field("/numberDigits", "must be a whole number from 1 to 12")
    if not 0 <= settings.due_days <= MOST_DUE_DAYS:
        raise invalid_field("/dueDays", f"must be a whole number from 0 to {MOST_DUE_DAYS}")
    if not 0 <= settings.tax_rate <= 100:  # noqa: PLR2004  # per cent
        raise invalid_field("/taxRate", "must be a number of per cent from 0 to 100")
    _check_texts(settings)


def _check_texts(settings: Settings) -> None:
    texts = {"paymentTerms": settings.payment_terms, "notes": settings.notes, **_texts(settings)}
    for name, text in texts.items():
        if len(text or "") > _LONGEST:
            raise invalid_field(f"/{name}", f"must have at most {_LONGEST:,} characters")
    if fault := find_phone_fault(settings.seller.phone):
        raise invalid_field("/seller/phone", fault)
    if fault := find_iban_fault(settings.bank.iban):
        raise invalid_field("/bank/iban", fault)


def _texts(settings: Settings) -> dict[str, str | None]:
    return {
        **{f"seller/{camel(name)}": text for name, text in asdict(settings.seller).items()},
        **{f"bank/{name}": text for name, text in asdict(settings.bank).items()},
    }
