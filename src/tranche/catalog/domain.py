"""What an item is, and the refusals about items."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tranche.kernel.errors import NotFound


class StockTracking(StrEnum):
    """How the stock of an item is kept: not at all, as one quantity, or in lots."""

    NONE = "none"
    PLAIN = "plain"
    LOTS = "lots"


@dataclass(frozen=True, slots=True)
class Item:
    """Something that is sold; `code` is unique in its organization, and without one the name is."""

    id: int
    code: str | None
    name: str
    unit_price: Decimal | None
    stock_tracking: StockTracking
    created_at: datetime
    updated_at: datetime
    extra: dict[str, Any] | None = None


class UnknownItem(NotFound):
    """No such item in this organization."""

    code = "unknown_item"

    def __init__(self) -> None:
        super().__init__("There is no such item.")
