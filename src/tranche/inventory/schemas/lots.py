"""Document 5's batch object, and the bodies that make and change it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import asdict

from tranche.inventory.domain import Lot
from tranche.inventory.service.lots import FIELDS
from tranche.inventory.service.states import LotStock
from tranche.kernel.web.json import Body, Out

# The document writes moments with milliseconds: 2024-12-31T00:00:00.000Z
Iso: TypeAlias = Annotated[str, Meta(extra_json_schema={"extra": {"format": "date-time"}})]
Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]

_OURS = {wire: ours for ours, wire in FIELDS.items()}


class NewBatch(Body, frozen=True):
    """A batch to make; its number is given to it."""

    item_id: int
    batch_name: str
    cost_price: Decimal
    unit_price: Decimal
    expiration_date: Moment | None = None
    manufacturing_date: Moment | None = None
    supplier_batch_number: str | None = None
    notes: str | None = None


class NewBatchBody(Body, frozen=True):
    """POST /api/batches."""

    data: NewBatch


class BatchChanges(Body, frozen=True):
    """What is left out stays as it is; null empties a field. At least one must be given."""

    batch_name: str | UnsetType | None = UNSET
    expiration_date: Moment | UnsetType | None = UNSET
    manufacturing_date: Moment | UnsetType | None = UNSET
    cost_price: Decimal | UnsetType | None = UNSET
    unit_price: Decimal | UnsetType | None = UNSET
    supplier_batch_number: str | UnsetType | None = UNSET
    notes: str | UnsetType | None = UNSET


class BatchChangesBody(Body, frozen=True):
    """PUT /api/batches/{id}."""

    data: BatchChanges


class BatchOut(Out, frozen=True):
    """A batch; `quantity` is there when a branch asks, and says what this branch has."""

    id: int
    company_id: int
    item_id: int
    batch_number: str
    batch_name: str | None
    expiration_date: Iso | None
    manufacturing_date: Iso | None
    cost_price: Decimal | None
    unit_price: Decimal | None
    supplier_batch_number: str | None
    notes: str | None
    is_active: bool
    created_at: Iso
    updated_at: Iso
    created_by: str | None
    updated_by: str | None
    item_name: str | None
    item_code: str | None
    quantity: Decimal | UnsetType | None = UNSET


class HoldRequest(Body, frozen=True):
    """Why a batch is kept back."""

    reason: str


class HoldBody(Body, frozen=True):
    """POST /api/batches/{id}/hold."""

    data: HoldRequest


class PlaceOut(Out, frozen=True):
    """What a branch has of a batch."""

    branch_id: int
    branch_name: str
    quantity: Decimal


class BatchStockOut(Out, frozen=True):
    """A batch with all its places."""

    batch: BatchOut
    is_on_hold: bool
    hold_reason: str | None
    held_at: Iso | None
    held_by: str | None
    total_quantity: Decimal
    branches: list[PlaceOut]


def iso(moment: datetime) -> str:
    """A moment as document 5 writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)


def batch_out(lot: Lot) -> BatchOut:
    return BatchOut(
        id=lot.id,
        company_id=lot.organization_id,
        item_id=lot.item_id,
        batch_number=lot.number,
        batch_name=lot.name,
        expiration_date=iso_or_none(lot.expires_at),
        manufacturing_date=iso_or_none(lot.made_at),
        cost_price=lot.cost_price,
        unit_price=lot.unit_price,
        supplier_batch_number=lot.supplier_number,
        notes=lot.notes,
        is_active=lot.is_active,
        created_at=iso(lot.created_at),
        updated_at=iso(lot.updated_at),
        created_by=lot.created_by,
        updated_by=lot.updated_by,
        item_name=lot.item_name,
        item_code=lot.item_code,
        quantity=UNSET if lot.quantity is None else lot.quantity,
    )


def stock_out(stock: LotStock) -> BatchStockOut:
    return BatchStockOut(
        batch=batch_out(stock.lot),
        is_on_hold=stock.held_at is not None,
        hold_reason=stock.lot.hold_reason,
        held_at=iso_or_none(stock.held_at),
        held_by=stock.held_by,
        total_quantity=stock.total,
        branches=[
            PlaceOut(branch_id=p.branch_id, branch_name=p.branch_name, quantity=p.quantity) for p in stock.places
        ],
    )


def values_of(body: NewBatch | BatchChanges) -> dict[str, Any]:
    """The fields that were given, under our names."""
    given = {name: value for name, value in asdict(body).items() if value is not UNSET}
    encoded = dict(zip(body.__struct_fields__, body.__struct_encode_fields__, strict=True))
    return {_OURS[encoded[name]]: value for name, value in given.items() if encoded[name] in _OURS}
