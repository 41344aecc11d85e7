"""The verbs of stock and of imports of items, one file each."""

from tranche.inventory.service.consumed import list_consumed
from tranche.inventory.service.demand import judge_demand, make_demand
from tranche.inventory.service.issue import issue, make_consumers
from tranche.inventory.service.item_imports import IMPORT_KIND, TARGET, UNDO_KIND, bring_in, undo
from tranche.inventory.service.put_back import make_returns, put_back

__all__ = [
    "IMPORT_KIND",
    "TARGET",
    "UNDO_KIND",
    "bring_in",
    "issue",
    "judge_demand",
    "list_consumed",
    "make_consumers",
    "make_demand",
    "make_returns",
    "put_back",
    "undo",
]
