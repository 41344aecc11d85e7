"""Settings, invoices: numbering, due days, tax, what is printed of the seller and the bank."""

from decimal import Decimal, InvalidOperation
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from tranche.invoicing import service
from tranche.invoicing.domain import BankAccount, Party, Settings
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import FieldError, Invalid
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.render import Html, faults_of, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest

PATH: Final = "/settings/invoices"
_FIELDS: Final = {"seller/name": "sellerName"}  # the others are called as the last part of their place


class SettingsForm(Body, frozen=True):
    """All of the settings; an empty field is empty."""

    series: str = ""
    number_format: str = ""
    number_digits: str = ""
    due_days: str = ""
    tax_rate: str = ""
    payment_terms: str = ""
    notes: str = ""
    seller_name: str = ""
    address: str = ""
    tax_id: str = ""
    registration: str = ""
    email: str = ""
    phone: str = ""
    bank: str = ""
    iban: str = ""
    bic: str = ""


@page(PATH, role=Role.ADMIN)
def settings_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """The settings in a form."""
    with database.transaction(ctx.organization_id) as conn:
        settings = service.get_settings(conn)
    return render(request, "invoicing/settings.html", {"data": _form(settings), "faults": {}})


@form(PATH, role=Role.ADMIN)
def change_settings(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: URLEncodedBody[SettingsForm],
) -> Html:
    """Keep them; what was issued does not change."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            service.change_settings(conn, ctx, settings=_settings(data))
    except Invalid as error:
        faults = {_FIELDS.get(name, name.rpartition("/")[2]): words for name, words in faults_of(error).items()}
        return render(request, "invoicing/settings.html", {"data": data, "faults": faults}, status=400)
    return redirect(PATH, say="The settings are kept. Invoices that were issued do not change.")


def _settings(data: SettingsForm) -> Settings:
    return Settings(
        series=data.series.strip(),
        number_format=data.number_format.strip(),
        number_digits=int(_number(data.number_digits, "/numberDigits")),
        due_days=int(_number(data.due_days, "/dueDays")),
        tax_rate=_number(data.tax_rate, "/taxRate"),
        payment_terms=data.payment_terms.strip(),
        notes=data.notes.strip(),
        seller=Party(
            name=data.seller_name.strip(),
            address=data.address.strip() or None,
            tax_id=data.tax_id.strip() or None,
            registration=data.registration.strip() or None,
            email=data.email.strip() or None,
            phone=data.phone.strip() or None,
        ),
        bank=BankAccount(bank=data.bank.strip() or None, iban=data.iban.strip() or None, bic=data.bic.strip() or None),
    )


def _number(text: str, pointer: str) -> Decimal:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) > 10**6 or (pointer != "/taxRate" and value != int(value)):
        raise Invalid("That is no number that fits.", errors=[FieldError(pointer, "must be a number that fits")])
    return value


def _form(settings: Settings) -> SettingsForm:
    seller, bank = settings.seller, settings.bank
    return SettingsForm(
        series=settings.series,
        number_format=settings.number_format,
        number_digits=str(settings.number_digits),
        due_days=str(settings.due_days),
        tax_rate=f"{settings.tax_rate.normalize():f}",
        payment_terms=settings.payment_terms,
        notes=settings.notes,
        seller_name=seller.name,
        address=seller.address or "",
        tax_id=seller.tax_id or "",
        registration=seller.registration or "",
        email=seller.email or "",
        phone=seller.phone or "",
        bank=bank.bank or "",
        iban=bank.iban or "",
        bic=bank.bic or "",
    )


SETTINGS: Final[tuple[Any, ...]] = (settings_page, change_settings)
