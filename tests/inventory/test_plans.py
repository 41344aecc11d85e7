"""Hot questions about stock reach their index behind the tenant wall, on filled tables and as the plain role."""

from collections.abc import Callable
from typing import Final

import pytest

from tests.databases import Shared
from tests.plans import explain
from tranche.inventory import service
from tranche.inventory.domain import LotFilter, MovementFilter, SortBy
from tranche.inventory.queries import history, lineage, lots, moving, stock
from tranche.kernel.db.pool import Connection

FILL = """
    INSERT INTO items (organization_id, code, name, name_folded, stock_tracking)
        SELECT %(org)s, 'I' || n, 'Item ' || n, 'item ' || n, 'lots' FROM generate_series(1, 300) n;
    INSERT INTO lots (organization_id, item_id, number, folded, expires_at, expires_on, created_at)
        SELECT %(org)s, i.first + n %% 300, 'L' || n, 'l' || n,
            CASE WHEN n %% 3 > 0 THEN '2020-01-01'::timestamptz + n * interval '1 day' END,
            CASE WHEN n %% 3 > 0 THEN '2020-01-01'::date + n END, '2026-01-01'::timestamptz + n * interval '1 minute'
        FROM generate_series(1, 20000) n, (SELECT min(id) AS first FROM items WHERE organization_id = %(org)s) i;
    INSERT INTO lot_movements (organization_id, operation_group_id, kind, item_id, to_lot_id, to_branch_id, quantity)
        SELECT %(org)s, gen_random_uuid(), 'receive', l.item_id, l.id, b.id, 5
        FROM lots l, branches b WHERE l.organization_id = %(org)s AND b.organization_id = %(org)s AND b.is_default
"""


@pytest.fixture(scope="module")
def filled(shared: Shared) -> Shared:
    """Twenty thousand lots, each received once."""
    for statement in FILL.split(";"):
        shared.owner.execute(statement.encode(), {"org": shared.context.organization_id})
    shared.owner.execute("ANALYZE")
    return shared


def _page(wanted: LotFilter, sort_by: SortBy) -> Callable[[Connection], object]:
    return lambda conn: lots.list_lots(
        conn, wanted=wanted, branch_id=1, sort_by=sort_by, descending=True, limit=50, offset=0
    )


def test_a_page_of_lots_reaches_its_index(filled: Shared) -> None:
    with filled.reading() as conn:
        (item,) = conn.execute("SELECT min(id) AS id FROM items").fetchall()
        for wanted, sort_by, index in (
            (LotFilter(), SortBy.CREATED_AT, "lots_by_age"),
            (LotFilter(), SortBy.BATCH_NUMBER, "lots_organization_id_number_key"),
            (LotFilter(item_id=item["id"]), SortBy.CREATED_AT, "lots_organization_id_item_id_id_key"),
            (LotFilter(number="L77"), SortBy.CREATED_AT, "lots_organization_id_number_key"),
        ):
            scans = explain(conn, _page(wanted, sort_by)).scans("lots")
            assert index in scans, wanted
            assert "Seq Scan" not in scans, wanted


def test_a_search_of_lots_looks_at_so_many_and_no_more(filled: Shared) -> None:
    wanted = LotFilter(search="l1999")
    with filled.reading() as conn:
        plans = explain(conn, _page(wanted, SortBy.BATCH_NUMBER))
        limits = [node["Plan Rows"] for node in plans.nodes if node["Node Type"] == "Limit"]
        found, total = service.list_lots(conn, filled.context, wanted=wanted, limit=5, offset=0)
    assert len(limits) == 2
    assert max(limits) <= lots.MOST_SEARCHED
    assert (total, found[0].number) == (11, "L19999")


_QUESTIONS: Final[tuple[tuple[Callable[[Connection], object], str, str], ...]] = (
    (lambda conn: moving.lock_named(conn, numbers=["L5", "L6"]), "lots", "lots_organization_id_number_key"),
    (lambda conn: moving.lock_lots(conn, lot_ids=[5, 6]), "lots", "lots_pkey"),
    (lambda conn: moving.read_lots(conn, lot_ids=[5, 6], branch_id=1), "lot_balances", "lot_balances_pkey"),
    (lambda conn: lots.list_named(conn, numbers=["L5"], branch_id=1), "lots", "lots_organization_id_number_key"),
    (lambda conn: stock.list_places_of(conn, lot_ids=[5, 6]), "lot_balances", "lot_balances_pkey"),
    (
        lambda conn: stock.list_expiring(conn, days=30, branch_id=None, limit=50, offset=0),
        "lots",
        "lots_by_expiry",
    ),
    (
        lambda conn: history.list_movements(conn, wanted=MovementFilter(), limit=50, offset=0),
        "lot_movements",
        "lot_movements_history",
    ),
    (
        lambda conn: history.list_movements(conn, wanted=MovementFilter(item_id=5), limit=50, offset=0),
        "lot_movements",
        "lot_movements_by_item",
    ),
    (
        lambda conn: lineage.list_edges(conn, lot_ids=[5], direction="down", limit=100),
        "lot_movements",
        "lot_movements_out",
    ),
)


def test_a_question_about_stock_reaches_its_index(filled: Shared) -> None:
    with filled.reading() as conn:
        for ask, table, index in _QUESTIONS:
            scans = explain(conn, ask).scans(table)
            assert index in scans
            assert "Seq Scan" not in scans, index
