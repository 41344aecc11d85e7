"""Which orders are meant: listed by id, matched by a filter, or frozen before as a selection."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Final

from tranche.invoicing.domain import (
    CurrencySum,
    NothingSelected,
    OrderFilter,
    Selection,
    SelectionNotFound,
    TooManyOrders,
    invalid_field,
)
from tranche.invoicing.queries import gathering
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Row
from tranche.orders import service as orders

MOST_LISTED: Final = 10_000
MOST_MATCHING: Final = 1_000_000
_EXPIRED: Final = "it may have expired after a day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of three ways to name orders."""

    order_ids: Sequence[int] | None = None
    selection_id: int | None = None
    filter: OrderFilter | None = None


def gather(conn: Connection, *, choice: Choice) -> int:
    """Put the chosen orders into TEMP table `wanted_items(position, reference, label)`; returns how many.

    Raises:
        Invalid: none or several ways are given, the list is empty, too long or names an order twice.
        SelectionNotFound, NothingSelected, TooManyOrders
    """
    given = [name for name in ("order_ids", "selection_id", "filter") if getattr(choice, name) is not None]
    if len(given) != 1:
        raise invalid_field(f"/{given[1] if given else 'order_ids'}", "give one of order_ids, selection_id and filter")
    if choice.order_ids is not None:
        return gathering.want_listed(conn, order_ids=_checked(choice.order_ids))
    if choice.selection_id is not None:
        count = gathering.want_selected(conn, selection_id=choice.selection_id)
        if not count:
            raise SelectionNotFound.of(choice.selection_id, hint=_EXPIRED)
        return count
    count = _collect(conn, wanted=choice.filter or OrderFilter())
    gathering.want_matching(conn)
    return count


def freeze_selection(conn: Connection, ctx: Context, *, wanted: OrderFilter) -> Selection:
    """Keep for a day which orders match now.

    Raises:
        NothingSelected, TooManyOrders
    """
    _collect(conn, wanted=wanted)
    values = {name: value for name, value in asdict(wanted).items() if value is not None}
    return _selection(gathering.insert_selection(conn, wanted=values, user_id=ctx.user_id))


def freeze_listed(conn: Connection, ctx: Context, *, order_ids: Sequence[int]) -> Selection:
    """Keep for a day the orders that somebody ticked; those that are not there are left out.

    Raises:
        Invalid: the list is empty, too long or names an order twice.
        NothingSelected: none of them is there.
    """
    if not gathering.match_listed(conn, order_ids=_checked(order_ids)):
        raise NothingSelected("None of these orders is there any more.")
    return _selection(gathering.insert_selection(conn, wanted={}, user_id=ctx.user_id))


def get_selection(conn: Connection, *, selection_id: int) -> Selection:
    """A selection that was frozen before.

    Raises:
        SelectionNotFound
    """
    row = gathering.find_selection(conn, selection_id=selection_id)
    if row is None:
        raise SelectionNotFound.of(selection_id, hint=_EXPIRED)
    return _selection(row)


def forget_selections(conn: Connection, *, organization_id: int, most: int) -> int:
    """Delete up to `most` selections that are older than a day; the nightly retention calls it."""
    del organization_id
    return gathering.prune_selections(conn, most=most)


def _collect(conn: Connection, *, wanted: OrderFilter) -> int:
    count = orders.collect_orders(
        conn,
        batch_id=wanted.batch_id,
        customer_id=wanted.customer_id,
        status=wanted.status,
        search=wanted.search,
    )
    if not count:
        raise NothingSelected(
            f"No {wanted.status} order matches this filter." if wanted.status else "No order matches."
        )
    if count > MOST_MATCHING:
        raise TooManyOrders(f"{count:,} orders match; one run takes at most {MOST_MATCHING:,}. Narrow the filter.")
    return count


def _checked(order_ids: Sequence[int]) -> Sequence[int]:
    if not order_ids:
        raise invalid_field("/order_ids", "must name at least one order")
    if len(order_ids) > MOST_LISTED:
        raise TooManyOrders(
            f"order_ids names {len(order_ids):,} orders; at most {MOST_LISTED:,} can be listed. "
            "Freeze a selection by a filter for more."
        )
    seen: set[int] = set()
    for index, order_id in enumerate(order_ids):
        if order_id < 1:
            raise invalid_field(f"/order_ids/{index}", "must be the number of an order")
        if order_id in seen:
            raise invalid_field(f"/order_ids/{index}", f"names the order {order_id} a second time")
        seen.add(order_id)
    return order_ids


def _selection(row: Row) -> Selection:
    return Selection(
        id=row["id"],
        filter=OrderFilter(**row["filter"]),
        order_count=row["order_count"],
        sums=tuple(
            CurrencySum(currency=each["currency"], orders=each["orders"], total=Decimal(each["total"]))
            for each in row["totals"]
        ),
        created_at=row["created_at"],
    )
