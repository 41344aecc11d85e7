"""The verbs of the catalog."""

from tranche.catalog import queries
from tranche.catalog.domain import Item, UnknownItem
from tranche.kernel.db import matching
from tranche.kernel.db.matching import MatchCounts
from tranche.kernel.db.pool import Connection


def find(conn: Connection, *, item_id: int) -> Item:
    """Raises UnknownItem."""
    item = queries.find_item(conn, item_id=item_id)
    if item is None:
        raise UnknownItem
    return item


def match(conn: Connection) -> MatchCounts:
    """Fill `item_id` in the TEMP table `wanted_items` where the item exists; make none.

    The table: `wanted_items(code text, name text, unit_price numeric, item_id bigint)`, its prices judged before.
    A row without an answer has a `refusal`, or else its item would be made by `match_or_create`.
    """
    return matching.match(conn, target=queries.WANTED)


def match_or_create(conn: Connection) -> MatchCounts:
    """Fill `item_id` in the TEMP table `wanted_items` of `match`, and make the items that are missing.

    A row with a code means the item with this code; one without means the only item with this folded name. Where
    several have it the row stays NULL with the refusal "ambiguous". A new item with a code but no name is named by
    its code; its stock is not tracked. A price is filled where there is none, never overwritten. Rows that mean
    the same item may differ: the most frequent value counts.
    """
    return matching.match_or_create(conn, target=queries.WANTED)
