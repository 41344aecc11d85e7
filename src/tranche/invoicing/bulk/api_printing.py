"""One invoice as a file, the design of invoices with its preview, and who a sending would reach."""

import base64
import binascii
import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Final

from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, UnsetType

from tranche.invoicing import service as invoicing
from tranche.invoicing.bulk.api import SCOPED
from tranche.invoicing.bulk.api_verbs import wish_of
from tranche.invoicing.bulk.design import change_design, change_logo, get_design
from tranche.invoicing.bulk.previewing import look_ahead
from tranche.invoicing.bulk.sample import sample_document
from tranche.invoicing.bulk.schemas import MessagesBody
from tranche.invoicing.domain import invalid_field
from tranche.invoicing.printing.design import Design
from tranche.invoicing.printing.figures import list_languages
from tranche.invoicing.printing.logos import check_logo
from tranche.invoicing.printing.press import prepare, preview
from tranche.invoicing.printing.printer import Printer
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.web.auth import SCOPE, admin, viewer
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.headers import KEEPS_NOTHING
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import Body, JsonResponse, Out
from tranche.kernel.web.openapi import choice, takes
from tranche.kernel.web.pointers import under
from tranche.kernel.web.requests import AnyRequest, allow_query, read_choice

_SETTINGS: Final = {SCOPE: "settings"}
_LANGUAGE: Final = choice("language", "Another language than the invoice's.", choices=list_languages())


class DesignChanges(Body, frozen=True):
    """What is left out stays as it is; `logo` is a PNG or JPEG in base64, null takes it away."""

    accent: str | UnsetType = UNSET
    footer: str | UnsetType = UNSET
    paper: str | UnsetType = UNSET
    country: str | UnsetType = UNSET
    payment_qr: bool | UnsetType = UNSET
    e_invoice: bool | UnsetType = UNSET
    logo: str | UnsetType | None = UNSET


class DesignBody(Body, frozen=True):
    """PUT /api/invoice-design and its preview."""

    data: DesignChanges


class DesignOut(Out, frozen=True):
    """What invoices look like; the logo by its hash."""

    accent: str
    footer: str
    paper: str
    country: str
    payment_qr: bool
    e_invoice: bool
    logo_sha256: str | None
    languages: list[str]


class ReachOut(Out, frozen=True):
    """One customer whom a sending would reach, or why not."""

    invoice_id: int
    number: str
    customer: str
    address: str | None
    code: str | None
    reason: str | None


class SampleOut(Out, frozen=True):
    """What one recipient would get."""

    number: str
    customer: str
    subject: str
    body: str
    pdf: str | None


class LookAheadOut(Out, frozen=True):
    """What a sending would do: counts, those whom it would not reach (at most 1,000), three samples.

    `alreadySent` of the reachable invoices went out by this channel before, the last one at `lastSentAt`.
    """

    total: int
    reachable: int
    already_sent: int
    last_sent_at: datetime | None
    unreachable: list[ReachOut]
    samples: list[SampleOut]
    provider: str
    is_real: bool


@get(
    "/api/invoices/{invoice_id:int}/pdf",
    opt=SCOPED,
    sync_to_thread=True,
    media_type="application/pdf",
    operation_class=takes(_LANGUAGE),
)
def fetch_pdf(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    printer: NamedDependency[Printer],
    invoice_id: FromPath[int],
) -> Response[bytes]:
    """The invoice as PDF/A-3 in its language, or in `language`."""
    allow_query(request, {"language"})
    language = read_choice(request, "language", choices=list_languages())
    with database.transaction(ctx.organization_id) as conn:
        document, design = invoicing.get_invoice_document(conn, invoice_id), get_design(conn)
    proof = prepare(replace(document, language=language) if language else document, design)
    name = "".join(char if char.isalnum() or char in "-_." else "-" for char in document.number)
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"', "ETag": f'"{proof.data_hash}"'}
    return Response(printer.print(proof.job), media_type="application/pdf", headers=headers)


