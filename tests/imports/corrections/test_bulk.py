"""A clerk corrects many rows of an import: one value for a group of errors, or a corrected workbook."""

import pytest

from tests.imports.corrections.bench import HEADER, Bench, as_csv, changed, written
from tranche.imports.corrections.domain import CauseNotFound, CorrectionRunning
from tranche.imports.domain import ImportMode, Mapping
from tranche.kernel.errors import Conflict

TABLE = (
    ("A1", "Ann", "S1", "x", "5"),
    ("A1", "Ann", "S2", "2", "5"),
    ("A2", "Bob", "S1", "1", "5"),
    ("A3", "Cid", "S1", "y", "5"),
    ("A4", "", "S1", "1", "5"),
)


def test_one_value_is_set_for_all_rows_of_a_group(bench: Bench) -> None:
    bench.bring_in(TABLE)
    ended = bench.work(bench.set_all("not_a_number", "quantity", "7"))
    assert (ended.status, ended.total, ended.succeeded, ended.failed) == ("completed", 2, 2, 0)
    assert ended.summary == {"rows": 2}
    assert bench.orders() == {"A1": [(2, "7"), (3, "2")], "A2": [(4, "1")], "A3": [(5, "7")]}
    assert bench.counters == ("completed_with_errors", 4, 3, 1, 0)
    log = [(edit["row_number"], edit["new_value"], edit["operation_id"]) for edit in bench.edits()]
    assert log == [(2, "7", ended.id), (5, "7", ended.id)]
    (entry,) = bench.importer.rows("SELECT * FROM audit_entries WHERE action = 'import.correct'")
    assert entry["subject_id"] == bench.import_id
    assert (entry["detail"]["field"], entry["detail"]["value"]) == ("quantity", "7")


def test_what_is_still_wrong_stays_refused_with_its_new_error(bench: Bench) -> None:
    bench.bring_in(TABLE)
    ended = bench.work(bench.set_all("missing_customer", "quantity", "0"))
    assert (ended.status, ended.failed) == ("failed", 1)
    assert sorted(code for row, code in bench.codes() if row == 6) == ["missing_customer", "not_positive"]


def test_a_group_that_is_not_there_any_more_is_not_found(bench: Bench) -> None:
    bench.bring_in(TABLE)
    operation = bench.set_all("not_a_number", "quantity", "7")
    with pytest.raises(CorrectionRunning):
        bench.set_all("missing_customer", "customerName", "Ann")
    with pytest.raises(CorrectionRunning):
        bench.edit(6, customerName="Ann")
    with pytest.raises(CorrectionRunning):
        bench.retry()
    with pytest.raises(CorrectionRunning):
        bench.delete_batch()
    bench.work(operation)
    with pytest.raises(CauseNotFound):
        bench.set_group("0" * 16, "quantity", "7")


def test_rows_that_are_sent_to_other_orders_in_bulk_are_counted_there(bench: Bench) -> None:
    bench.bring_in([("", "Ann", "S1", "1", "5"), ("", "Ann", "S2", "2", "5"), ("A2", "Ann", "S1", "1", "5")])
    assert bench.counters == ("completed_with_errors", 3, 1, 2, 0)
    ended = bench.work(bench.set_all("missing_field", "orderId", "N1"))
    assert (ended.total, ended.succeeded) == (1, 1)
    assert bench.orders() == {"A2": [(4, "1")], "N1": [(2, "1"), (3, "2")]}
    assert bench.counters == ("completed", 2, 2, 0, 0)


def test_the_workbook_shows_what_was_entered_and_only_what_is_still_refused(bench: Bench) -> None:
    bench.bring_in(TABLE)
    bench.edit(5, quantity="4")
    bench.edit(6, quantity="3", customerEmail="x")
    rows = bench.workbook()
    assert rows[0] == [*HEADER, "customerEmail", "_row", "_errors"]
    assert [row[:7] for row in rows[1:]] == [
        ["A1", "Ann", "S1", "x", "5", None, 2],
        ["A1", "Ann", "S2", "2", "5", None, 3],
        ["A4", None, "S1", "3", "5", "x", 6],
    ]


