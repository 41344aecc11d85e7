"""Numbers of many countries become plain decimals, or stay as they are where the column leaves a doubt."""

import pytest

from tranche.imports.reading.numbers import is_doubtful, plain, settle


def _all(*values: str, typed: bool = False) -> list[str | None]:
    style = settle(values, typed=typed)
    return [plain(value, style=style) for value in values]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("12,50", "3"), ("12.50", "3")),
        (("12,50", "1.234"), ("12.50", "1234")),
        (("1.234,56",), ("1234.56",)),
        (("1,234.56", "1,234"), ("1234.56", "1234")),
        (("1,234,567",), ("1234567",)),
        (("1.234.567", "1,5"), ("1234567", "1.5")),
        (("12,34,567.00",), ("1234567.00",)),
        (("1 234,56", "1\u202f234"), ("1234.56", "1234")),
        (("1'234.50", "1’234"), ("1234.50", "1234")),
        (("$ 1,234.50", "$3.10"), ("1234.50", "3.10")),
        (("12,50 €", "€ 7,00"), ("12.50", "7.00")),
        (("EUR 12.50", "12.75 EUR"), ("12.50", "12.75")),
        (("kr 1.250,00",), ("1250.00",)),
        (("(12.50)", "-3.25", "−1.75", "4.25-"), ("-12.50", "-3.25", "-1.75", "-4.25")),
        (("+5", "7"), ("5", "7")),
        (("19 %", "7%", "0"), ("19", "7", "0")),
        ((".5", "0.25"), ("0.5", "0.25")),
        (("0,123", "5"), ("0.123", "5")),
    ],
)
def test_a_column_that_settles_itself_is_made_plain(values: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert tuple(_all(*values)) == expected


def test_one_thousand_or_one_and_a_bit_is_left_alone() -> None:
    assert _all("1,234", "5,678") == [None, None]


def test_a_column_with_both_decimal_signs_is_left_alone() -> None:
    assert _all("12.50", "12,50", "1,234") == ["12.50", None, None]


def test_a_plain_looking_value_in_such_a_column_is_doubtful() -> None:
    style = settle(["12.50", "12,50", "1.234"], typed=False)
    assert style.mixed
    assert is_doubtful("1.234", style=style, typed=False)
    assert not is_doubtful("12.50", style=style, typed=False)
    assert not is_doubtful("0.123", style=style, typed=False)


def test_in_a_workbook_a_point_proves_nothing_about_its_texts() -> None:
    assert _all("12.5", "1,234", typed=True) == ["12.5", None]
    assert _all("12.5", "1,234", typed=False) == ["12.5", "1234"]


def test_in_a_workbook_with_comma_texts_a_number_with_three_decimals_is_doubtful() -> None:
    style = settle(["12,50", "1.234"], typed=True)
    assert is_doubtful("1.234", style=style, typed=True)
    assert not is_doubtful("1.234", style=settle(["12.50", "1.234"], typed=True), typed=True)


def test_two_currencies_in_a_column_are_left_for_the_judge() -> None:
    assert _all("$5.00", "€6.00", "7.00") == [None, None, "7.00"]


def test_per_cent_beside_bare_rates_is_left_for_the_judge() -> None:
    assert _all("19%", "7") == [None, "7"]
    assert _all("19%", "0") == ["19", "0"]


@pytest.mark.parametrize(
    "text",
    ["on request", "NaN", "Infinity", "1e400", "12..5", "1,2,3", "1,23.4", "--5", "(5", "5)", "(-5)", "$5€", "1 23",
     "5 pieces", "12,", "12.", "1.2.3,4", "", "٣", "²"],
)  # fmt: skip
def test_what_is_no_number_stays_as_it_is(text: str) -> None:
    assert _all(text, "2,5") == [None, "2.5"]
