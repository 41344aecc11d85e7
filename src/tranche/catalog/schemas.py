"""The wire contract of items."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tranche.catalog.domain import Item
from tranche.kernel.web.json import Out


class ItemOut(Out, frozen=True):
    """An item; `extra` holds what a file had beside these fields."""

    id: int
    code: str | None
    name: str
    unit_price: Decimal | None
    stock_tracking: str
    extra: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime


def item_out(item: Item) -> ItemOut:
    return ItemOut(
        id=item.id,
        code=item.code,
        name=item.name,
        unit_price=item.unit_price,
        stock_tracking=item.stock_tracking.value,
        extra=item.extra,
        created_at=item.created_at.astimezone(UTC),
        updated_at=item.updated_at.astimezone(UTC),
    )
