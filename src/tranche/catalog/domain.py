"""What an item is, and the refusals about items."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypedDict

from tranche.kernel.errors import Conflict, FieldError, Invalid, NotFound
from tranche.kernel.text import fold

_LONGEST = {"code": 200, "name": 500}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_MOST_PRICE = Decimal(10) ** 12
_PRICE_PLACES = 10


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


class ItemFields(TypedDict, total=False):
    """What a person may set; an absent key means no change, None means empty."""

    code: str | None
    name: str
    unit_price: Decimal | None
    stock_tracking: StockTracking


class UnknownItem(NotFound):
    """No such item in this organization."""

    code = "unknown_item"
    noun = "item"


class ItemTaken(Conflict):
    """Another item has this code, or without a code this name, so that nothing would tell the two apart."""

    code = "item_taken"


def clean(fields: ItemFields) -> ItemFields:
    """Cut the ends and make empty texts None.

    Raises:
        Invalid: a name that is none, something too long, a line break, a price that is none.
    """
    cut = fields.copy()
    if "code" in cut:
        cut["code"] = (cut["code"] or "").strip() or None
    if "name" in cut:
        cut["name"] = cut["name"].strip()
    faults = [*_text_faults(cut), *_price_faults(cut.get("unit_price"))]
    if faults:
        raise Invalid(" ".join(f"{fault.pointer[1:]} {fault.detail}." for fault in faults), errors=faults)
    return cut


def _text_faults(fields: ItemFields) -> list[FieldError]:
    faults = []
    if "name" in fields and not fold(fields["name"]):
        faults.append(FieldError("/name", "must not be empty", "required"))
    for key, text in (("code", fields.get("code")), ("name", fields.get("name"))):
        if text and len(text) > _LONGEST[key]:
            faults.append(FieldError(f"/{key}", f"must have at most {_LONGEST[key]} characters", "too_long"))
        if text and _CONTROL.search(text):
            faults.append(FieldError(f"/{key}", "must not hold line breaks or other control characters"))
    return faults


def _price_faults(price: Decimal | None) -> list[FieldError]:
    if price is None:
        return []
    if price < 0:
        return [FieldError("/unitPrice", "must not be below 0")]
    exponent = price.normalize().as_tuple().exponent
    if price >= _MOST_PRICE or (isinstance(exponent, int) and -exponent > _PRICE_PLACES):
        return [FieldError("/unitPrice", f"must have at most 12 digits before the point and {_PRICE_PLACES} behind it")]
    return []