def test_a_corrected_workbook_comes_back_by_its_rows(bench: Bench) -> None:
    bench.bring_in(TABLE)
    rows = changed(bench.workbook(), {(2, "quantity"): 3, (5, "quantity"): "2,5", (6, "unitPrice"): "9"})
    ended = bench.work(bench.merge(bench.rewritten(rows)))
    assert (ended.status, ended.total, ended.succeeded, ended.failed) == ("completed_with_errors", 3, 2, 1)
    assert ended.summary == {"rows": 4, "leftOut": 0, "leftOutRows": []}
    assert bench.orders() == {"A1": [(2, "3"), (3, "2")], "A2": [(4, "1")], "A3": [(5, "2.5")]}
    assert bench.refused() == {6: {"orderId": "A4", "itemSku": "S1", "quantity": "1", "unitPrice": "9"}}
    assert [(edit["row_number"], edit["field"]) for edit in bench.edits()] == [
        (2, "quantity"),
        (5, "quantity"),
        (6, "unitPrice"),
    ]


def test_rows_that_are_not_refused_or_come_twice_are_left_out_and_named(bench: Bench) -> None:
    bench.bring_in(TABLE)
    rows = changed(bench.workbook(), {(2, "quantity"): "3"})
    at = rows[0].index("_row")
    strange: list[list[object]] = [[*rows[1]] for _ in range(4)]
    for row, number in zip(strange, (4, 2, "x", None), strict=True):
        row[at] = number
    ended = bench.work(bench.merge(bench.rewritten([*rows, *strange])))
    assert ended.summary == {"rows": 4, "leftOut": 4, "leftOutRows": [6, 7, 8, 9]}
    assert bench.orders()["A2"] == [(4, "1")]


def test_a_workbook_of_another_import_is_refused_with_a_sentence(bench: Bench) -> None:
    bench.bring_in([("Z1", "Ann", "S1", "x", "5")])
    other, foreign = bench.import_id, bench.workbook_bytes()
    bench.bring_in(TABLE)
    ended = bench.work(bench.merge(foreign))
    assert (ended.status, ended.error_code) == ("failed", "foreign_workbook")
    assert f"made from import {other}" in (ended.error or "")
    assert bench.edits() == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (as_csv([HEADER, ("A1", "Ann", "S1", "3", "5")]), "no_row_column"),
        (written([[]]), "empty_file"),
        (b"PK\x03\x04 no zip", "unreadable_file"),
    ],
)
def test_what_is_no_workbook_of_errors_changes_nothing(bench: Bench, content: bytes, code: str) -> None:
    bench.bring_in(TABLE)
    ended = bench.work(bench.merge(content, name="errors.csv" if code == "no_row_column" else "errors.xlsx"))
    assert (ended.status, ended.error_code) == ("failed", code)
    assert bench.edits() == []
    assert bench.importer.rows("SELECT FROM notifications WHERE channel = 'alert'") == []


def test_a_workbook_saved_as_csv_or_without_a_column_says_only_what_it_says(bench: Bench) -> None:
    bench.bring_in(TABLE)
    rows = as_csv([("quantity", "_row"), ("3", 2), ("", 5)])
    bench.work(bench.merge(rows, name="errors.csv"))
    assert bench.orders()["A1"] == [(2, "3"), (3, "2")]
    assert "quantity" not in bench.refused()[5]
    assert bench.refused()[5]["customerName"] == "Cid"


