"""The verbs of stock and of imports of items, one file each."""

from tranche.inventory.service.consumed import list_consumed
from tranche.inventory.service.demand import judge_demand, make_demand
from tranche.inventory.service.expiring import count_expiring, list_expiring
from tranche.inventory.service.history import get_movement, list_movements
from tranche.inventory.service.issue import issue, make_consumers
from tranche.inventory.service.item_imports import IMPORT_KIND, TARGET, UNDO_KIND, bring_in, find_undo_hindrance, undo
from tranche.inventory.service.items import create_item, stock_of, summaries_of, update_item
from tranche.inventory.service.lots import (
    create_lot,
    get_lot,
    list_first_lots,
    list_lots,
    list_lots_of_item,
    update_lot,
)
from tranche.inventory.service.operating import Share, consolidate, split, transfer
from tranche.inventory.service.put_back import make_returns, put_back
from tranche.inventory.service.receiving import Receipt, adjust, receive, send
from tranche.inventory.service.rehearsing import Rehearsal, rehearse
from tranche.inventory.service.reversing import reverse
from tranche.inventory.service.spread import Spread, spread_of
from tranche.inventory.service.states import get_stock, hold, release, set_active
from tranche.inventory.service.tracing import recall, trace

__all__ = [
    "IMPORT_KIND",
    "TARGET",
    "UNDO_KIND",
    "Receipt",
    "Rehearsal",
    "Share",
    "Spread",
    "adjust",
    "bring_in",
    "consolidate",
    "count_expiring",
    "create_item",
    "create_lot",
    "find_undo_hindrance",
    "get_lot",
    "get_movement",
    "get_stock",
    "hold",
    "issue",
    "judge_demand",
    "list_consumed",
    "list_expiring",
    "list_first_lots",
    "list_lots",
    "list_lots_of_item",
    "list_movements",
    "make_consumers",
    "make_demand",
    "make_returns",
    "put_back",
    "recall",
    "receive",
    "rehearse",
    "release",
    "reverse",
    "send",
    "set_active",
    "split",
    "spread_of",
    "stock_of",
    "summaries_of",
    "trace",
    "transfer",
    "undo",
    "update_item",
    "update_lot",
]
