"""A clerk corrects single rows of an import."""

import random

import pytest

from tests.imports.corrections.bench import HEADER, Bench
from tranche.imports.corrections.domain import InvalidCell, RowNotFound, UnknownField
from tranche.imports.domain import ImportMode, Mapping, OnDuplicate

TABLE = (
    ("A1", "Ann", "S1", "x", "5"),
    ("A1", "Ann", "S2", "2", "5"),
    ("A2", "Bob", "S1", "1", "5"),
    ("", "Cid", "S1", "1", "5"),
)


def test_the_rows_of_refused_orders_are_kept_whole_and_no_others(bench: Bench) -> None:
    bench.bring_in(TABLE)
    assert bench.refused() == {
        2: {"orderId": "A1", "customerName": "Ann", "itemSku": "S1", "quantity": "x", "unitPrice": "5"},
        3: {"orderId": "A1", "customerName": "Ann", "itemSku": "S2", "quantity": "2", "unitPrice": "5"},
        5: {"customerName": "Cid", "itemSku": "S1", "quantity": "1", "unitPrice": "5"},
    }


def test_a_corrected_cell_brings_its_whole_order_into_the_batch_of_the_import(bench: Bench) -> None:
    before = bench.bring_in(TABLE)
    states = bench.edit(2, quantity="3")
    assert [(state.row, state.status) for state in states] == [(2, "imported"), (3, "imported")]
    assert {state.made.label for state in states if state.made} == {"A1"}
    assert bench.orders() == {"A1": [(2, "3"), (3, "2")], "A2": [(4, "1")]}
    assert bench.counters == ("completed_with_errors", 3, 2, 1, 0)
    found = bench.imported
    assert found.batch is not None
    assert before.batch is not None
    assert (found.batch.successful_orders, found.batch.failed_orders, found.batch.status) == (2, 1, "completed")
    assert found.batch.completed_at == before.batch.completed_at
    assert bench.codes() == [(5, "missing_field")]


def test_the_last_correction_completes_the_import(bench: Bench) -> None:
    bench.bring_in(TABLE)
    bench.edit(2, quantity="3")
    bench.edit(5, orderId="A3")
    assert bench.counters == ("completed", 3, 3, 0, 0)
    assert bench.refused() == {}


def test_an_import_of_which_nothing_came_in_is_no_longer_failed(bench: Bench) -> None:
    found = bench.bring_in([("A1", "Ann", "S1", "0", "5"), ("A2", "Ann", "S1", "0", "5")])
    assert found.batch is not None
    assert found.batch.status == "failed"
    bench.edit(2, quantity="1")
    assert bench.counters == ("completed_with_errors", 2, 1, 1, 0)
    batch = bench.imported.batch
    assert batch is not None
    assert (batch.status, batch.failure) == ("completed", None)


def test_a_value_that_is_wrong_again_is_an_error_of_that_row_again(bench: Bench) -> None:
    bench.bring_in(TABLE)
    states = bench.edit(2, quantity="0")
    assert [(state.row, state.status, [error["code"] for error in state.errors]) for state in states] == [
        (2, "refused", ["not_positive"]),
        (3, "refused", ["order_rejected"]),
    ]
    assert bench.counters == ("completed_with_errors", 3, 1, 2, 0)
    assert bench.refused()[2]["quantity"] == "0"


def test_every_change_is_logged_with_who_made_it(bench: Bench) -> None:
    bench.bring_in(TABLE)
    bench.edit(2, quantity="0", itemSku=None)
    bench.edit(2, quantity="0")
    bench.edit(2, quantity=" 7 ")
    log = [(edit["row_number"], edit["field"], edit["old_value"], edit["new_value"]) for edit in bench.edits()]
    assert log == [(2, "itemSku", "S1", None), (2, "quantity", "x", "0"), (2, "quantity", "0", "7")]
    assert {edit["user_id"] for edit in bench.edits()} == {bench.importer.context.user_id}
    actions = bench.importer.rows("SELECT action, subject_id, detail FROM audit_entries WHERE action LIKE 'import%'")
    assert [entry["action"] for entry in actions] == ["import_row.edit"] * 3
    assert actions[0]["detail"] == {"row": 2, "fields": ["quantity", "itemSku"]}


