"""The verbs of document 3: start its three kinds of operation, look at them, send again what bounced."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from tranche.invoicing import service as invoicing
from tranche.invoicing.bulk.domain import (
    INVOICES_KIND,
    MESSAGES_KIND,
    MOST_LISTED,
    NOTICES_KIND,
    PDFS_KIND,
    TYPES,
    Afterwards,
    BatchItem,
    BatchNotFound,
    BatchOperation,
    FileNotFound,
    LineWish,
    MadeFile,
    NothingToSend,
    SendWish,
    check_wish,
)
from tranche.invoicing.bulk.issuing import dump_lines
from tranche.invoicing.bulk.queries import batches, customers, members
from tranche.invoicing.domain import Terms, invalid_field
from tranche.invoicing.printing.figures import list_languages
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.identity.service import get_organization
from tranche.kernel.operations.domain import Operation, OperationNotFound
from tranche.kernel.operations.service import Operations, get_operation
from tranche.messaging import service as messaging
from tranche.messaging.domain import State

_MOST_NAMED = 5
_SMALL = 100
_SENDERS = frozenset({invoicing.RUN_KIND}.union(*TYPES.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicesWish:
    """POST /api/batch-operations/invoices, as the domain has it."""

    customer_ids: Sequence[int]
    lines: Sequence[LineWish]
    terms: Terms
    afterwards: Afterwards
    metadata: dict[str, Any]


def start_invoices(conn: Connection, ctx: Context, operations: Operations, *, wanted: InvoicesWish) -> Operation:
    """Begin to invoice every customer, in the order given, with the same lines.

    Raises:
        Invalid: names the field.
    """
    _check_ids(wanted.customer_ids, "customer_ids")
    unknown = customers.list_unknown_items(conn, item_ids=[line.item_id for line in wanted.lines])
    if unknown:
        place = next(n for n, line in enumerate(wanted.lines) if line.item_id == unknown[0])
        raise invalid_field(f"/options/items/{place}/inventory_item_id", f"is no item of yours: {unknown[0]}")
    count = customers.want_customers(conn, customer_ids=wanted.customer_ids)
    operation = operations.start(
        conn,
        ctx,
        kind=INVOICES_KIND,
        label=f"Invoices for {count:,} customers" if count > 1 else "Invoice for 1 customer",
        payload={
            **wanted.terms.dump(),
            "lines": dump_lines(list(wanted.lines)),
            "currency": get_organization(conn).currency,
            **wanted.afterwards.dump(),
            "metadata": wanted.metadata,
        },
        wanted=count,
        is_small=count <= _SMALL,
    )
    audit.record(conn, ctx, action="batch_operation.invoices", subject_id=operation.id, detail={"customers": count})
    return operation


def start_pdfs(
    conn: Connection,
    ctx: Context,
    operations: Operations,
    *,
    invoice_ids: Sequence[int],
    language: str | None,
    combined: bool,
    metadata: dict[str, Any],
) -> Operation:
    """Begin to print invoices, and to gather them in a zip and, if wanted, in one combined file.

    Raises:
        Invalid: names the field.
    """
    if language is not None and language not in list_languages():
        raise invalid_field("/options/language", f"must be one of {', '.join(list_languages())}")
    count = _want(conn, invoice_ids, by_customer=False)
    payload = {"language": language, "bundle": True, "combined": combined, "send": None, "metadata": metadata}
    label = f"PDFs of {count:,} invoices" if count > 1 else "PDF of 1 invoice"
    return _start(conn, ctx, operations, kind=PDFS_KIND, label=label, payload=payload, count=count)


def start_messages(
    conn: Connection,
    ctx: Context,
    operations: Operations,
    *,
    invoice_ids: Sequence[int],
    wish: SendWish,
    metadata: dict[str, Any],
) -> Operation:
    """Begin to send invoices by one channel, one message each or one for each customer.

    Raises:
        Invalid: names the field.
        TemplateNotFound
    """
    check_wish(wish)
    language = get_organization(conn).language
    messaging.get_template(conn, name=wish.template, channel=wish.channel, language=language)
    count = _want(conn, invoice_ids, by_customer=wish.by_customer)
    what = f"{count:,} messages" if count > 1 else "1 message"
    return _start(
        conn,
        ctx,
        operations,
        kind=MESSAGES_KIND if wish.include_pdf else NOTICES_KIND,
        label=f"Invoices by {wish.channel}: {what}",
        payload={"language": None, "send": wish.dump(), "bundle": False, "metadata": metadata},
        count=count,
    )


def resend(
    conn: Connection, ctx: Context, operations: Operations, *, operation_id: int, states: Sequence[State]
) -> Operation:
    """Begin a new operation over what bounced or failed in an ended one, to the addresses of now.

    Raises:
        BatchNotFound
        NothingToSend: no message of it stands in one of the states.
    """
    before = get_sender(conn, operation_id=operation_id).payload
    positions = messaging.list_positions(conn, operation_id=operation_id, states=states)
    ids = members.list_members_of(conn, operation_id=operation_id, positions=positions)
    if not ids or not before.get("send"):
        raise NothingToSend(f"No message of this operation is {' or '.join(states)}.")
    wish = replace(SendWish.load(before["send"]), by_customer=len(positions) < len(ids))
    metadata = {**(before.get("metadata") or {}), "resends": operation_id}
    return start_messages(conn, ctx, operations, invoice_ids=ids, wish=wish, metadata=metadata)


def list_batches(
    conn: Connection,
    *,
    kind: str | None,
    status: str | None,
    created_by: int | None,
    since: date | None,
    until: date | None,
    limit: int,
    offset: int,
) -> tuple[list[BatchOperation], int]:
    """A page of operations, newest first, and how many match; `kind` is document 3's type, days are inclusive."""
    kinds = TYPES[kind] if kind else [each for found in TYPES.values() for each in found]
    return batches.list_batches(
        conn,
        kinds=kinds,
        status=status,
        created_by=created_by,
        since=since,
        until=until,
        limit=limit,
        offset=offset,
    )


