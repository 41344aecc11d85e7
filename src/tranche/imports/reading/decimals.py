"""A column of numbers to plain decimals: judged by the shapes of its values, changed all at once."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import IntEnum
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tranche.imports.reading.marks import Clean, Verdict, distinct, replaced, rows_where
from tranche.imports.reading.numbers import (
    DECIMAL_COMMA,
    PLAIN,
    SETTLE_IT,
    THOUSANDS_COMMA,
    Style,
    is_doubtful,
    plain,
    settle,
    sign_of_group,
    take_apart,
)

_ZEROS: Final = "\u0660\u06f0\u0966\u09e6"
_FOREIGN: Final = "[" + "".join(f"{zero}-{chr(ord(zero) + 9)}" for zero in _ZEROS) + "]"
_WESTERN: Final = {ord(zero) + digit: str(digit) for zero in _ZEROS for digit in range(10)} | {
    ord("\u066b"): ".",
    ord("\u066c"): ",",
}
_AMBIGUOUS: Final = Verdict(
    "ambiguous_number",
    "{cell} holds {value}, which may be a decimal or have a thousands separator: "
    "the column uses both the point and the comma. Write all its numbers in one way.",
)

_UNSETTLED: Final = Verdict(
    "ambiguous_number",
    "{cell} holds {value}, which may be a decimal or have a thousands separator: nothing in the column settles it. "
    + SETTLE_IT,
)
_SEMICOLONS: Final = Verdict(
    "ambiguous_number",
    "{cell} holds {value}, which may be a decimal or have a thousands separator: nothing in the column settles it, and "
    "files with semicolons mostly write the comma as their decimal sign. " + SETTLE_IT,
)
_BESIDE: Final = Verdict(
    "ambiguous_number",
    "{cell} holds {value}, which may be a decimal or have a thousands separator: the file writes the comma as its "
    "decimal sign in another column. Write the number with a comma, or without a thousands separator.",
)
_MAYBE_GROUPED: Final = r"(?:^|[^0-9.,])[1-9][0-9]{0,2}\.[0-9]{3}(?:$|[^0-9.,])"


class _Way(IntEnum):
    """What happens to the values of one shape."""

    LEAVE = 0
    PLUS = 1
    MINUS = 2
    ONE_BY_ONE = 3
    DOUBT = 4


def clean_decimals(column: pa.ChunkedArray, *, header: str, typed: bool) -> Clean:
    """Plain decimals where the column leaves no doubt; other values stay as they are, for the judge.

    A value's shape is itself with every digit but 0 written as 1: that is all that a decision depends on, and a
    million prices have few shapes.
    """
    odd = pc.invert(pc.match_substring_regex(column, PLAIN))
    if not pc.any(odd).as_py():
        return Clean(column)
    column = _western(column)
    shapes = _shapes(column)
    known = distinct(shapes)
    style = settle(known, typed=typed)
    ways = pa.array([_way(shape, style=style, typed=typed) for shape in known], pa.int8())
    way = pc.fill_null(pc.take(ways, pc.index_in(shapes, value_set=pa.array(known, pa.string()))), _Way.LEAVE)
    changed = pc.if_else(pc.is_in(way, value_set=_these(_Way.PLUS, _Way.MINUS)), _digits(column, way, style), column)
    rest = distinct(pc.filter(column, pc.equal(way, _Way.ONE_BY_ONE)))
    if rest:
        changed, _ = replaced(changed, rest, decide=lambda text: plain(text, style=style) or text)
    verdict = _AMBIGUOUS if style.mixed or style.decimal else _UNSETTLED
    marks = dict.fromkeys(rows_where(pc.equal(way, _Way.DOUBT)), verdict)
    return Clean(changed, marks, tuple(f"{header}: {notice}" for notice in _notices(known, style)))


def doubt_points(columns: Mapping[int, pa.ChunkedArray], cleaned: dict[int, Clean], *, semicolons: bool) -> None:
    """In a text file, mark the 1.000 that nothing settles in its own column, if the file speaks for decimal commas.

    Other columns that write the comma do, and so do `semicolons` as the delimiter where no column writes the point as
    its decimal sign. `columns` are those of numbers, as they stand in the file, by their place among the `cleaned`.
    """
    comma = any(_writes_comma(done) for done in cleaned.values())
    if not comma and not semicolons:
        return
    maybe = [index for index, column in columns.items() if pc.any(_maybe_grouped(column)).as_py()]
    if not maybe or (not comma and any(_settled(column).decimal == "." for column in columns.values())):
        return
    for index in maybe:
        done, style = cleaned[index], _settled(columns[index])
        if style.decimal is None and not style.mixed:
            doubted = dict.fromkeys(_grouped_rows(columns[index]), _BESIDE if comma else _SEMICOLONS)
            cleaned[index] = replace(done, marks=doubted | done.marks)


def _writes_comma(done: Clean) -> bool:
    """Whether the column has shown that the comma is its decimal sign."""
    return any(notice.endswith(DECIMAL_COMMA) for notice in done.notices)


def _maybe_grouped(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(pc.match_substring_regex(_western(column), _MAYBE_GROUPED), fill_value=False)


def _settled(column: pa.ChunkedArray) -> Style:
    return settle(distinct(_shapes(_western(column))), typed=False)


def _grouped_rows(column: pa.ChunkedArray) -> list[int]:
    shapes = _shapes(_western(column))
    grouped = [shape for shape in distinct(shapes) if sign_of_group(shape) == "."]
    return rows_where(pc.is_in(shapes, value_set=pa.array(grouped, pa.string())))


def _shapes(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.replace_substring_regex(column, "[2-9]", "1")


def _western(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Arabic, Persian, Hindi and Bengali digits as 0 to 9."""
    foreign = distinct(pc.filter(column, pc.match_substring_regex(column, _FOREIGN)))
    if not foreign:
        return column
    changed, _ = replaced(column, foreign, decide=lambda text: text.translate(_WESTERN))
    return changed


def _these(*ways: _Way) -> pa.Array:
    return pa.array(ways, pa.int8())


def _way(shape: str, *, style: Style, typed: bool) -> _Way:
    if is_doubtful(shape, style=style, typed=typed):
        return _Way.DOUBT
    number, digits = take_apart(shape), plain(shape, style=style)
    if number is None or digits is None or digits == shape:
        return _Way.LEAVE
    if "." in number.currency:
        return _Way.ONE_BY_ONE
    return _Way.MINUS if number.minus else _Way.PLUS


def _digits(column: pa.ChunkedArray, way: pa.ChunkedArray, style: Style) -> pa.ChunkedArray:
    """Digits and decimal sign only, with a minus where the shape has one; right for PLUS and MINUS only."""
    decimal = style.decimal or "."
    bare = pc.replace_substring(pc.replace_substring_regex(column, f"[^0-9{decimal}]", ""), decimal, ".")
    whole = pc.replace_substring_regex(bare, r"^\.", "0.")
    return pc.if_else(pc.equal(way, _Way.MINUS), pc.binary_join_element_wise("-", whole, ""), whole)


def _notices(shapes: Iterable[str], style: Style) -> list[str]:
    changed = [shape for shape in shapes if "," in shape and plain(shape, style=style) is not None]
    notices: list[str] = []
    if changed and style.decimal == ",":
        notices.append(DECIMAL_COMMA)
    if changed and style.decimal == ".":
        notices.append(THOUSANDS_COMMA)
    if style.currency and not style.currencies_differ:
        notices.append(f"the currency sign {style.currency} is left out.")
    return notices
