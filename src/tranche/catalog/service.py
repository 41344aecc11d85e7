"""The verbs of the catalog."""

from tranche.catalog import queries
from tranche.catalog.domain import Item, ItemFields, ItemTaken, StockTracking, UnknownItem, clean
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db import matching
from tranche.kernel.db.matching import MatchCounts
from tranche.kernel.db.pool import Connection

ITEMS = queries.ITEMS
item_of = queries.item_of


def create(conn: Connection, ctx: Context, *, fields: ItemFields) -> Item:
    """Make an item; `name` must be given.

    Raises:
        Invalid: a field cannot be taken.
        ItemTaken: another item has this code, or without a code this name.
    """
    given = clean({"name": "", **fields})
    item = queries.insert_item(conn, fields=given)
    if item is None:
        raise _taken(given.get("code"), given["name"])
    audit.record(conn, ctx, action="item.create", subject_id=item.id, detail={"code": item.code, "name": item.name})
    return item


def update(conn: Connection, ctx: Context, *, item_id: int, fields: ItemFields) -> Item:
    """Change the given fields, keep the others; how stock is tracked is for the inventory to judge first.

    Raises:
        UnknownItem
        Invalid, ItemTaken: as for `create`.
    """
    given = clean(fields)
    old = queries.lock_item(conn, item_id=item_id)
    if old is None:
        raise UnknownItem.of(item_id)
    changed = sorted(key for key, value in given.items() if value != getattr(old, key))
    if not changed:
        return old
    item = queries.update_item(conn, item_id=item_id, fields={**_fields(old), **given})
    if item is None:
        raise _taken(given.get("code", old.code), given.get("name", old.name))
    audit.record(conn, ctx, action="item.update", subject_id=item_id, detail={"changed": changed})
    return item


def set_tracking(conn: Connection, *, item_id: int, tracking: StockTracking) -> None:
    """How the stock of the item is kept from now on; whoever calls this has seen to the stock."""
    queries.set_tracking(conn, item_id=item_id, tracking=tracking)


def find(conn: Connection, *, item_id: int) -> Item:
    """Raises UnknownItem."""
    item = queries.find_item(conn, item_id=item_id)
    if item is None:
        raise UnknownItem.of(item_id)
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


def take_in(conn: Connection) -> None:
    """Make and change the items of a TEMP table, and fill its `effect`: "created" or "updated".

    The table: `coming_items(code text, name text, unit_price numeric, stock_tracking text, extra jsonb,
    item_id bigint, effect text)`, judged before. A row without `item_id` is a new item, one with it changes that
    item, where an empty value leaves what stands there. A row that somebody else was faster with keeps no effect.
    """
    queries.insert_coming(conn)  # first, as in kernel.db.matching: so waits never form a circle
    queries.update_coming(conn)


def hold(conn: Connection) -> None:
    """Lock the items that the TEMP table `chunk` refers to, into `held_items(id, created_at, updated_at, used_by)`.

    Until the transaction ends nobody can begin to refer to them; `used_by` is for who refers to them already.
    """
    queries.create_held(conn)


def remove(conn: Connection) -> None:
    """Remove the items of the TEMP table `going_items(id)`; nothing may refer to them."""
    queries.delete_going(conn)


def _fields(item: Item) -> ItemFields:
    return ItemFields(code=item.code, name=item.name, unit_price=item.unit_price, stock_tracking=item.stock_tracking)


def _taken(code: str | None, name: str) -> ItemTaken:
    if code is not None:
        return ItemTaken(f"There is an item with the code {code!r} already.")
    return ItemTaken(f"There is an item named {name!r} without a code already. Give this one a code.")