def get_batch(conn: Connection, *, operation_id: int) -> BatchOperation:
    """One operation.

    Raises:
        BatchNotFound
    """
    found = batches.find_batch(conn, operation_id=operation_id)
    if found is None:
        raise BatchNotFound.of(operation_id)
    return found


def get_sender(conn: Connection, *, operation_id: int) -> Operation:
    """An operation that may have files and messages: one of document 3, or a run over orders.

    Raises:
        BatchNotFound
    """
    try:
        found = get_operation(conn, operation_id=operation_id)
    except OperationNotFound:
        found = None
    if found is None or found.kind not in _SENDERS:
        raise BatchNotFound.of(operation_id)
    return found


def list_items(conn: Connection, *, operation_id: int, status: str | None, after: int, limit: int) -> list[BatchItem]:
    """Items behind the id `after`.

    Raises:
        BatchNotFound
    """
    get_batch(conn, operation_id=operation_id)
    return batches.list_items(conn, operation_id=operation_id, status=status, after=after, limit=limit)


def get_statistics(conn: Connection) -> Row:
    """Counts by type and status, rate of success in per cent, average duration in seconds."""
    return batches.find_statistics(conn)


def list_files(conn: Connection, *, operation_id: int) -> list[MadeFile]:
    """The files that an operation made.

    Raises:
        BatchNotFound
    """
    get_sender(conn, operation_id=operation_id)
    return batches.list_made_files(conn, operation_id=operation_id)


def get_file(conn: Connection, *, operation_id: int, name: str) -> MadeFile:
    """One of them.

    Raises:
        BatchNotFound, FileNotFound
    """
    for found in list_files(conn, operation_id=operation_id):
        if found.name == name:
            return found
    raise FileNotFound.of(name, hint=f"operation {operation_id} has made none of that name")


def _start(
    conn: Connection,
    ctx: Context,
    operations: Operations,
    *,
    kind: str,
    label: str,
    payload: dict[str, Any],
    count: int,
) -> Operation:
    operation = operations.start(
        conn, ctx, kind=kind, label=label, payload=payload, wanted=count, is_small=count <= _SMALL
    )
    members.keep_wanted(conn, operation_id=operation.id)
    audit.record(conn, ctx, action=f"batch_operation.{kind}", subject_id=operation.id, detail={"items": count})
    return operation


def require_known(conn: Connection, invoice_ids: Sequence[int]) -> None:
    """Refuse a list with what is no invoice of the organization.

    Raises:
        Invalid: names the ids, at most five.
    """
    if unknown := members.list_unknown(conn, invoice_ids=invoice_ids, limit=_MOST_NAMED):
        named = ", ".join(map(str, unknown))
        raise invalid_field("/invoice_ids", f"holds numbers that are no invoices of yours: {named}")


def _want(conn: Connection, invoice_ids: Sequence[int], *, by_customer: bool) -> int:
    _check_ids(invoice_ids, "invoice_ids")
    require_known(conn, invoice_ids)
    members.want_invoices(conn, invoice_ids=invoice_ids, by_customer=by_customer)
    return members.count_wanted(conn)


def _check_ids(ids: Sequence[int], name: str) -> None:
    if not ids:
        raise invalid_field(f"/{name}", "must hold at least one id")
    if len(ids) > MOST_LISTED:
        raise invalid_field(f"/{name}", f"must hold at most {MOST_LISTED:,} ids; send the rest in another request")
    if len(set(ids)) != len(ids):
        twice = Counter(ids).most_common(1)[0][0]
        raise invalid_field(f"/{name}", f"holds {twice} more than once")
