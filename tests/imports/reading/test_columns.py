"""What is done to a whole column at once equals what would be done value by value."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.imports.factories import FIELDS, Cell, read, write_csv, write_xlsx
from tranche.imports.domain import FieldKind
from tranche.imports.reading import dates, numbers
from tranche.imports.reading.columns import clean
from tranche.imports.reading.dates import Doubt
from tranche.imports.reading.marks import Clean

_NUMBERS = st.from_regex(
    r"[-(+]?(\$|€|Rs\.? ?|EUR )?([0-9]{1,3}([.,' ][0-9]{3}){0,2}|[0-9]{1,7})?([.,][0-9]{1,4})?( ?[€%]| kr\.)?[-)]?",
    fullmatch=True,
) | st.text(max_size=5)
_DAYS = st.from_regex(
    r"[0-9]{1,2}[./-][0-9]{1,2}[./-]([0-9]{4}|[0-9]{2})|(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]", fullmatch=True
)
_TIMES = st.from_regex(r"( [0-9]{1,2}:[0-9]{2}(:[0-9]{2})?( ?[AP]M)?|T[0-2][0-9]:00:00Z?)?", fullmatch=True)
_DATES = st.builds("{}{}".format, _DAYS, _TIMES) | st.text(max_size=5)


def _clean(values: list[str | None], kind: FieldKind, *, day_first: bool | None = None) -> Clean:
    column = pa.chunked_array([pa.array(values[:2], pa.string()), pa.array(values[2:], pa.string())])
    return clean(column, kind=kind, header="H", day_first=day_first, kinds=None, percents=None)


@settings(max_examples=300, deadline=None)
@given(st.lists(_NUMBERS | st.none(), max_size=6))
def test_numbers_column_wise_are_numbers_value_by_value(values: list[str | None]) -> None:
    values = [value or None for value in values if "\x00" not in (value or "")]
    style = numbers.settle([value for value in values if value], typed=False)
    doubtful = [bool(value) and numbers.is_doubtful(value or "", style=style, typed=False) for value in values]
    expected = [
        value if value is None or doubt else numbers.plain(value, style=style) or value
        for value, doubt in zip(values, doubtful, strict=True)
    ]
    done = _clean(values, FieldKind.DECIMAL)
    assert done.values.to_pylist() == expected
    assert sorted(done.marks) == [row for row, doubt in enumerate(doubtful) if doubt]


@settings(max_examples=300, deadline=None)
@given(st.lists(_DATES | st.none(), max_size=6), st.sampled_from([None, True, False]))
def test_dates_column_wise_are_dates_value_by_value(values: list[str | None], day_first: bool | None) -> None:  # noqa: FBT001  # drawn
    values = [value or None for value in values if "\x00" not in (value or "")]
    order = dates.settle([value for value in values if value], said=day_first)
    answers = [dates.iso(value, order=order) if value else None for value in values]
    done = _clean(values, FieldKind.DATE, day_first=day_first)
    assert done.values.to_pylist() == [
        value if isinstance(answer, Doubt) else answer for value, answer in zip(values, answers, strict=True)
    ]
    assert {row: verdict.code for row, verdict in done.marks.items()} == {
        row: answer for row, answer in enumerate(answers) if isinstance(answer, Doubt)
    }


def test_every_kind_of_field_takes_an_empty_column() -> None:
    for kind in {field.kind for field in FIELDS}:
        assert _clean([None, None, None], kind).values.to_pylist() == [None, None, None]
        assert _clean([], kind).values.to_pylist() == []


def test_a_nul_is_a_fault_and_no_value() -> None:
    for kind in FieldKind:
        done = _clean(["1", "a\x00b", "2"], kind)
        assert done.values.to_pylist()[1] is None
        assert done.marks[1].code == "unreadable_character"


@pytest.mark.parametrize(
    ("quantities", "expected", "doubtful"),
    [
        (("1.000", "2"), ["1.000", "2"], [2]),
        (("1.000", "2.5"), ["1.000", "2.5"], []),
        (("1.000", "2,5"), ["1000", "2.5"], []),
        (("0.125", "2"), ["0.125", "2"], []),
    ],
)
def test_a_point_is_doubted_beside_a_column_that_writes_the_comma(
    tmp_path: Path, quantities: tuple[str, str], expected: list[str], doubtful: list[int]
) -> None:
    rows = [["Order no", "Qty", "Price"], *([f"A{n}", one, "12,50"] for n, one in enumerate(quantities))]
    reading = read(write_csv(tmp_path / "a.csv", rows, delimiter=";"))
    assert reading.column("quantity") == expected
    assert [fault.row for fault in reading.faults] == doubtful
    assert all("may be a decimal" in fault.message for fault in reading.faults)


@pytest.mark.parametrize(
    ("prices", "delimiter", "expected", "doubtful"),
    [
        (("1.234", "2.500"), ";", ["1.234", "2.500"], [2, 3]),
        (("1.234 €", "7 €"), ";", ["1.234", "7"], [2]),
        (("1.234", "2.5"), ";", ["1.234", "2.5"], []),
        (("1.234", "1.234,50"), ";", ["1234", "1234.50"], []),
        (("1.234", "12,5"), ";", ["1234", "12.5"], []),
        (("1.234.567", "2.500"), ";", ["1234567", "2500"], []),
        (("0.125", "2.500"), ";", ["0.125", "2.500"], []),
        (("1.234", "2.500"), ",", ["1.234", "2.500"], []),
        (("1.234", "2.500"), "\t", ["1.234", "2.500"], []),
        (("1.234", "2.500"), "|", ["1.234", "2.500"], []),
    ],
)
def test_a_point_before_three_digits_is_doubted_where_semicolons_part_the_cells(
    tmp_path: Path, prices: tuple[str, str], delimiter: str, expected: list[str], doubtful: list[int]
) -> None:
    rows = [["Order no", "Qty", "Price"], *([f"A{n}", "3", one] for n, one in enumerate(prices))]
    reading = read(write_csv(tmp_path / "a.csv", rows, delimiter=delimiter))
    assert reading.column("unitPrice") == expected
    assert reading.codes() == [(row, "unitPrice", "ambiguous_number") for row in doubtful]
    assert all("files with semicolons" in fault.message for fault in reading.faults)


def test_another_column_that_writes_the_point_as_decimal_sign_settles_it_in_a_file_with_semicolons(
    tmp_path: Path,
) -> None:
    rows = [["Order no", "Qty", "Price"], ["A1", "1.000", "2.50"]]
    reading = read(write_csv(tmp_path / "a.csv", rows, delimiter=";"))
    assert (reading.column("quantity"), reading.faults) == (["1.000"], [])


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_comma_that_nothing_settles_is_named_with_the_reason_and_the_way_out(tmp_path: Path, suffix: str) -> None:
    rows: list[list[Cell]] = [["Order no", "Qty", "Price"], ["A1", "3", "1,234"], ["A2", "3", "-2,500 €"]]
    path = tmp_path / f"a.{suffix}"
    reading = read(
        write_xlsx(path, rows) if suffix == "xlsx" else write_csv(path, [[str(cell) for cell in row] for row in rows])
    )
    assert reading.codes() == [(2, "unitPrice", "ambiguous_number"), (3, "unitPrice", "ambiguous_number")]
    assert reading.faults[0].message == (
        "C2 holds 1,234, which may be a decimal or have a thousands separator: nothing in the column settles it. "
        "If it is a decimal, write another digit behind it, as in 1.2340 for 1.234; "
        "if it has a thousands separator, leave that out, as in 1234."
    )


@pytest.mark.parametrize(("way_out", "found"), [("1,2340", "1.2340"), ("1.2340", "1.2340"), ("1234", "1234")])
def test_the_way_out_of_a_number_that_nothing_settles_leads_out(tmp_path: Path, way_out: str, found: str) -> None:
    for delimiter in (";", ","):
        rows = [["Order no", "Qty", "Price"], ["A1", "3", way_out]]
        reading = read(write_csv(tmp_path / "a.csv", rows, delimiter=delimiter))
        assert (reading.column("unitPrice"), reading.faults) == ([found], [])
