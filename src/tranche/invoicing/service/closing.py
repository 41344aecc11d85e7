"""Voiding and crediting: the number stays in its sequence, the order may be invoiced again, stock goes back."""

from datetime import datetime
from typing import Final

from tranche.inventory import service as stock
from tranche.invoicing.domain import InvoiceNotFound, InvoiceStatus, NotLive, invalid_field, number_prefix
from tranche.invoicing.queries import closing, issuing
from tranche.invoicing.service.issuing import CONSUMER
from tranche.invoicing.service.terms import get_settings, today
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection

_LONGEST: Final = 500


def void_invoice(conn: Connection, ctx: Context, *, invoice_id: int, reason: str) -> None:
    """Void one live invoice.

    Raises:
        InvoiceNotFound, NotLive
        Invalid: no reason is given, or a very long one.
    """
    reason = _checked(reason)
    _hold(conn, invoice_id=invoice_id)
    close_held(conn, ctx, status=InvoiceStatus.VOID, reason=reason, user_id=ctx.user_id)
    audit.record(conn, ctx, action="invoice.void", subject_id=invoice_id, detail={"reason": reason})


def credit_invoice(conn: Connection, ctx: Context, *, invoice_id: int, reason: str, now: datetime) -> int:
    """Issue a credit note over the whole of a live invoice, with the next number of its series; returns its id.

    Raises:
        InvoiceNotFound, NotLive
        Invalid: no reason is given, or a very long one.
    """
    reason = _checked(reason)
    _hold(conn, invoice_id=invoice_id)
    close_held(conn, ctx, status=InvoiceStatus.CREDITED, reason=reason, user_id=ctx.user_id)
    settings, day = get_settings(conn), today(conn, now=now)
    series = closing.find_series(conn, invoice_id=invoice_id)
    sequence = issuing.take_numbers(conn, series=series, year=day.year, count=1) + 1
    prefix = number_prefix(settings.number_format, series=series, year=day.year)
    note_id = closing.insert_credit_note(
        conn,
        invoice_id=invoice_id,
        number=f"{prefix}{sequence:0{settings.number_digits}}",
        sequence=sequence,
        today=day,
        user_id=ctx.user_id,
        notes=reason,
    )
    audit.record(conn, ctx, action="invoice.credit", subject_id=invoice_id, detail={"creditNoteId": note_id})
    return note_id


def void_batch(conn: Connection, ctx: Context, *, batch_id: int) -> int:
    """The port of orders: void the live invoices of an order batch that is to be deleted; returns how many."""
    closing.close_batch(conn, batch_id=batch_id)
    closing.lock(conn)
    voided = close_held(conn, ctx, status=InvoiceStatus.VOID, reason="The orders were deleted.", user_id=ctx.user_id)
    audit.record(conn, ctx, action="invoice.void_batch", subject_id=batch_id, detail={"invoices": voided})
    return voided


def mark_used_items(conn: Connection) -> None:
    """The port to items: fill `used_by` in the TEMP table `held_items(id, used_by)` where invoices hold an item."""
    closing.mark_used_items(conn)


def mark_freed_orders(conn: Connection) -> None:
    """The port to orders: set `is_freed` in the TEMP table `held` where the last change was the end of an invoice."""
    closing.mark_freed_orders(conn)


def close_held(conn: Connection, ctx: Context, *, status: InvoiceStatus, reason: str, user_id: int | None) -> int:
    """Close the live ones of the TEMP table `held_invoices` and put their stock back; returns how many."""
    stock.make_returns(conn)
    closing.fill_returns(conn)
    stock.put_back(conn, ctx, consumer_kind=CONSUMER, reason=reason)
    return closing.close(conn, status=status.value, reason=reason, user_id=user_id)


def _hold(conn: Connection, *, invoice_id: int) -> None:
    closing.close_one(conn, invoice_id=invoice_id)
    closing.lock(conn)
    held = closing.find_held(conn)
    if held is None:
        raise InvoiceNotFound.of(invoice_id)
    if held["kind"] != "invoice":
        raise NotLive(f"{held['number']} is a credit note; it can be neither voided nor credited.")
    if held["status"] != InvoiceStatus.ISSUED:
        raise NotLive(f"Invoice {held['number']} is {held['status']} already.")


def _checked(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > _LONGEST:
        raise invalid_field("/reason", f"must say why, in 1 to {_LONGEST} characters")
    return reason
