"""The wire contract of items, with their batches where these are asked for."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

from msgspec import UNSET, UnsetType
from msgspec.structs import asdict

from tranche.catalog.domain import Item, ItemFields, StockTracking
from tranche.inventory.schemas.lots import BatchOut, Iso, batch_out, iso_or_none
from tranche.inventory.service.items import Stocked
from tranche.kernel.web.json import Body, Out


class NewItem(Body, frozen=True):
    """An item to make."""

    name: str
    code: str | None = None
    unit_price: Decimal | None = None
    stock_tracking: StockTracking = StockTracking.NONE


class NewItemBody(Body, frozen=True):
    """POST /api/items."""

    data: NewItem


class ItemChanges(Body, frozen=True):
    """What is left out stays as it is; null empties a field."""

    name: str | UnsetType = UNSET
    code: str | UnsetType | None = UNSET
    unit_price: Decimal | UnsetType | None = UNSET
    stock_tracking: StockTracking | UnsetType = UNSET


class ItemChangesBody(Body, frozen=True):
    """PUT /api/items/{id}."""

    data: ItemChanges


class BatchSummaryOut(Out, frozen=True):
    """What an item has together: in the branch that asks, or without one in all."""

    batch_count: int
    total_quantity: Decimal
    nearest_expiration: Iso | None


class ItemOut(Out, frozen=True):
    """An item; `extra` holds what a file had beside these fields. The last two come with `include=batches`."""

    id: int
    code: str | None
    name: str
    unit_price: Decimal | None
    stock_tracking: str
    extra: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime
    batches: list[BatchOut] | UnsetType = UNSET
    batch_summary: BatchSummaryOut | UnsetType = UNSET


def item_out(item: Item, stocked: Stocked | None = None) -> ItemOut:
    return ItemOut(
        id=item.id,
        code=item.code,
        name=item.name,
        unit_price=item.unit_price,
        stock_tracking=item.stock_tracking.value,
        extra=item.extra,
        created_at=item.created_at.astimezone(UTC),
        updated_at=item.updated_at.astimezone(UTC),
        batches=UNSET if stocked is None else [batch_out(lot) for lot in stocked.lots],
        batch_summary=UNSET if stocked is None else _summary_out(stocked),
    )


def fields_of(body: NewItem | ItemChanges) -> ItemFields:
    """The fields that were given."""
    return cast("ItemFields", {name: value for name, value in asdict(body).items() if value is not UNSET})


def _summary_out(stocked: Stocked) -> BatchSummaryOut:
    return BatchSummaryOut(
        batch_count=stocked.summary.batch_count,
        total_quantity=stocked.summary.total_quantity,
        nearest_expiration=iso_or_none(stocked.summary.nearest_expiration),
    )