def test_a_row_that_moves_to_another_order_has_both_judged_again(bench: Bench) -> None:
    bench.bring_in([("A1", "Ann", "S1", "1", "5"), ("A1", "Bob", "S2", "2", "5"), ("A9", "Bob", "S2", "x", "5")])
    assert bench.counters == ("failed", 2, 0, 2, 0)
    states = bench.edit(3, orderId="A2")
    assert [(state.row, state.status, state.group_key) for state in states] == [
        (2, "imported", "A1"),
        (3, "imported", "A2"),
    ]
    assert bench.counters == ("completed_with_errors", 3, 2, 1, 0)


def test_a_row_that_joins_another_refused_order_makes_one_order_less(bench: Bench) -> None:
    bench.bring_in([("A1", "Ann", "S1", "x", "5"), ("A2", "Ann", "S2", "2", ""), ("B", "Ann", "S1", "1", "1")])
    states = bench.edit(2, orderId="A2", quantity="4")
    assert [(state.row, state.status) for state in states] == [(2, "refused"), (3, "refused")]
    assert bench.counters == ("completed_with_errors", 2, 1, 1, 0)
    bench.edit(3, unitPrice="1")
    assert bench.orders()["A2"] == [(2, "4"), (3, "2")]
    assert bench.counters == ("completed", 2, 2, 0, 0)


@pytest.mark.parametrize("choice", OnDuplicate)
def test_no_row_is_added_to_an_order_that_the_same_upload_brought_in(bench: Bench, choice: OnDuplicate) -> None:
    bench.bring_in(TABLE, on_duplicate=choice)
    (state,) = bench.edit(5, orderId="A2")
    assert [error["code"] for error in state.errors] == ["order_brought_in"]
    assert bench.orders() == {"A2": [(4, "1")]}
    (state,) = bench.edit(5, orderId="A5")
    assert state.status == "imported"
    assert bench.counters == ("completed_with_errors", 3, 2, 1, 0)


def test_an_order_number_that_exists_from_another_upload_goes_by_the_senders_choice(bench: Bench) -> None:
    bench.bring_in([("X1", "Ann", "S1", "9", "5")])
    bench.bring_in(TABLE)
    (state,) = bench.edit(5, orderId="X1")
    assert [error["code"] for error in state.errors] == ["order_exists"]
    bench.bring_in([("", "Ann", "S1", "1", "5")], on_duplicate=OnDuplicate.SKIP)
    (state,) = bench.edit(2, orderId="X1")
    assert state.status == "skipped"
    assert bench.counters == ("completed", 1, 0, 0, 1)
    bench.bring_in([("", "Ann", "S1", "1", "5")], on_duplicate=OnDuplicate.UPDATE)
    (state,) = bench.edit(2, orderId="X1")
    assert state.status == "imported"


def test_what_the_reading_found_in_other_cells_stays(bench: Bench) -> None:
    found = bench.bring_in([("1234567890123456768", "Ann", "S1", "x", "5"), ("A", "Ann", "S1", "1", "5")])
    assert found.codes == [(2, "lost_digits"), (2, "not_a_number")]
    (state,) = bench.edit(2, quantity="1")
    assert (state.status, [error["code"] for error in state.errors]) == ("refused", ["lost_digits"])
    (state,) = bench.edit(2, orderId="1234567890123456768")
    assert state.status == "imported"
    assert "1234567890123456768" in bench.orders()


def test_of_a_dry_run_only_the_verdicts_change(bench: Bench) -> None:
    bench.bring_in(TABLE, dry_run=True)
    assert bench.counters == ("completed_with_errors", 3, 1, 2, 0)
    states = bench.edit(2, quantity="3")
    assert [state.status for state in states] == ["valid", "valid"]
    assert bench.counters == ("completed_with_errors", 3, 2, 1, 0)
    assert bench.orders() == {}
    assert list(bench.refused()) == [5]


def test_an_atomic_import_comes_in_whole_by_a_retry_after_its_last_correction(bench: Bench) -> None:
    bench.bring_in(TABLE, mode=ImportMode.ATOMIC)
    assert bench.edit(2, quantity="3")[0].status == "valid"
    bench.edit(5, orderId="A3")
    assert bench.orders() == {}
    bench.retry()
    assert bench.counters == ("completed", 3, 3, 0, 0)
    assert bench.orders() == {"A1": [(2, "3"), (3, "2")], "A2": [(4, "1")], "A3": [(5, "1")]}


