"""Items come in by the machine that takes orders in."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.imports.factories import data_folder
from tests.inventory.importing import Importer
from tranche.imports import service as imports
from tranche.imports.again import NoDryRun
from tranche.imports.domain import ImportMode, Limits, Mapping, OnDuplicate
from tranche.imports.workbook import write_error_workbook
from tranche.inventory import service
from tranche.inventory.fields import ITEM_FIELDS
from tranche.inventory.service import Receipt
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.domain import Status

ROWS = [("S-1", "Mug", "4.50", "plain"), ("S-2", "Plate", "", ""), ("", "Tray", "12", "LOTS")]


def test_items_are_made_with_what_the_file_gives(importer: Importer) -> None:
    brought = importer.bring_in(ROWS)
    assert (brought.operation.status, brought.counts, brought.codes) == (Status.COMPLETED, (3, 3, 0, 0), [])
    found = [(item.code, item.name, item.unit_price, item.stock_tracking) for item in importer.items()]
    assert found == [
        ("S-1", "Mug", Decimal("4.50"), "plain"),
        ("S-2", "Plate", None, "none"),
        (None, "Tray", Decimal(12), "lots"),
    ]


@pytest.mark.parametrize(
    "header",
    [
        ("Artikelnummer", "Bezeichnung", "Einzelpreis", "Bestandsführung"),
        ("référence", "désignation", "prix unitaire", "suivi de stock"),
        ("código", "nombre", "precio", "control de existencias"),
        ("Item", "Item code", "Price", "Tracking"),
    ],
)
def test_headers_are_understood_in_several_languages(importer: Importer, header: tuple[str, ...]) -> None:
    rows = [("S-1", "Mug", "4.50", "plain")] if header[0] != "Item" else [("Mug", "S-1", "4.50", "plain")]
    assert importer.bring_in(rows, header=header).operation.status is Status.COMPLETED
    (item,) = importer.items()
    assert (item.code, item.name, item.unit_price, item.stock_tracking) == ("S-1", "Mug", Decimal("4.50"), "plain")


def test_other_columns_are_kept_as_extra(importer: Importer) -> None:
    importer.bring_in([("S-1", "Mug", "blue")], header=("SKU", "Name", "Colour"))
    assert importer.items()[0].extra == {"Colour": "blue"}
    importer.bring_in([("S-1", "Mug", "big")], header=("SKU", "Name", "Size"), on_duplicate=OnDuplicate.UPDATE)
    assert importer.items()[0].extra == {"Colour": "blue", "Size": "big"}


def test_a_bad_row_is_an_error_and_the_others_come_in(importer: Importer) -> None:
    rows = [
        ("S-1", "Mug", "4.50", ""),
        ("S-2", "", "1", ""),
        ("S-3", "Cup", "-1", ""),
        ("S-4", "Can", "dear", ""),
        ("S-5", "Pan", "1", "often"),
        ("S-1", "Mug again", "1", ""),
        ("", "Tray", "1", ""),
        ("", " TRAY ", "1", ""),
    ]
    brought = importer.bring_in(rows)
    assert (brought.operation.status, brought.counts) == (Status.COMPLETED_WITH_ERRORS, (8, 2, 6, 0))
    assert brought.codes == [
        (3, "missing_field"),
        (4, "negative_price"),
        (5, "not_a_number"),
        (6, "bad_stock_tracking"),
        (7, "repeated_item"),
        (9, "repeated_item"),
    ]
    assert {error["column_name"] for error in brought.errors} == {"Name", "Unit price", "Stock tracking", "SKU"}


def test_a_name_alone_that_fits_several_items_is_an_error(importer: Importer) -> None:
    importer.bring_in([("S-1", "Mug", "", ""), ("S-2", "mug", "", "")])
    assert importer.bring_in([("", "MUG", "1", "")]).codes == [(2, "ambiguous_name")]


@pytest.mark.parametrize(
    ("on_duplicate", "counts", "price", "codes"),
    [
        (OnDuplicate.ERROR, (2, 1, 1, 0), "4.50", [(2, "item_exists")]),
        (OnDuplicate.SKIP, (2, 1, 0, 1), "4.50", []),
        (OnDuplicate.UPDATE, (2, 2, 0, 0), "5", []),
    ],
)
def test_an_item_that_exists_is_an_error_or_skipped_or_updated(
    importer: Importer,
    on_duplicate: OnDuplicate,
    counts: tuple[int, int, int, int],
    price: str,
    codes: list[tuple[int, str]],
) -> None:
    importer.bring_in(ROWS[:1])
    brought = importer.bring_in([("S-1", "Mug", "5", ""), ("S-9", "Bowl", "1", "")], on_duplicate=on_duplicate)
    assert (brought.counts, brought.codes) == (counts, codes)
    mug = next(item for item in importer.items() if item.code == "S-1")
    assert (mug.unit_price, mug.stock_tracking) == (Decimal(price), "plain")


def test_an_update_does_not_change_how_stock_is_tracked_while_there_is_some(
    importer: Importer, database: Database, context: Context
) -> None:
    importer.bring_in(ROWS)
    with database.transaction(context.organization_id) as conn:
        mug = next(item for item in importer.items() if item.code == "S-1")
        service.receive(conn, context, item_id=mug.id, receipt=Receipt(number=None, quantity=Decimal(3)))
    changed = [("S-1", "Cup", "5", "lots"), ("S-2", "Plate", "1", "lots")]
    brought = importer.bring_in(changed, on_duplicate=OnDuplicate.UPDATE)
    assert (brought.counts, brought.codes) == ((2, 1, 1, 0), [(2, "stock_there")])
    assert brought.errors[0]["message"] == (
        "Item S-1 has stock that is tracked as plain; bring it to 0 before tracking it as lots"
    )
    assert {item.code: (item.name, item.stock_tracking) for item in importer.items() if item.code} == {
        "S-1": ("Mug", "plain"),
        "S-2": ("Plate", "lots"),
    }
    same = importer.bring_in([("S-1", "Cup", "5", "PLAIN")], on_duplicate=OnDuplicate.UPDATE)
    assert same.counts == (1, 1, 0, 0)


def test_an_update_that_changes_nothing_leaves_the_time_of_the_last_change(importer: Importer) -> None:
    importer.bring_in(ROWS)
    before = importer.items()
    brought = importer.bring_in(ROWS, on_duplicate=OnDuplicate.UPDATE)
    assert (brought.counts, importer.items()) == ((3, 3, 0, 0), before)


def test_items_without_a_code_are_known_by_their_name(importer: Importer) -> None:
    importer.bring_in([("", "Straße 7", "1", "")])
    brought = importer.bring_in([("", "STRASSE  7", "2", "")], on_duplicate=OnDuplicate.UPDATE)
    assert brought.counts == (1, 1, 0, 0)
    (item,) = importer.items()
    assert (item.name, item.unit_price) == ("STRASSE  7", Decimal(2))


def test_a_dry_run_reports_and_is_confirmed(importer: Importer) -> None:
    dry = importer.bring_in([*ROWS, ("S-9", "", "1", "")], dry_run=True)
    assert (dry.counts, importer.items()) == ((4, 3, 1, 0), [])
    ended = importer.end(importer.confirm(dry.import_id))
    assert (ended.id, importer.look(ended).counts, len(importer.items())) == (dry.operation.id, (4, 3, 1, 0), 3)
    with pytest.raises(NoDryRun):
        importer.confirm(dry.import_id)


def test_atomic_refuses_all_where_one_row_is_bad(importer: Importer) -> None:
    brought = importer.bring_in([*ROWS, ("S-9", "", "1", "")], mode=ImportMode.ATOMIC)
    assert (brought.operation.error_code, importer.items()) == ("atomic_refused", [])


def test_an_import_of_items_is_judged_again_under_another_mapping_and_remembered(importer: Importer) -> None:
    header = ("key", "what", "Unit price")
    rows = [("S-1", "Mug", "1"), ("S-2", "Cup", "2")]
    failed = importer.bring_in(rows, header=header)
    assert failed.operation.error_code == "missing_columns"
    ended = importer.end(importer.judge(failed.import_id, Mapping(columns={"itemSku": "key", "name": "what"})))
    assert (ended.status, ended.succeeded) == (Status.COMPLETED, 2)
    again = importer.bring_in([("S-3", "Can", "3")], header=header)
    assert (again.operation.status, [item.code for item in importer.items()]) == (
        Status.COMPLETED,
        ["S-3", "S-2", "S-1"],
    )


def test_a_retry_recognises_what_came_in_before(importer: Importer) -> None:
    importer.bring_in([("S-1", "Mug", "1", "")])
    first = importer.bring_in([("S-1", "Mug", "1", ""), ("S-2", "Cup", "1", "")])
    assert first.counts == (2, 1, 1, 0)
    with importer.database.transaction(importer.context.organization_id) as conn:
        conn.execute("DELETE FROM items WHERE code = 'S-1'")
        importer.operations.retry(conn, importer.context, operation_id=first.operation.id, code=None)
    ended = importer.end(first.operation)
    assert (ended.status, ended.total, ended.succeeded) == (Status.COMPLETED, 2, 2)
    assert [item.code for item in importer.items()] == ["S-2", "S-1"]


def test_a_stage_that_a_crash_has_emptied_is_read_again(importer: Importer, owner: Connection) -> None:
    operation = importer.upload(ROWS)
    for _ in range(6):
        importer.step(operation)
    assert owner.execute("SELECT count(*) AS n FROM item_import_rows").fetchall()[0]["n"] == 3
    owner.execute("DELETE FROM item_import_rows")
    ended = importer.end(operation)
    assert (ended.status, ended.succeeded, len(importer.items())) == (Status.COMPLETED, 3, 3)


def test_what_somebody_else_makes_meanwhile_is_an_error(importer: Importer, owner: Connection) -> None:
    operation = importer.upload(ROWS)
    while not owner.execute("SELECT 1 FROM item_import_rows WHERE position IS NOT NULL").fetchall():
        importer.step(operation)
    owner.execute(
        "INSERT INTO items (organization_id, code, name, name_folded) "
        "SELECT id, 'S-2', 'Theirs', 'theirs' FROM organizations"
    )
    brought = importer.look(importer.end(operation))
    assert (brought.counts, brought.codes) == ((3, 2, 1, 0), [(3, "item_overtaken")])


def test_the_workbook_of_errors_is_the_machines_own(importer: Importer, tmp_path: Path) -> None:
    brought = importer.bring_in([*ROWS, ("S-9", "", "1", "")])
    target = tmp_path / "errors.xlsx"
    with importer.database.transaction(importer.context.organization_id) as conn:
        work = imports.get(conn, import_id=brought.import_id)
        bad = list(imports.walk_bad_rows(conn, import_id=brought.import_id))
    write_error_workbook(
        target,
        source=importer.files.path(importer.context.organization_id, work.sha256),
        work=work,
        fields=ITEM_FIELDS,
        bad=bad,
        edited={},
        limits=Limits(),
    )
    importer.files.put(importer.context.organization_id, target.open("rb"), limit=10_000_000)
    assert [row.row for row in bad] == [5]
    again = importer.look(importer.end(importer.send(target.read_bytes())))
    assert again.codes == [(2, "missing_field")]


def test_real_products_come_in_by_themselves(importer: Importer) -> None:
    folder = data_folder("lots")
    if folder is None:
        pytest.skip("the real files are not here")
    ended = importer.end(importer.send((folder / "who-products.csv").read_bytes()))
    assert (ended.status, ended.total, ended.succeeded) == (Status.COMPLETED, 729, 729)
    items = importer.items()
    assert len(items) == 729
    assert all(item.code is None and item.extra and "Category" in item.extra for item in items)
