"""Dates become ISO; the order of day and month comes from the column or from a person, never from luck."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tranche.imports.reading.dates import Doubt, Order, iso, settle

_DAY = Order(day_first=True, said=True)
_MONTH = Order(day_first=False, said=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-02", "2024-01-02"),
        ("2024-01-02 00:00:00", "2024-01-02"),
        ("2010-12-01 08:26:00", "2010-12-01 08:26:00"),
        ("2024-01-02T03:04:05", "2024-01-02 03:04:05"),
        ("2024-01-02T03:04:05.678Z", "2024-01-02 03:04:05+00:00"),
        ("2024-01-02 03:04:05+02:00", "2024-01-02 03:04:05+02:00"),
        ("2024/1/2", "2024-01-02"),
        ("2024.01.02 3:04 PM", "2024-01-02 15:04:00"),
        ("20240102", "2024-01-02"),
        ("5 January 2024", "2024-01-05"),
        ("5-Jan-24", "2024-01-05"),
        ("Jan 5, 2024", "2024-01-05"),
        ("Friday, January 5th, 2024", "2024-01-05"),
        ("5. März 2024", "2024-03-05"),
        ("5 août 2024", "2024-08-05"),
        ("5 de enero de 2024", "2024-01-05"),
        ("12 dic. 2024", "2024-12-12"),
        ("29 February 2024", "2024-02-29"),
        ("11/11/2024", "2024-11-11"),
        ("12:00 AM", Doubt.NOT_A_DATE),
        ("1900-03-01", "1900-03-01"),
        ("9999-12-31", "9999-12-31"),
        ("9999-12-30 23:59:59", "9999-12-30 23:59:59"),
        ("2024-01-02 03:04:05-15:59", "2024-01-02 03:04:05-15:59"),
        ("2024-01-02 03:04:05+16:00", Doubt.NOT_A_DATE),
        ("2024-01-02 03:04:05+0060", Doubt.NOT_A_DATE),
    ],
)
def test_a_date_that_needs_no_order_is_read(text: str, expected: str) -> None:
    assert iso(text, order=Order()) == expected


@pytest.mark.parametrize(
    ("text", "day", "month"),
    [
        ("03/04/2024", "2024-04-03", "2024-03-04"),
        ("3.4.2024", "2024-04-03", "2024-03-04"),
        ("03-04-2024 17:05", "2024-04-03 17:05:00", "2024-03-04 17:05:00"),
        ("12/1/10 8:26", "2010-01-12 08:26:00", "2010-12-01 08:26:00"),
        ("1/2/29", "2029-02-01", "2029-01-02"),
        ("1/2/30", "1930-02-01", "1930-01-02"),
        ("25/12/2024", "2024-12-25", Doubt.NOT_A_DATE),
        ("12/25/2024", Doubt.NOT_A_DATE, "2024-12-25"),
        ("30/02/2024", Doubt.NOT_A_DATE, Doubt.NOT_A_DATE),
        ("03-04-24", "2024-04-03", "2024-03-04"),
    ],
)
def test_the_order_that_was_said_is_kept_to(text: str, day: str, month: str) -> None:
    assert (iso(text, order=_DAY), iso(text, order=_MONTH)) == (day, month)


@pytest.mark.parametrize(
    ("values", "day_first"),
    [
        (["01/02/2024", "25/12/2024"], True),
        (["01/02/2024", "12/25/2024"], False),
        (["01/02/2024", "03/04/2024"], None),
        (["25/12/2024", "12/25/2024"], None),
        (["24-01-15", "24-01-16"], None),
        (["2024-01-25", "next week"], None),
    ],
)
def test_one_value_settles_the_column_and_two_against_each_other_do_not(
    values: list[str],
    day_first: bool | None,  # noqa: FBT001  # a case, not an interface
) -> None:
    assert settle(values, said=None).day_first is day_first


def test_a_column_with_both_orders_names_both() -> None:
    order = settle(["25/12/2024", "12/25/2024"], said=None)
    assert (order.settled_by, order.against) == ("25/12/2024", "12/25/2024")
    assert iso("25/12/2024", order=order) is Doubt.AMBIGUOUS


def test_what_a_person_said_goes_before_what_the_column_says() -> None:
    assert settle(["25/12/2024"], said=False) == _MONTH


@pytest.mark.parametrize("text", ["03/04/2024", "1.2.24", "24-01-15"])
def test_without_an_order_it_is_ambiguous(text: str) -> None:
    assert iso(text, order=Order()) is Doubt.AMBIGUOUS


@pytest.mark.parametrize(
    "text",
    [
        "1900-02-28",
        "1899-12-31 12:00:00",
        "28/02/1900",
        "+10000-01-01 00:00:00",
        "9999-12-31 00:00:01",
        "12345-01-01",
        "1815-06-18",
    ],
)
def test_dates_outside_the_calendar_of_spreadsheets_are_out_of_range(text: str) -> None:
    assert iso(text, order=_DAY) is Doubt.OUT_OF_RANGE


@pytest.mark.parametrize(
    "text",
    ["next Tuesday", "45292", "2024-02-30", "2023-02-29", "2024-13-01", "31/31/2024", "2024-01-02 25:00:00", "0", "-",
     "2024", "5 Smarch 2024", "13:45 PM", "2024-01-02 13:00 PM", "2024-01-02x03:04:05", "99999999"],
)  # fmt: skip
def test_what_is_no_date_is_said_to_be_none(text: str) -> None:
    assert iso(text, order=_DAY) is Doubt.NOT_A_DATE


@given(st.datetimes(min_value=datetime(1900, 3, 1)))  # noqa: DTZ001  # a cell has no zone
def test_what_we_write_we_read(moment: datetime) -> None:
    text = f"{moment:%Y-%m-%d %H:%M:%S}"
    assert iso(text, order=Order()) in (text, text.removesuffix(" 00:00:00"))


@given(st.text(max_size=30))
def test_any_text_is_a_date_or_a_doubt(text: str) -> None:
    answer = iso(text, order=_DAY)
    assert isinstance(answer, Doubt) or iso(answer, order=Order()) == answer