def test_a_retry_keeps_what_was_corrected(bench: Bench) -> None:
    bench.bring_in([*TABLE, ("A7", "Dan", "S1", "x", "5")])
    bench.edit(2, quantity="3")
    bench.edit(5, orderId="A3")
    bench.edit(6, quantity="0")
    bench.retry()
    assert bench.counters == ("completed_with_errors", 4, 3, 1, 0)
    assert bench.refused()[6]["quantity"] == "0"
    assert bench.orders() == {"A1": [(2, "3"), (3, "2")], "A2": [(4, "1")], "A3": [(5, "1")]}


def test_a_retry_judges_what_was_entered_into_rows_that_had_been_sound(bench: Bench) -> None:
    bench.bring_in(TABLE)
    bench.edit(3, unitPrice="-1")
    bench.edit(2, quantity="1")
    bench.retry()
    assert bench.codes() == [(2, "order_rejected"), (3, "negative_price"), (5, "missing_field")]
    assert list(bench.orders()) == ["A2"]


def test_a_cancelled_import_is_corrected_and_retried(bench: Bench) -> None:
    operation = bench.importer.upload(TABLE)
    while bench.look(operation.id).phase != "prepare":
        bench.importer.step(operation)
    bench.cancel(operation)
    bench.work(operation)
    bench.operation_id, bench.import_id = operation.id, operation.payload["importId"]
    assert bench.counters == ("cancelled", 3, 0, 2, 0)
    assert [state.status for state in bench.edit(2, quantity="3")] == ["imported", "imported"]
    assert bench.counters == ("cancelled", 3, 1, 1, 0)
    batch = bench.imported.batch
    assert batch is not None
    assert (batch.status, batch.successful_orders, batch.failed_orders) == ("failed", 1, 2)
    bench.retry()
    assert bench.counters == ("completed_with_errors", 3, 2, 1, 0)
    assert bench.orders() == {"A1": [(2, "3"), (3, "2")], "A2": [(4, "1")]}


def test_columns_that_are_no_field_come_along(bench: Bench) -> None:
    header = (*HEADER, "Colour")
    bench.bring_in([("A1", "Ann", "S1", "x", "5", "red"), ("A1", "Ann", "S2", "1", "5", "")], header=header)
    states = bench.edit(2, quantity="1")
    assert [state.extra for state in states] == [{"Colour": "red"}, None]
    lines = bench.importer.rows("SELECT extra FROM order_lines ORDER BY source_row")
    assert [line["extra"] for line in lines] == [{"Colour": "red"}, None]


def test_customers_and_items_are_made_for_what_comes_in_and_for_nothing_else(bench: Bench) -> None:
    bench.bring_in([("A1", "Ann", "S1", "x", "5"), ("A2", "Bob", "S2", "x", "5")])
    bench.edit(2, quantity="1", customerName="Anne")
    names = bench.importer.rows("SELECT name FROM customers UNION ALL SELECT code FROM items")
    assert sorted(row["name"] for row in names) == ["Anne", "S1"]


def test_a_row_moved_to_an_order_of_the_upload_is_not_lost_by_a_retry(bench: Bench) -> None:
    bench.bring_in(TABLE)
    bench.edit(5, orderId="A2")
    bench.retry()
    assert (5, "order_brought_in") in bench.codes()
    assert 5 in bench.refused()
    assert bench.counters == ("completed_with_errors", 3, 1, 2, 0)
    (state,) = bench.edit(5, orderId="A8")
    assert state.status == "imported"
    assert bench.counters == ("completed_with_errors", 3, 2, 1, 0)


def test_an_order_that_was_overtaken_is_kept_whole(bench: Bench) -> None:
    operation = bench.importer.upload([("A1", "Ann", "S1", "1", "5"), ("A1", "Ann", "S2", "1", "5")])
    while bench.look(operation.id).phase != "commit":
        bench.importer.step(operation)
    bench.importer.bring_in([("A1", "Eve", "S9", "1", "1")])
    bench.work(operation)
    bench.operation_id, bench.import_id = operation.id, operation.payload["importId"]
    assert list(bench.refused()) == [2, 3]
    assert bench.codes() == [(2, "order_exists"), (3, "order_rejected")]
    bench.edit(2, orderId="A2")
    states = bench.edit(3, orderId="A2")
    assert [state.status for state in states] == ["refused"]
    assert [error["code"] for error in states[0].errors] == ["order_brought_in"]


