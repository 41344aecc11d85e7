"""What stock consists of, and the refusals around imports of items."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tranche.kernel.errors import Conflict


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


class ImportUndone(Conflict):
    """The import was undone, or is just being undone."""

    code = "import_undone"


class ImportBusy(Conflict):
    """The import is still being worked on, or its undo is."""

    code = "import_processing"


class NothingToUndo(Conflict):
    """The import has brought nothing in."""

    code = "nothing_to_undo"
