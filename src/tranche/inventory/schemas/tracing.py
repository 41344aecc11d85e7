"""What is added to document 5 to follow stock: lineage, recall, what expires."""

from decimal import Decimal

from tranche.inventory.lineage import Edge
from tranche.inventory.schemas.lots import BatchOut, Iso, batch_out, iso, iso_or_none
from tranche.inventory.service.expiring import Expiring
from tranche.inventory.service.tracing import Consumer, Node, Outside, Recall, Recipient, Remainder, Trace
from tranche.kernel.web.json import Out


class NodeOut(Out, frozen=True):
    """A batch of a lineage: level 0 is the traced one, below 0 where it came from, above 0 where it went."""

    batch_id: int
    batch_number: str
    batch_name: str | None
    level: int
    supplier_batch_number: str | None
    expiration_date: Iso | None
    is_active: bool
    is_on_hold: bool
    hold_reason: str | None
    quantity: Decimal
    created_at: Iso


class EdgeOut(Out, frozen=True):
    """What moved from one batch into another in all."""

    source_batch_id: int
    destination_batch_id: int
    quantity: Decimal
    movements: int


class ConsumerOut(Out, frozen=True):
    """What took stock, such as an invoice."""

    consumer_kind: str
    consumer_id: int
    consumer_label: str
    customer_id: int | None
    customer_name: str | None
    quantity: Decimal
    taken_at: Iso
    batch_ids: list[int]


class OutTotals(Out, frozen=True):
    """What is with consumers."""

    consumers: int
    customers: int
    consumers_without_customer: int
    quantity: Decimal


class TraceOut(Out, frozen=True):
    """The lineage of a batch; `consumers` are the first hundred of `totals.consumers`."""

    batch: BatchOut
    batches: list[NodeOut]
    movements: list[EdgeOut]
    consumers: list[ConsumerOut]
    totals: OutTotals
    is_cut: bool


class RemainderOut(Out, frozen=True):
    """What a branch still has of a batch."""

    batch_id: int
    batch_number: str
    branch_id: int
    branch_name: str
    quantity: Decimal


class RecipientOut(Out, frozen=True):
    """A customer who got it; without an id all consumers that have no customer. `labels` are the first twenty."""

    customer_id: int | None
    name: str | None
    code: str | None
    email: str | None
    phone: str | None
    address: str | None
    quantity: Decimal
    consumers: int
    labels: list[str]
    first_at: Iso
    last_at: Iso


class RecallOut(Out, frozen=True):
    """What a recall must reach; `recipients` is the page that is asked for."""

    batch: BatchOut
    batches: list[NodeOut]
    remainders: list[RemainderOut]
    recipients: list[RecipientOut]
    totals: OutTotals
    is_cut: bool


class ExpiringOut(Out, frozen=True):
    """Stock that expires; `daysLeft` is 0 on the last day and below 0 afterwards."""

    batch_id: int
    batch_number: str
    batch_name: str | None
    item_id: int
    item_name: str
    item_code: str | None
    branch_id: int
    branch_name: str
    quantity: Decimal
    expiration_date: Iso
    days_left: int
    is_active: bool
    is_on_hold: bool


def trace_out(trace: Trace) -> TraceOut:
    return TraceOut(
        batch=batch_out(trace.lot),
        batches=[_node_out(node) for node in trace.nodes],
        movements=[_edge_out(edge) for edge in trace.edges],
        consumers=[_consumer_out(consumer) for consumer in trace.consumers],
        totals=_totals_out(trace.out),
        is_cut=trace.is_cut,
    )


def recall_out(recall: Recall) -> RecallOut:
    return RecallOut(
        batch=batch_out(recall.lot),
        batches=[_node_out(node) for node in recall.nodes],
        remainders=[_remainder_out(remainder) for remainder in recall.remainders],
        recipients=[_recipient_out(recipient) for recipient in recall.recipients],
        totals=_totals_out(recall.out),
        is_cut=recall.is_cut,
    )


def expiring_out(entry: Expiring) -> ExpiringOut:
    return ExpiringOut(
        batch_id=entry.lot_id,
        batch_number=entry.number,
        batch_name=entry.name,
        item_id=entry.item_id,
        item_name=entry.item_name,
        item_code=entry.item_code,
        branch_id=entry.branch_id,
        branch_name=entry.branch_name,
        quantity=entry.quantity,
        expiration_date=iso(entry.expires_at),
        days_left=entry.days_left,
        is_active=entry.is_active,
        is_on_hold=entry.hold_reason is not None,
    )


def _node_out(node: Node) -> NodeOut:
    return NodeOut(
        batch_id=node.id,
        batch_number=node.number,
        batch_name=node.name,
        level=node.level,
        supplier_batch_number=node.supplier_number,
        expiration_date=iso_or_none(node.expires_at),
        is_active=node.is_active,
        is_on_hold=node.hold_reason is not None,
        hold_reason=node.hold_reason,
        quantity=node.quantity,
        created_at=iso(node.created_at),
    )


def _edge_out(edge: Edge) -> EdgeOut:
    return EdgeOut(
        source_batch_id=edge.from_lot_id,
        destination_batch_id=edge.to_lot_id,
        quantity=edge.quantity,
        movements=edge.movements,
    )


def _consumer_out(consumer: Consumer) -> ConsumerOut:
    return ConsumerOut(
        consumer_kind=consumer.consumer_kind,
        consumer_id=consumer.consumer_id,
        consumer_label=consumer.consumer_label,
        customer_id=consumer.customer_id,
        customer_name=consumer.customer_name,
        quantity=consumer.quantity,
        taken_at=iso(consumer.taken_at),
        batch_ids=list(consumer.lot_ids),
    )


def _totals_out(out: Outside) -> OutTotals:
    return OutTotals(
        consumers=out.consumers,
        customers=out.customers,
        consumers_without_customer=out.without_customer,
        quantity=out.quantity,
    )


def _remainder_out(remainder: Remainder) -> RemainderOut:
    return RemainderOut(
        batch_id=remainder.lot_id,
        batch_number=remainder.number,
        branch_id=remainder.branch_id,
        branch_name=remainder.branch_name,
        quantity=remainder.quantity,
    )


def _recipient_out(recipient: Recipient) -> RecipientOut:
    return RecipientOut(
        customer_id=recipient.customer_id,
        name=recipient.name,
        code=recipient.code,
        email=recipient.email,
        phone=recipient.phone,
        address=recipient.address,
        quantity=recipient.quantity,
        consumers=recipient.consumers,
        labels=list(recipient.labels),
        first_at=iso(recipient.first_at),
        last_at=iso(recipient.last_at),
    )