def test_dates_and_numbers_are_read_like_cells(bench: Bench) -> None:
    header = ("orderId", "customerName", "itemSku", "quantity", "unitPrice", "orderDate", "taxRate", "currency")
    bench.bring_in([("A1", "Ann", "S1", "x", "5", "?", "?", "?")], header=header, mapping=Mapping(day_first=True))
    bench.edit(2, orderDate="03/04/2026", taxRate="19 %", currency="eur", unitPrice="1.234,50 €")
    bench.edit(2, quantity="2,5")
    (line,) = bench.importer.rows(
        "SELECT o.order_date, o.currency, o.total, l.* FROM orders o JOIN order_lines l ON l.order_id = o.id"
    )
    assert str(line["order_date"].date()) == "2026-04-03"
    assert (str(line["quantity"]), str(line["unit_price"]), str(line["tax_rate"])) == ("2.5", "1234.50", "19")
    assert (line["currency"], str(line["total"])) == ("EUR", "3086.25")


def test_an_ambiguous_date_or_number_is_an_error_and_never_guessed(bench: Bench) -> None:
    header = ("orderId", "customerName", "itemSku", "quantity", "unitPrice", "orderDate")
    bench.bring_in([("A1", "Ann", "S1", "x", "5", "")], header=header)
    (state,) = bench.edit(2, orderDate="03/04/2026", quantity="1,234")
    assert sorted(error["code"] for error in state.errors) == ["ambiguous_number", "not_a_date"]
    (message,) = (error["message"] for error in state.errors if error["code"] == "ambiguous_number")
    assert message.startswith("The corrected cell holds 1,234, which may be a decimal or have a thousands separator")
    assert message.endswith("as in 1234.")


def test_a_field_without_a_column_may_be_given(bench: Bench) -> None:
    bench.bring_in([("A1", "", "S1", "1", "5"), ("A2", "Ann", "S1", "1", "5")])
    (state,) = bench.edit(2, customerCode="K-77")
    assert state.status == "imported"


def test_what_can_never_be_stored_is_refused_and_changes_nothing(bench: Bench) -> None:
    bench.bring_in(TABLE)
    for wrong in ("a\0b", "\ud800", "x" * 32_768):
        with pytest.raises(InvalidCell):
            bench.edit(2, itemSku=wrong, quantity="1")
    with pytest.raises(UnknownField):
        bench.edit(2, colour="red")
    for row in (4, 99, 0):
        with pytest.raises(RowNotFound):
            bench.edit(row, quantity="1")
    assert bench.edits() == []
    assert bench.counters == ("completed_with_errors", 3, 1, 2, 0)


def test_a_stage_that_was_lost_before_the_end_is_read_again_for_the_rows_to_keep(bench: Bench) -> None:
    operation = bench.importer.upload([("A1", "Ann", "S1", "x", "5"), ("A1", "Ann", "S2", "1", "5")])
    while bench.look(operation.id).phase != "commit":
        bench.importer.step(operation)
    bench.lose_stage()
    ended = bench.work(operation)
    assert ended.status == "failed"
    assert list(bench.refused()) == [2, 3]
    events = bench.importer.rows("SELECT event FROM operation_events ORDER BY id")
    assert "restarted" in [event["event"] for event in events]


def test_an_order_number_longer_than_an_index_takes_is_kept_and_corrected(bench: Bench) -> None:
    chance = random.Random(7)  # noqa: S311  # text that does not compress
    long = "".join(chr(chance.randint(0x4E00, 0x9FFF)) for _ in range(9_000))
    bench.bring_in([(long, "Ann", "S1", "1", "5"), (long, "Ann", "S2", "1", "5"), ("A1", "Ann", "S1", "x", "5")])
    assert bench.counters == ("failed", 2, 0, 2, 0)
    states = bench.edit(2, orderId=long[::-1])
    assert [(state.row, state.status) for state in states] == [(2, "refused"), (3, "refused")]
    assert bench.counters == ("failed", 3, 0, 3, 0)
    bench.edit(4, orderId=long)
    bench.edit(3, orderId="A2")
    assert bench.orders() == {"A2": [(3, "1")]}
