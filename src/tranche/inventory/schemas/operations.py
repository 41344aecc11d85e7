"""The bodies of operations on batches, and what they answer: document 5's operation object, and any movement."""

from decimal import Decimal
from typing import Annotated, Final

from msgspec import Meta

from tranche.inventory.domain import Kind, Movement
from tranche.inventory.schemas.lots import Iso, Moment, iso
from tranche.inventory.service.moving import Moved
from tranche.inventory.service.operating import Share
from tranche.inventory.wishes import MOST_LEGS
from tranche.kernel.web.json import Body, Out

WORDS: Final[dict[Kind, str]] = {
    Kind.RECEIVE: "receive",
    Kind.OPENING: "opening",
    Kind.ADJUST: "adjust",
    Kind.TRANSFER: "batchTransfer",
    Kind.CONSOLIDATION: "batchConsolidation",
    Kind.SPLIT: "batchSplit",
    Kind.BRANCH_TRANSFER: "branchTransfer",
    Kind.ISSUE: "issue",
    Kind.RETURN: "return",
    Kind.REVERSAL: "reversal",
}
# The verbs judge it, because they say at once all that is wrong.
_LEGS: Final = Meta(extra_json_schema={"extra": {"min_items": 1, "max_items": MOST_LEGS}})
KINDS: Final = {word: kind for kind, word in WORDS.items()}


class Transfer(Body, frozen=True):
    """From one batch into another one."""

    item_id: int
    source_batch_number: str
    destination_batch_number: str
    quantity: Decimal
    cost_price: Decimal | None = None
    unit_price: Decimal | None = None
    expiration_date: Moment | None = None
    notes: str | None = None


class TransferBody(Body, frozen=True):
    """POST /api/batch/transfer."""

    data: Transfer


class Source(Body, frozen=True):
    """What goes into the destination; without a quantity all that the branch has."""

    batch_number: str
    quantity: Decimal | None = None
    cost_price: Decimal | None = None
    unit_price: Decimal | None = None
    expiration_date: Moment | None = None


class Consolidation(Body, frozen=True):
    """From several batches into one."""

    item_id: int
    destination_batch_number: str
    sources: Annotated[list[Source], _LEGS]
    notes: str | None = None


class ConsolidationBody(Body, frozen=True):
    """POST /api/batch/consolidation."""

    data: Consolidation


class Destination(Body, frozen=True):
    """What comes out of the source."""

    batch_number: str
    quantity: Decimal
    cost_price: Decimal | None = None
    unit_price: Decimal | None = None
    expiration_date: Moment | None = None


class Split(Body, frozen=True):
    """From one batch into several."""

    item_id: int
    source_batch_number: str
    destinations: Annotated[list[Destination], _LEGS]
    notes: str | None = None


class SplitBody(Body, frozen=True):
    """POST /api/batch/split."""

    data: Split


class Receive(Body, frozen=True):
    """What comes in; without a batch number it is plain stock of an item that is not kept in batches."""

    item_id: int
    quantity: Decimal
    batch_number: str | None = None
    batch_name: str | None = None
    cost_price: Decimal | None = None
    unit_price: Decimal | None = None
    expiration_date: Moment | None = None
    manufacturing_date: Moment | None = None
    supplier_batch_number: str | None = None
    notes: str | None = None


class ReceiveBody(Body, frozen=True):
    """POST /api/batch/receive."""

    data: Receive


class Adjust(Body, frozen=True):
    """A correction: `quantity` is the change with its sign, `countedQuantity` what is really there."""

    item_id: int
    batch_number: str | None = None
    quantity: Decimal | None = None
    counted_quantity: Decimal | None = None
    notes: str | None = None


class AdjustBody(Body, frozen=True):
    """POST /api/batch/adjust."""

    data: Adjust


class BranchTransfer(Body, frozen=True):
    """From the branch of the request to another one."""

    item_id: int
    to_branch_id: int
    quantity: Decimal
    batch_number: str | None = None
    notes: str | None = None


class BranchTransferBody(Body, frozen=True):
    """POST /api/batch/branch-transfer."""

    data: BranchTransfer


class BatchOperationOut(Out, frozen=True):
    """Document 5's operation; it is never changed, so `updatedAt` is `createdAt` and `updatedBy` null."""

    id: int
    company_id: int
    branch_id: int
    item_id: int
    operation_type: str
    source_batch_id: int
    source_batch_number: str
    destination_batch_id: int
    destination_batch_number: str
    quantity: Decimal
    notes: str | None
    created_at: Iso
    updated_at: Iso
    created_by: int | None
    updated_by: int | None


class MovementOut(Out, frozen=True):
    """Any movement of stock; what does not apply to its kind is null."""

    id: int
    company_id: int
    operation_group_id: str
    operation_type: str
    item_id: int
    item_name: str
    source_batch_id: int | None
    source_batch_number: str | None
    source_branch_id: int | None
    destination_batch_id: int | None
    destination_batch_number: str | None
    destination_branch_id: int | None
    quantity: Decimal
    notes: str | None
    consumer_kind: str | None
    consumer_id: int | None
    consumer_label: str | None
    customer_id: int | None
    reverses_id: int | None
    reversed_by_id: int | None
    created_at: Iso
    created_by: int | None


def operation_out(moved: Moved, *, company_id: int) -> BatchOperationOut:
    return BatchOperationOut(
        id=moved.id,
        company_id=company_id,
        branch_id=moved.branch_id,
        item_id=moved.item_id,
        operation_type=WORDS[moved.kind],
        source_batch_id=moved.source_id,
        source_batch_number=moved.source_number,
        destination_batch_id=moved.destination_id,
        destination_batch_number=moved.destination_number,
        quantity=moved.quantity,
        notes=moved.notes,
        created_at=iso(moved.created_at),
        updated_at=iso(moved.created_at),
        created_by=moved.created_by,
        updated_by=None,
    )


def movement_out(movement: Movement) -> MovementOut:
    return MovementOut(
        id=movement.id,
        company_id=movement.organization_id,
        operation_group_id=str(movement.operation_group_id),
        operation_type=WORDS[movement.kind],
        item_id=movement.item_id,
        item_name=movement.item_name,
        source_batch_id=movement.from_lot_id,
        source_batch_number=movement.from_number,
        source_branch_id=movement.from_branch_id,
        destination_batch_id=movement.to_lot_id,
        destination_batch_number=movement.to_number,
        destination_branch_id=movement.to_branch_id,
        quantity=movement.quantity,
        notes=movement.notes,
        consumer_kind=movement.consumer_kind,
        consumer_id=movement.consumer_id,
        consumer_label=movement.consumer_label,
        customer_id=movement.customer_id,
        reverses_id=movement.reverses_id,
        reversed_by_id=movement.reversed_by_id,
        created_at=iso(movement.created_at),
        created_by=movement.created_by,
    )


def share_of(part: Source | Destination) -> Share:
    return Share(
        number=part.batch_number,
        quantity=part.quantity,
        cost_price=part.cost_price,
        unit_price=part.unit_price,
        expires_at=part.expiration_date,
    )
