"""What a person enters into a cell, each value on its own and by the habits of its column."""

import pytest

from tests.imports.corrections.bench import Bench
from tranche.imports.corrections.domain import InvalidCell
from tranche.imports.corrections.values import Habits, habits_of, read_entry, require_storable
from tranche.imports.domain import Field, FieldKind

COMMA, DAY = Habits(decimal=","), Habits(day_first=True)


def read(kind: FieldKind, text: str | None, habits: Habits | None = None, *, typed: bool = False) -> str | None:
    entry = read_entry(2, Field("f", "F", kind=kind), text, habits=habits or Habits(), typed=typed)
    return entry.code or entry.value


@pytest.mark.parametrize(
    ("text", "habits", "found"),
    [
        ("3", None, "3"),
        (" 3.5 ", None, "3.5"),
        ("12,50", None, "12.50"),
        ("1.234,50 €", None, "1234.50"),
        ("-0.1", None, "-0.1"),
        ("1.234", None, "1.234"),
        ("1,234", None, "ambiguous_number"),
        ("1.234", Habits(semicolons=True), "ambiguous_number"),
        ("1.2340", Habits(semicolons=True), "1.2340"),
        ("1.234", Habits(semicolons=True, decimal=","), "1234"),
        ("1.234", COMMA, "1234"),
        ("1,234", COMMA, "1.234"),
        ("12.50", COMMA, "12.50"),
        ("1,234", Habits(decimal="."), "1234"),
        ("1.234", Habits(decimal=",", typed=True), "ambiguous_number"),
        ("12,5", Habits(decimal=",", typed=True), "12.5"),
        ("three", None, "three"),
        ("NaN", None, "NaN"),
        ("1e400", None, "1e400"),
        ("  ", None, None),
        (None, None, None),
    ],
)
def test_numbers(text: str | None, habits: Habits | None, found: str | None) -> None:
    assert read(FieldKind.DECIMAL, text, habits) == found


@pytest.mark.parametrize(
    ("text", "habits", "found"),
    [
        ("2026-11-20", None, "2026-11-20"),
        ("2026-11-20 00:00:00", None, "2026-11-20"),
        ("2026-11-20T08:30:00+02:00", None, "2026-11-20 08:30:00+02:00"),
        ("25/04/2026", None, "2026-04-25"),
        ("04/25/2026", DAY, "2026-04-25"),
        ("03/04/2026", None, "03/04/2026"),
        ("03/04/2026", DAY, "2026-04-03"),
        ("03/04/2026", Habits(day_first=False), "2026-03-04"),
        ("20 Nov 2026", None, "2026-11-20"),
        ("29/02/2027", None, "29/02/2027"),
        ("29/02/2028", None, "2028-02-29"),
        ("1899-12-31", None, "1899-12-31"),
        ("soon", None, "soon"),
    ],
)
def test_dates(text: str, habits: Habits | None, found: str) -> None:
    assert read(FieldKind.DATE, text, habits) == found


def test_identifiers_keep_what_they_are() -> None:
    assert read(FieldKind.IDENTIFIER, "123.0") == "123"
    assert read(FieldKind.IDENTIFIER, "00123") == "00123"
    assert read(FieldKind.IDENTIFIER, "1234567890123456768") == "1234567890123456768"
    assert read(FieldKind.IDENTIFIER, "1234567890123456768", typed=True) == "lost_digits"
    assert read(FieldKind.IDENTIFIER, "1234567890123456789", typed=True) == "1234567890123456789"


def test_other_kinds() -> None:
    assert read(FieldKind.CURRENCY, " eur") == "EUR"
    assert read(FieldKind.PERCENT, "19 %") == "19"
    assert read(FieldKind.TEXT, "\ufeff Ann\u200b ") == "Ann"


def test_what_no_cell_can_hold_is_refused() -> None:
    for wrong in ("\0", "a\ud800", "x" * 32_768):
        with pytest.raises(InvalidCell) as refusal:
            require_storable("notes", wrong, pointer="/cells/notes")
        assert refusal.value.errors[0].pointer == "/cells/notes"
    require_storable("notes", "x" * 32_767, pointer="/cells/notes")
    require_storable("notes", None, pointer="/cells/notes")


def test_the_habits_of_a_column_are_those_that_its_reading_settled(bench: Bench) -> None:
    header = ("orderId", "customerName", "quantity", "unitPrice", "orderDate")
    table = (("A1", "Ann", "x", "1.234,50", "25/04/2026"), ("A2", "Ann", "1", "12,50", "03/04/2026"))
    bench.bring_in(table, header=header)
    work = bench.job()
    assert habits_of(work, "unitPrice") == Habits(decimal=",", day_first=None, typed=False)
    assert habits_of(work, "orderDate").day_first is True
    assert habits_of(work, "quantity").decimal is None
    bench.edit(2, quantity="2", unitPrice="1.500", orderDate="05/06/2026")
    (order,) = bench.importer.rows("SELECT total, order_date::date::text AS day FROM orders WHERE number = 'A1'")
    assert (str(order["total"]), order["day"]) == ("3000.00", "2026-06-05")