def _bring_in_dates_by_parts(bench: Bench) -> list[list[object]]:
    """Two rows with dates in three columns, one of them no date; the workbook of errors."""
    header = (*HEADER, "Day", "Month", "Year")
    rows = [("A1", "Ann", "S1", "1", "5", "1", "13", "2024"), ("A2", "Ann", "S1", "1", "5", "25", "12", "2024")]
    bench.bring_in(rows, header=header, mapping=Mapping(columns={"orderDate": ("Day", "Month", "Year")}))
    (error,) = bench.importer.rows("SELECT column_name, message FROM import_errors")
    assert error == {
        "column_name": "Day + Month + Year",
        "message": "F2 + G2 + H2 holds “2024 13 1”, which is not a date.",
    }
    return bench.workbook()


@pytest.mark.parametrize(
    ("cells", "left"),
    [({"Month": 12}, {}), ({"Day": "2024-12-01", "Month": None, "Year": None}, {}), ({"Day": "2"}, {2: "2024 13 2"})],
)
def test_joined_columns_are_corrected_in_any_of_them(
    bench: Bench, cells: dict[str, object], left: dict[int, str]
) -> None:
    rows = changed(_bring_in_dates_by_parts(bench), {(2, name): value for name, value in cells.items()})
    bench.work(bench.merge(bench.rewritten(rows)))
    assert {row: values["orderDate"] for row, values in bench.refused().items()} == left
    dates = bench.importer.rows("SELECT number, (order_date AT TIME ZONE 'UTC')::date::text AS day FROM orders")
    found = {row["number"]: row["day"] for row in dates}
    assert found == ({"A2": "2024-12-25"} if left else {"A1": "2024-12-01", "A2": "2024-12-25"})


def test_joined_columns_that_are_not_touched_keep_their_value(bench: Bench) -> None:
    rows = _bring_in_dates_by_parts(bench)
    bench.work(bench.merge(bench.rewritten(rows)))
    assert bench.edits() == []
    without = [[cell for at, cell in enumerate(row) if rows[0][at] != "Month"] for row in rows]
    bench.work(bench.merge(bench.rewritten(without)))
    assert bench.edits() == []


def test_what_was_entered_for_joined_columns_stands_in_the_first(bench: Bench) -> None:
    _bring_in_dates_by_parts(bench)
    bench.edit(2, orderDate="2024-13-05")
    rows = bench.workbook()
    assert rows[1][5:8] == [None, None, "2024-13-05"]  # year, month and day are joined in this order
    bench.work(bench.merge(bench.rewritten(changed(rows, {(2, "Year"): "2024-12-05"}))))
    assert bench.counters[0] == "completed"


def test_cells_that_a_spreadsheet_may_have_changed_are_not_trusted(bench: Bench) -> None:
    header = (*HEADER, "taxRate")
    bench.bring_in([("A1", "Ann", "S1", "x", "5", ""), ("A2", "Ann", "S1", "x", "5", "")], header=header)
    rows = changed(
        bench.workbook(),
        {
            (2, "orderId"): "1234567890123456768",
            (2, "quantity"): "1",
            (3, "taxRate"): 0.19,
            (3, "quantity"): "1",
            (3, "itemSku"): "#REF!",
        },
    )
    bench.work(bench.merge(bench.rewritten(rows)))
    assert sorted(bench.codes()) == [(2, "lost_digits"), (3, "ambiguous_percent"), (3, "error_cell")]
    bench.edit(2, orderId="1234567890123456768")
    bench.edit(3, taxRate="19%", itemSku="S1")
    assert bench.counters[0] == "completed"


def test_unchanged_cells_keep_what_the_whole_column_settled(bench: Bench) -> None:
    header = (*HEADER, "orderDate")
    bench.bring_in(
        [("A1", "Ann", "S1", "x", "1,234", "03/04/2026"), ("A2", "Ann", "S1", "1", "12,50", "25/04/2026")],
        header=header,
    )
    rows = changed(bench.workbook(), {(2, "quantity"): "1"})
    assert rows[1][4:6] == ["1,234", "03/04/2026"]
    bench.work(bench.merge(bench.rewritten(rows)))
    (line,) = bench.importer.rows(
        "SELECT o.order_date::date::text AS day, l.unit_price FROM orders o "
        "JOIN order_lines l ON l.order_id = o.id WHERE number = 'A1'"
    )
    assert (line["day"], str(line["unit_price"])) == ("2026-04-03", "1.234")


