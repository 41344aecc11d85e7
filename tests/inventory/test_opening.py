"""Opening stock from spreadsheets: what comes in, what is refused, and that nothing comes in twice."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.imports.factories import data_folder
from tests.inventory.desk import Desk
from tests.inventory.importing import StockImporter
from tranche.imports import service as imports
from tranche.imports.domain import ImportMode, OnDuplicate
from tranche.imports.targets import Import
from tranche.inventory import service
from tranche.inventory.domain import Kind, Movement, MovementFilter, NoBranch, NotUndoable
from tranche.inventory.opening.intake import StockIntake
from tranche.kernel.errors import Invalid
from tranche.kernel.operations.domain import Status

GOOD = [
    ("P-1", "Paint", "L-1", "2030-01-31", "10.5"),
    ("P-1", "Paint", "L-2", "", "4"),
    ("P-1", "Paint", "L-2", "", "1"),
    ("N-1", "Nails", "", "", "900"),
    ("P-2", "Brush", "L-3", "", "0"),
]


def desk_of(importer: StockImporter, code: str) -> Desk:
    (item,) = (item for item in importer.items() if item.code == code)
    return Desk(importer.database, importer.context, item.id)


def stock(importer: StockImporter) -> list[tuple[str | None, str]]:
    """Number and quantity of every lot, those of plain stock too."""
    with importer.database.transaction(importer.context.organization_id) as conn:
        rows = conn.execute(
            """
            SELECT l.number, coalesce(b.quantity, 0) AS quantity FROM lots l
            LEFT JOIN lot_balances b ON b.lot_id = l.id ORDER BY l.number NULLS LAST
            """
        ).fetchall()
    return [(row["number"], f"{row['quantity'].normalize():f}") for row in rows]


def test_lots_and_plain_stock_come_in_with_their_items(stock_importer: StockImporter) -> None:
    brought = stock_importer.bring_in(GOOD)
    assert (brought.operation.kind, brought.operation.status, brought.errors) == ("stock_import", Status.COMPLETED, [])
    assert brought.counts == (5, 5, 0, 0)
    assert stock(stock_importer) == [("L-1", "10.5"), ("L-2", "5"), ("L-3", "0"), (None, "900")]
    assert {item.code: item.stock_tracking.value for item in stock_importer.items()} == {
        "P-1": "lots",
        "P-2": "lots",
        "N-1": "plain",
    }
    paint = desk_of(stock_importer, "P-1")
    assert str(paint.lot("L-1").expires_on) == "2030-01-31"
    assert paint.lot("L-1").created_by == stock_importer.context.user_name
    found, count = _movements(paint)
    assert (count, {movement.kind for movement in found}) == (3, {Kind.OPENING})
    paint.settle()


def test_the_row_of_a_total_makes_no_item(stock_importer: StockImporter) -> None:
    brought = stock_importer.bring_in([*GOOD, ("Total", "", "", "", "915.5")])
    assert (brought.operation.status, brought.counts, brought.errors) == (Status.COMPLETED, (5, 5, 0, 0), [])
    assert sorted(item.code or "" for item in stock_importer.items()) == ["N-1", "P-1", "P-2"]
    with stock_importer.transaction() as conn:
        notices = (imports.get(conn, import_id=brought.import_id).mapping or {})["notices"]
    assert [notice for notice in notices if "total" in notice] == [
        "Row 7 is a total and is not imported (Product code Total, Quantity 915.5)."
    ]


def _movements(desk: Desk) -> tuple[list[Movement], int]:
    with desk.database.transaction(desk.ctx.organization_id) as conn:
        return service.list_movements(conn, wanted=MovementFilter(item_id=desk.item), limit=10, offset=0)


def test_the_same_file_again_brings_nothing_in_twice(stock_importer: StockImporter) -> None:
    stock_importer.bring_in(GOOD)
    before = stock(stock_importer)
    again = stock_importer.bring_in(GOOD)
    assert again.codes == [(2, "has_stock"), (3, "has_stock"), (4, "has_stock"), (5, "has_stock")]
    skipped = stock_importer.bring_in(GOOD, on_duplicate=OnDuplicate.SKIP)
    assert (skipped.counts, skipped.errors) == ((5, 1, 0, 4), [])
    assert stock(stock_importer) == before


def test_another_branch_has_its_own_stock_of_the_same_lots(stock_importer: StockImporter) -> None:
    stock_importer.bring_in(GOOD)
    paint = desk_of(stock_importer, "P-1")
    harbour = paint.branch_named("Harbour")
    stock_importer.context = replace(stock_importer.context, branch_id=harbour)
    assert stock_importer.bring_in(GOOD).errors == []
    assert (paint.has("L-2"), paint.at(harbour).has("L-2")) == (["5"], ["5"])
    paint.settle()


def test_every_broken_row_is_named_and_the_others_come_in(stock_importer: StockImporter) -> None:
    stock_importer.bring_in([("P-1", "Paint", "OLD", "", "1")])
    brought = stock_importer.bring_in(
        [
            ("", "", "A", "", "1"),
            ("P-3", "Pin", "B", "", ""),
            ("P-3", "Pin", "C", "", "many"),
            ("P-3", "Pin", "D", "", "-1"),
            ("P-3", "Pin", "E", "", "1.0005"),
            ("P-3", "Pin", "F", "soon", "1"),
            ("P-4", "Tin", "", "2030-01-01", "1"),
            ("P-4", "Tin", "OLD", "", "1"),
            ("P-5", "Cup", "G", "", "1"),
            ("P-6", "Jug", "G", "", "1"),
            ("P-7", "Pan", "H", "2030-01-01", "1"),
            ("P-7", "Pan", "H", "2031-01-01", "1"),
            ("P-7", "Pan", "", "", "1"),
            ("P-1", "Paint", "", "", "1"),
            ("P-8", "Pot", "X" * 101, "", "1"),
            ("P-9", "Lid", "I", "", "1.5000"),
        ]
    )
    assert brought.codes == [
        (2, "missing_item"),
        (3, "missing_field"),
        (4, "not_a_number"),
        (5, "below_nothing"),
        (6, "too_many_decimals"),
        (7, "not_a_date"),
        (8, "lot_missing"),
        (9, "lot_of_other_item"),
        (11, "lot_of_other_item"),
        (13, "other_expiry"),
        (14, "lot_missing"),
        (15, "lot_missing"),
        (16, "too_long"),
    ]
    assert stock(stock_importer) == [("G", "1"), ("H", "1"), ("I", "1.5"), ("OLD", "1")]


def test_a_dry_run_and_an_atomic_import_with_a_bad_row_write_nothing(stock_importer: StockImporter) -> None:
    dry = stock_importer.bring_in(GOOD, dry_run=True)
    assert (dry.counts[0], stock(stock_importer), stock_importer.items()) == (5, [], [])
    confirmed = stock_importer.look(stock_importer.end(stock_importer.confirm(dry.import_id)))
    assert confirmed.counts == (5, 5, 0, 0)
    stock_importer.bring_in([*GOOD, ("P-9", "Lid", "Z", "", "no")], mode=ImportMode.ATOMIC)
    assert ("Z", "1") not in stock(stock_importer)


def test_plain_stock_becomes_a_lot_when_a_file_brings_lots(stock_importer: StockImporter) -> None:
    stock_importer.bring_in([("P-1", "Paint", "", "", "7")])
    stock_importer.bring_in([("P-1", "Paint", "L-1", "", "1")])
    assert stock(stock_importer) == [("BATCH-001", "7"), ("L-1", "1")]


def test_the_whole_import_is_undone_as_one_operation_on_the_stock(stock_importer: StockImporter) -> None:
    brought = stock_importer.bring_in(GOOD)
    paint = desk_of(stock_importer, "P-1")
    with paint.database.transaction(paint.ctx.organization_id) as conn:
        rows = conn.execute("SELECT min(id) AS first FROM lot_movements").fetchall()
    work = _import(stock_importer, brought.import_id)
    way = f"operations/{rows[0]['first']}/undo"
    with paint.database.transaction(paint.ctx.organization_id) as conn, pytest.raises(NotUndoable, match=way):
        StockIntake().undo(conn, paint.ctx, stock_importer.operations, work=work)
    paint.undo(rows[0]["first"])
    assert {quantity for _, quantity in stock(stock_importer)} == {"0"}
    paint.settle()


def _import(importer: StockImporter, import_id: int) -> Import:
    with importer.database.transaction(importer.context.organization_id) as conn:
        return imports.get(conn, import_id=import_id)


def test_a_branch_is_needed_and_stock_is_not_updated_by_a_file(stock_importer: StockImporter) -> None:
    with pytest.raises(Invalid, match="corrected by adjustments"):
        stock_importer.upload(GOOD, on_duplicate=OnDuplicate.UPDATE)
    stock_importer.context = replace(stock_importer.context, branch_id=None)
    with pytest.raises(NoBranch):
        stock_importer.upload(GOOD)


def test_real_warehouses_come_in_by_automatic_mapping(stock_importer: StockImporter) -> None:
    folder = data_folder("lots")
    if folder is None:
        pytest.skip("the folder of real input is not here")
    desk = Desk(stock_importer.database, stock_importer.context, 0)
    for name, rows in (("main", 57), ("boston", 57), ("chicago", 42)):
        branch = desk.branch_named(name)
        stock_importer.context = replace(stock_importer.context, branch_id=branch)
        content = (folder / f"{name}-warehouse-inventory.csv").read_bytes()
        brought = stock_importer.look(stock_importer.end(stock_importer.send(content)))
        assert (brought.counts, brought.errors) == ((rows, rows, 0, 0), []), name
    with desk.database.transaction(desk.ctx.organization_id) as conn:
        (row,) = conn.execute(
            """
            SELECT b.quantity, l.expires_on FROM lot_balances b JOIN lots l ON l.id = b.lot_id
            JOIN branches r ON r.id = b.branch_id WHERE l.number = '37627' AND r.name = 'main'
            """
        ).fetchall()
    assert (row["quantity"], str(row["expires_on"])) == (Decimal(100000), "2025-01-31")
    desk.settle()
