"""What stock consists of, and the refusals about it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from tranche.kernel.errors import Conflict, FieldError, Invalid, NotFound

SOON_DAYS: Final = 30


class Kind(StrEnum):
    """What a movement is."""

    RECEIVE = "receive"
    OPENING = "opening"
    ADJUST = "adjust"
    TRANSFER = "transfer"
    CONSOLIDATION = "consolidation"
    SPLIT = "split"
    BRANCH_TRANSFER = "branch_transfer"
    ISSUE = "issue"
    RETURN = "return"
    REVERSAL = "reversal"


class SortBy(StrEnum):
    """By what lots are listed; the words are document 5's."""

    CREATED_AT = "createdAt"
    BATCH_NUMBER = "batchNumber"
    BATCH_NAME = "batchName"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A lot with the names of what it refers to; `quantity` is what the asking branch has, None without a branch."""

    id: int
    organization_id: int
    item_id: int
    number: str
    name: str | None
    expires_at: datetime | None
    expires_on: date | None
    made_at: datetime | None
    cost_price: Decimal | None
    unit_price: Decimal | None
    supplier_number: str | None
    notes: str | None
    is_active: bool
    held_at: datetime | None
    hold_reason: str | None
    created_at: datetime
    updated_at: datetime
    created_by: str | None
    updated_by: str | None
    item_name: str
    item_code: str | None
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LotFilter:
    """What to list: None means any; `number` is the whole number, `search` a part of number or name."""

    item_id: int | None = None
    number: str | None = None
    search: str | None = None
    is_active: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One row of the ledger, with the numbers of its lots."""

    id: int
    organization_id: int
    operation_group_id: UUID
    kind: Kind
    item_id: int
    item_name: str
    from_lot_id: int | None
    from_number: str | None
    from_branch_id: int | None
    to_lot_id: int | None
    to_number: str | None
    to_branch_id: int | None
    quantity: Decimal
    notes: str | None
    consumer_kind: str | None
    consumer_id: int | None
    consumer_label: str | None
    customer_id: int | None
    reverses_id: int | None
    reversed_by_id: int | None
    created_by: int | None
    created_at: datetime

    @property
    def can_be_undone(self) -> bool:
        """Whether it is of the kind that can be; what has left since may still stand against it."""
        return self.kind is not Kind.REVERSAL and self.consumer_kind is None and self.reversed_by_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementFilter:
    """What of the history is asked for: None means any; without a kind, what consumers took is left out."""

    item_id: int | None = None
    lot_id: int | None = None
    kind: Kind | None = None
    group_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Consumed:
    """What a consumer took out of one lot; `number` is None where the item's stock is not kept in lots."""

    lot_id: int
    number: str | None
    item_id: int
    branch_id: int
    quantity: Decimal
    expires_on: date | None
    is_returned: bool


class NoBranch(Invalid):
    """A change of stock needs to know where."""

    code = "no_branch"

    def __init__(self, branches: str) -> None:
        """`branches` are those that there are, such as "1 (Main)"."""
        detail = f"is missing: name the branch in which the stock is. There are {branches}"
        super().__init__(
            f"x-branch-id {detail}. An API key of a branch brings its own.",
            errors=[FieldError("x-branch-id", detail, "required")],
        )


class UnknownLot(NotFound):
    """No such lot in this organization."""

    code = "unknown_batch"
    noun = "lot"


class LotNotInBranch(NotFound):
    """The lot that stock is to leave has never had any of this item in this branch."""

    code = "batch_not_in_branch"

    def __init__(self, number: str | None) -> None:
        what = f"lot {number}" if number else "stock"
        super().__init__(f"There is no {what} of this item in this branch.")


class NotEnough(Invalid):
    """A lot has less than is to leave it."""

    code = "insufficient_quantity"


class OtherItem(Invalid):
    """The destination is a lot of another item."""

    code = "other_item"


class LotInactive(Invalid):
    """An inactive lot takes no part in operations."""

    code = "batch_inactive"


class LotHeld(Invalid):
    """What is on hold must not get into another lot."""

    code = "batch_on_hold"


class UnknownOperation(NotFound):
    """No such movement in this organization."""

    code = "unknown_operation"
    noun = "movement"


class AlreadyUndone(Conflict):
    """The operation was undone before."""

    code = "already_undone"


class NotUndoable(Conflict):
    """The operation cannot be undone by this way."""

    code = "not_undoable"


class ConsumedSince(Conflict):
    """Something has left the lots since."""

    code = "consumed_since"


class TrackingInUse(Conflict):
    """The item has stock that the new way of tracking could not hold."""

    code = "stock_there"


class ImportUndone(Conflict):
    """The import was undone, or is just being undone."""

    code = "import_undone"


class ImportBusy(Conflict):
    """The import is still being worked on, or its undo is."""

    code = "import_processing"