def test_the_stopped_rest_of_a_correction_waits_and_is_judged_by_the_next(bench: Bench) -> None:
    bench.bring_in(TABLE)
    operation = bench.set_all("not_a_number", "quantity", "7")
    while bench.look(operation.id).phase != "rejudge":
        bench.importer.step(operation)
    bench.cancel(operation)
    ended = bench.work(operation)
    assert (ended.status, ended.cancelled) == ("cancelled", 2)
    assert {row: cells["quantity"] for row, cells in bench.refused().items()} == {2: "7", 3: "2", 5: "7", 6: "1"}
    bench.work(bench.set_all("missing_customer", "customerName", "Eve"))
    assert bench.counters == ("completed", 4, 4, 0, 0)


def test_a_cancelled_correction_goes_on_by_a_retry(bench: Bench) -> None:
    bench.bring_in(TABLE)
    operation = bench.set_all("not_a_number", "quantity", "7")
    while bench.look(operation.id).phase != "rejudge":
        bench.importer.step(operation)
    bench.cancel(operation)
    bench.work(operation)
    bench.retry(operation.id)
    assert bench.counters == ("completed_with_errors", 4, 3, 1, 0)


def test_a_group_that_cannot_even_be_judged_is_set_aside_and_the_others_come_in(bench: Bench) -> None:
    bench.bring_in(TABLE)
    bench.refuse_orders("A3")
    ended = bench.work(bench.set_all("not_a_number", "quantity", "7"))
    assert (ended.status, ended.succeeded, ended.failed) == ("completed_with_errors", 1, 1)
    assert list(bench.orders()) == ["A1", "A2"]
    assert [code for row, code in bench.codes() if row == 5] != []


def test_rows_go_with_their_batch(bench: Bench) -> None:
    bench.bring_in(TABLE)
    bench.edit(2, quantity="0")
    bench.delete_batch()
    assert bench.refused() == {}
    assert len(bench.edits()) == 1
    with pytest.raises(Conflict):
        bench.edit(2, quantity="1")
    bench.assert_sound()


def test_a_dry_run_is_corrected_in_bulk_and_writes_nothing(bench: Bench) -> None:
    bench.bring_in(TABLE, dry_run=True)
    ended = bench.work(bench.set_all("not_a_number", "quantity", "7"))
    assert (ended.status, ended.succeeded) == ("completed", 2)
    assert bench.orders() == {}
    assert bench.counters == ("completed_with_errors", 4, 3, 1, 0)


def test_an_atomic_import_is_corrected_in_bulk_and_comes_in_by_a_retry(bench: Bench) -> None:
    bench.bring_in(TABLE, mode=ImportMode.ATOMIC)
    bench.work(bench.set_all("not_a_number", "quantity", "7"))
    bench.work(bench.set_all("missing_customer", "customerName", "Eve"))
    assert (bench.orders(), bench.refused()) == ({}, {})
    bench.retry()
    assert sorted(bench.orders()) == ["A1", "A2", "A3", "A4"]
    assert bench.counters == ("completed", 4, 4, 0, 0)


def test_work_that_is_done_twice_changes_nothing_more(bench: Bench) -> None:
    bench.bring_in(TABLE)
    content = bench.rewritten(changed(bench.workbook(), {(2, "quantity"): "3", (5, "quantity"): "0"}))
    bench.work(bench.merge(content))
    before = (bench.counters, bench.orders(), bench.codes(), len(bench.edits()))
    ended = bench.work(bench.merge(content))
    assert ended.summary == {"rows": 2, "leftOut": 2, "leftOutRows": [2, 3]}
    assert (bench.counters, bench.orders(), bench.codes(), len(bench.edits())) == before