@get("/api/invoice-design", opt=_SETTINGS, sync_to_thread=True)
def find_design(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[DesignOut]:
    """What invoices look like."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        return envelope(ctx, _out(get_design(conn)), message="Invoice design fetched")


@put("/api/invoice-design", opt=_SETTINGS, guards=[admin], sync_to_thread=True)
def update_design(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    printer: NamedDependency[Printer],
    data: JSONBody[DesignBody],
) -> JsonResponse[Envelope[DesignOut]]:
    """Change what is given; what was printed stays as it is."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        with under("/data"):
            wanted = _changed(get_design(conn), data.data)
            has_logo = not isinstance(data.data.logo, UnsetType)
            design = (
                change_logo(conn, ctx, printer, design=wanted) if has_logo else change_design(conn, ctx, design=wanted)
            )
        return Answer(envelope(ctx, _out(design), message="Invoice design updated"))

    return act(database, ctx, request, action, given=data)


@post(
    "/api/invoice-design/preview",
    opt={**_SETTINGS, KEEPS_NOTHING: True},
    guards=[viewer],
    status_code=200,
    sync_to_thread=True,
    media_type="image/png",
    operation_class=takes(_LANGUAGE),
)
def preview_design(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    printer: NamedDependency[Printer],
    data: JSONBody[DesignBody],
) -> Response[bytes]:
    """A made-up invoice in this design and `language` as a picture; nothing is kept."""
    allow_query(request, {"language"})
    language = read_choice(request, "language", choices=list_languages())
    with database.transaction(ctx.organization_id) as conn, under("/data"):
        design = _changed(get_design(conn), data.data)
        document = sample_document(conn, language=language)
    return Response(preview(printer, document, design), media_type="image/png")


@post(
    "/api/batch-operations/communications/preview",
    opt={**SCOPED, KEEPS_NOTHING: True},
    guards=[viewer],
    status_code=200,
    sync_to_thread=True,
)
def preview_messages(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: JSONBody[MessagesBody],
) -> Envelope[LookAheadOut]:
    """Whom a sending would reach, whom not and why, and what the first three would get; nothing is sent."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        found = look_ahead(conn, invoice_ids=data.invoice_ids, wish=wish_of(data))
    out = LookAheadOut(
        total=found.total,
        reachable=found.reachable,
        already_sent=found.already_sent,
        last_sent_at=found.last_sent_at,
        unreachable=[
            ReachOut(
                invoice_id=one.invoice_id,
                number=one.number,
                customer=one.customer,
                address=one.address,
                code=one.code,
                reason=one.reason,
            )
            for one in found.unreachable
        ],
        samples=[
            SampleOut(
                number=one.number,
                customer=one.customer,
                subject=one.subject,
                body=one.body,
                pdf=f"/api/invoices/{one.invoice_id}/pdf" if data.options.include_pdf else None,
            )
            for one in found.samples
        ],
        provider=found.provider,
        is_real=found.is_real,
    )
    return envelope(ctx, out, message="Nothing was sent")


def _out(design: Design) -> DesignOut:
    return DesignOut(
        accent=design.accent,
        footer=design.footer,
        paper=design.paper,
        country=design.country,
        payment_qr=design.payment_qr,
        e_invoice=design.e_invoice,
        logo_sha256=hashlib.sha256(design.logo).hexdigest() if design.logo else None,
        languages=list_languages(),
    )


def _changed(design: Design, changes: DesignChanges) -> Design:
    given = {
        name: value
        for name in ("accent", "footer", "paper", "country", "payment_qr", "e_invoice")
        if (value := getattr(changes, name)) is not UNSET
    }
    if not isinstance(changes.logo, UnsetType):
        given["logo"] = _read_logo(changes.logo)
    return replace(design, **given)


def _read_logo(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise invalid_field("/logo", "must be base64") from None
    check_logo(content)
    return content


PRINTING: Final = (fetch_pdf, find_design, update_design, preview_design, preview_messages)
