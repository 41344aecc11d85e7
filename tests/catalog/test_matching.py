"""Finding or making many items at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from tests.factories import Organization
from tranche.catalog import service
from tranche.catalog.domain import StockTracking, UnknownItem
from tranche.kernel.context import Context
from tranche.kernel.db.matching import MatchCounts
from tranche.kernel.db.pool import Connection, Database

Wish = tuple[str | None, str | None, str | None]


def _want(conn: Connection, *wishes: Wish) -> None:
    conn.execute(
        "CREATE TEMP TABLE wanted_items (position int, code text, name text, unit_price numeric, item_id bigint) "
        "ON COMMIT DROP"
    )
    with (
        conn.cursor() as cursor,
        cursor.copy("COPY wanted_items (position, code, name, unit_price) FROM STDIN") as copy,
    ):
        for position, wish in enumerate(wishes):
            copy.write_row((position, *wish))


def _answers(conn: Connection) -> list[int | None]:
    return [row["item_id"] for row in conn.execute("SELECT item_id FROM wanted_items ORDER BY position").fetchall()]


def _run(database: Database, organization_id: int, *wishes: Wish) -> tuple[MatchCounts, list[int | None]]:
    with database.transaction(organization_id) as conn:
        _want(conn, *wishes)
        counts = service.match_or_create(conn)
        return counts, _answers(conn)


def test_missing_items_are_made_untracked_with_their_usual_price(database: Database, context: Context) -> None:
    counts, ids = _run(
        database,
        context.organization_id,
        ("85123A", "WHITE HANGING HEART", "2.55"),
        ("85123A", "?", "9.99"),
        ("85123A", "WHITE HANGING HEART", "2.55"),
        (None, "Manual work", "10.10"),
        ("POST", None, None),
    )
    assert counts == MatchCounts(answered=5, ambiguous=0, unnamed=0, created=3)
    with database.transaction(context.organization_id) as conn:
        heart, work, post = (service.find(conn, item_id=i or 0) for i in (ids[0], ids[3], ids[4]))
    assert (heart.code, heart.name, heart.unit_price) == ("85123A", "WHITE HANGING HEART", Decimal("2.55"))
    assert (work.code, work.name, work.unit_price) == (None, "Manual work", Decimal("10.10"))
    assert (post.name, post.unit_price, post.stock_tracking) == ("POST", None, StockTracking.NONE)


def test_a_price_is_filled_where_there_is_none_and_never_overwritten(database: Database, context: Context) -> None:
    _run(database, context.organization_id, ("A", None, None), ("B", None, "0"))
    counts, ids = _run(database, context.organization_id, ("A", None, "1.50"), ("B", None, "1.50"))
    assert counts.filled == 1
    with database.transaction(context.organization_id) as conn:
        prices = [service.find(conn, item_id=i or 0).unit_price for i in ids]
    assert prices == [Decimal("1.50"), Decimal(0)]


def test_matching_alone_makes_nothing(database: Database, context: Context, owner: Connection) -> None:
    with database.transaction(context.organization_id) as conn:
        _want(conn, ("A", None, None), (None, "b", None))
        assert service.match(conn) == MatchCounts(answered=0, ambiguous=0, unnamed=0, missing=2)
    assert owner.execute("SELECT FROM items").rowcount == 0


def test_a_foreign_item_is_as_unknown_as_none(
    database: Database, context: Context, organization: Callable[..., Organization]
) -> None:
    _, (theirs,) = _run(database, organization(name="Other").id, ("A", None, None))
    for item_id in (theirs or 0, 999_999):
        with pytest.raises(UnknownItem), database.transaction(context.organization_id) as conn:
            service.find(conn, item_id=item_id)
    counts, _ = _run(database, context.organization_id, ("A", None, None))
    assert counts.created == 1


def test_four_at_the_same_time_make_no_duplicate_and_no_deadlock(
    database: Database, context: Context, owner: Connection
) -> None:
    wishes: list[Wish] = [(f"S{n}", f"Item {n}", "1") for n in range(300)]
    wishes += [(None, f"Nameless {n}", None) for n in range(300)]

    def run(number: int) -> set[int | None]:
        _, ids = _run(database, context.organization_id, *(wishes if number % 2 else wishes[::-1]))
        return set(ids)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(run, range(4)))
    assert results[0] == results[1] == results[2] == results[3]
    assert len(results[0]) == 600
    assert owner.execute("SELECT FROM items").rowcount == 600
