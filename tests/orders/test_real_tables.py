"""Tables as people keep them, brought in whole: titles, totals, months on sheets, dates in parts, and the way back."""

from collections.abc import Sequence
from pathlib import Path

import openpyxl
import xlsxwriter

from tests.orders.importing import Imported, Importer
from tranche.imports import service as imports
from tranche.imports.domain import Limits, Mapping
from tranche.imports.workbook import write_error_workbook
from tranche.kernel.operations.domain import Status
from tranche.orders import service
from tranche.orders.fields import ORDER_FIELDS
from tranche.orders.service import Upload

_HEAD = ("Order no", "Customer", "SKU", "Qty", "Price", "Year", "Month", "Day")
_SHEETS: dict[str, Sequence[Sequence[object]]] = {
    "May": (
        ("Orders of May",),
        _HEAD,
        (1.0, "Acme", "S1", 2, 2.5, 2024, 5, 1),
        (2.0, "Acme", "S2", 3, 1.5, 2024, 5, 2),
        ("Total", None, None, 5, 4),
    ),
    "June": (
        _HEAD,
        (3.0, "Bolt", "S1", 1, 10, 2024, 6, 30),
        (4.0, "Bolt", "S2", -1, 10, 2024, 6, 31),
        (),
        (5.0, None, "S2", 1, 10, 2024, 6, 1),
    ),
}
_MAPPING = Mapping(columns={"orderDate": ("Year", "Month", "Day")}, all_sheets=True)


def _write(path: Path) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        for name, rows in _SHEETS.items():
            sheet = book.add_worksheet(name)
            for number, cells in enumerate(rows):
                sheet.write_row(number, 0, cells)
    return path


def _bring_in(importer: Importer, path: Path) -> Imported:
    with path.open("rb") as file:
        stored = importer.files.put(importer.context.organization_id, file, limit=10_000_000)
    wanted = Upload(stored=stored, file_name="orders.xlsx", mapping=_MAPPING)
    with importer.database.transaction(importer.context.organization_id) as conn:
        _, operation = service.upload(conn, importer.context, importer.operations, wanted=wanted)
    return importer.work(operation)


def test_two_months_with_title_and_total_come_in_and_the_rest_is_named(importer: Importer, tmp_path: Path) -> None:
    done = _bring_in(importer, _write(tmp_path / "orders.xlsx"))
    assert done.operation.status is Status.COMPLETED_WITH_ERRORS
    assert importer.rows("SELECT number, order_date::date::text AS day FROM orders ORDER BY number") == [
        {"number": "1", "day": "2024-05-01"},
        {"number": "2", "day": "2024-05-02"},
        {"number": "3", "day": "2024-06-30"},
    ]
    assert done.codes == [(8, "not_a_date"), (8, "looks_like_return"), (10, "missing_customer")]
    said = [error["message"] for error in done.errors]
    assert said[0].startswith("June!F3 + June!G3 + June!H3 holds “2024 6 31”")
    assert said[1].startswith("June row 3: Quantity is -1")
    assert said[2].startswith("June row 5: The row has no customer")
    notices = " ".join((done.operation.summary or {})["notices"])
    assert "May row 5 is a total and is not imported" in notices
    assert "“June” from 7" in notices


def test_the_workbook_of_errors_takes_its_rows_from_the_right_sheets(importer: Importer, tmp_path: Path) -> None:
    source = _write(tmp_path / "orders.xlsx")
    done = _bring_in(importer, source)
    target = tmp_path / "errors.xlsx"
    with importer.database.transaction(importer.context.organization_id) as conn:
        work = imports.get(conn, import_id=done.operation.payload["importId"])
        bad = list(imports.walk_bad_rows(conn, import_id=work.id))
    write_error_workbook(target, source=source, work=work, fields=ORDER_FIELDS, bad=bad, edited={}, limits=Limits())
    rows = list(openpyxl.load_workbook(target).active.iter_rows(values_only=True))
    assert rows[0] == (*_HEAD, "_row", "_errors")
    assert [(row[0], row[8]) for row in rows[1:]] == [("4", 8), ("5", 10)]
    assert (work.mapping or {})["parts"] == [
        {"sheet": "May", "offset": 0, "lastRow": 5},
        {"sheet": "June", "offset": 5, "lastRow": 10},
    ]
