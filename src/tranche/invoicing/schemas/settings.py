"""The wire contract of the settings of invoices."""

from decimal import Decimal
from typing import TypeVar

from msgspec import UNSET, UnsetType

from tranche.customers.schemas import Phone
from tranche.invoicing.domain import BankAccount, Party, Settings
from tranche.invoicing.schemas.invoices import BankOut, PartyOut, bank_out, party_out
from tranche.kernel.web.json import Body, Out

T = TypeVar("T")


class PartyBody(Body, frozen=True):
    """The seller; what is left out is empty. Without a name, the organization's own is printed."""

    name: str = ""
    address: str | None = None
    tax_id: str | None = None
    registration: str | None = None
    email: str | None = None
    phone: Phone | None = None


class BankBody(Body, frozen=True):
    """The seller's account."""

    bank: str | None = None
    iban: str | None = None
    bic: str | None = None


class SettingsChanges(Body, frozen=True):
    """What is left out stays as it is; `seller` and `bank` are replaced whole."""

    series: str | UnsetType = UNSET
    number_format: str | UnsetType = UNSET
    number_digits: int | UnsetType = UNSET
    due_days: int | UnsetType = UNSET
    tax_rate: Decimal | UnsetType = UNSET
    payment_terms: str | UnsetType = UNSET
    notes: str | UnsetType = UNSET
    seller: PartyBody | UnsetType = UNSET
    bank: BankBody | UnsetType = UNSET


class SettingsBody(Body, frozen=True):
    """PUT /api/invoice-settings."""

    data: SettingsChanges


class SettingsOut(Out, frozen=True):
    """How invoices are numbered and what they print."""

    series: str
    number_format: str
    number_digits: int
    due_days: int
    tax_rate: Decimal
    payment_terms: str
    notes: str
    seller: PartyOut
    bank: BankOut


def settings_out(settings: Settings) -> SettingsOut:
    """The settings."""
    return SettingsOut(
        series=settings.series,
        number_format=settings.number_format,
        number_digits=settings.number_digits,
        due_days=settings.due_days,
        tax_rate=settings.tax_rate,
        payment_terms=settings.payment_terms,
        notes=settings.notes,
        seller=party_out(settings.seller),
        bank=bank_out(settings.bank),
    )


def changed(settings: Settings, changes: SettingsChanges) -> Settings:
    """The settings with what was given."""
    return Settings(
        series=_given(changes.series, settings.series),
        number_format=_given(changes.number_format, settings.number_format),
        number_digits=_given(changes.number_digits, settings.number_digits),
        due_days=_given(changes.due_days, settings.due_days),
        tax_rate=_given(changes.tax_rate, settings.tax_rate),
        payment_terms=_given(changes.payment_terms, settings.payment_terms),
        notes=_given(changes.notes, settings.notes),
        seller=settings.seller if isinstance(changes.seller, UnsetType) else _party(changes.seller),
        bank=settings.bank if isinstance(changes.bank, UnsetType) else _bank(changes.bank),
    )


def _given(value: T | UnsetType, before: T) -> T:
    return before if isinstance(value, UnsetType) else value


def _party(body: PartyBody) -> Party:
    return Party(
        name=body.name.strip(),
        address=body.address,
        tax_id=body.tax_id,
        registration=body.registration,
        email=body.email,
        phone=body.phone,
    )


def _bank(body: BankBody) -> BankAccount:
    return BankAccount(bank=body.bank, iban=body.iban, bic=body.bic)
