"""A workbook of errors comes back after cells were corrected elsewhere: only what was changed in it is taken."""

import io

import openpyxl
import pytest

from tests.imports.corrections.bench import HEADER, Bench, as_csv, changed
from tranche.imports.domain import Mapping

TABLE = (("A1", "Foo", "S1", "x", "5"), ("A2", "Cid", "S1", "y", "5"))


def _log(bench: Bench) -> list[tuple[int, str, str | None]]:
    return [(edit["row_number"], edit["field"], edit["new_value"]) for edit in bench.edits()]


def test_an_untouched_cell_of_an_older_workbook_leaves_a_later_correction_alone(bench: Bench) -> None:
    bench.bring_in(TABLE)
    stale = bench.workbook_bytes()
    bench.edit(2, customerName="Bar")
    bench.work(bench.merge(stale))
    assert bench.refused()[2]["customerName"] == "Bar"
    assert _log(bench) == [(2, "customerName", "Bar")]


def test_what_was_changed_in_an_older_workbook_is_taken_beside_what_was_corrected_since(bench: Bench) -> None:
    bench.bring_in(TABLE)
    bench.edit(2, customerName="Bar", notes="first")
    stale, rows = bench.workbook_bytes(), bench.workbook()
    bench.edit(2, customerName="Baz", notes=None)
    bench.edit(3, quantity="0")
    content = bench.rewritten(changed(rows, {(2, "quantity"): "3", (3, "quantity"): "4"}), content=stale)
    bench.work(bench.merge(content))
    assert bench.orders() == {"A1": [(2, "3")], "A2": [(3, "4")]}
    (order,) = bench.importer.rows(
        "SELECT c.name, o.notes FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.number = 'A1'"
    )
    assert (order["name"], order["notes"]) == ("Baz", None)


def test_a_value_that_was_entered_on_purpose_is_taken_also_if_it_stood_there_before(bench: Bench) -> None:
    bench.bring_in(TABLE)
    bench.edit(2, customerName="Bar")
    rows = changed(bench.workbook(), {(2, "customerName"): "Foo"})
    bench.work(bench.merge(bench.rewritten(rows)))
    assert _log(bench) == [(2, "customerName", "Bar"), (2, "customerName", "Foo")]


def test_joined_columns_of_an_older_workbook_leave_a_later_correction_alone(bench: Bench) -> None:
    header = (*HEADER, "Day", "Month", "Year")
    mapping = Mapping(columns={"orderDate": ("Day", "Month", "Year")})
    bench.bring_in([("A1", "Foo", "S1", "x", "5", "1", "13", "2024")], header=header, mapping=mapping)
    stale = bench.workbook_bytes()
    bench.edit(2, orderDate="2024-12-01")
    later = bench.workbook_bytes()
    for content in (stale, later):
        bench.work(bench.merge(content))
        assert _log(bench) == [(2, "orderDate", "2024-12-01")]


@pytest.mark.parametrize("origin", ["_import {id}", None])
def test_a_workbook_that_does_not_say_when_it_was_made_counts_as_made_now(bench: Bench, origin: str | None) -> None:
    bench.bring_in(TABLE)
    book = openpyxl.load_workbook(io.BytesIO(bench.workbook_bytes()))
    (hidden,) = (sheet for sheet in book if sheet.title != "Errors")
    if origin:
        hidden.title = origin.replace("{id}", str(bench.import_id))
    else:
        book.remove(hidden)
    content = io.BytesIO()
    book.save(content)
    bench.edit(2, customerName="Bar")
    bench.work(bench.merge(content.getvalue()))
    assert bench.refused()[2]["customerName"] == "Foo"


def test_a_file_without_the_column_of_a_later_correction_leaves_it_alone(bench: Bench) -> None:
    bench.bring_in(TABLE)
    bench.edit(2, customerName="Bar")
    bench.work(bench.merge(as_csv([("quantity", "_row"), ("0", 2)]), name="errors.csv"))
    assert bench.refused()[2]["customerName"] == "Bar"
