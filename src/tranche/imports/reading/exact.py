"""What the reader's texts of a workbook's cells do not say: fractions past nine digits, times, and durations."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tranche.imports.reading.marks import rows_where

Reload = Callable[[str, Sequence[int]], tuple[list[pa.ChunkedArray], dict[tuple[int, int], str]]]

_CUT_OFF: Final = r"\.[0-9]{6,8}[1-9]$"
_SHORTEST_CUT_OFF: Final = 9
_FRACTION: Final = r"^-?[0-9]+\.[0-9]{1,9}$|^-?0$"
_ZEROS: Final = ("0", "-0")
_FIRST_DAYS: Final = ("1899-12-", "1900-0", "1904-0")
_A_DAY: Final = 86_400
_SIXTY_DAYS: Final = 60 * _A_DAY
_ELAPSED: Final = "datetime_type: TimeDelta"
_ISO: Final = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,]\d+)?S)?")


def restore(columns: list[pa.ChunkedArray], *, reload: Reload, has_tiny: Callable[[], bool]) -> None:
    """Put right, in place, what the reader wrote in nine decimals or as a day of the calendar's first weeks.

    `reload` gives columns as another type, with the reader's words on cells that are not of it; `has_tiny` says
    whether the sheet may hold numbers that nine decimals show as 0. Both are asked only when a value looks so.
    """
    _restore_numbers(columns, reload=reload, has_tiny=has_tiny)
    _restore_times(columns, reload=reload)


def clock(text: str) -> str | None:
    """`PT36H00M00S`, as OpenDocument writes a time or a duration, as 36:00:00."""
    found = _ISO.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return _clock(hours * 3600 + minutes * 60 + seconds)


def _restore_numbers(columns: list[pa.ChunkedArray], *, reload: Reload, has_tiny: Callable[[], bool]) -> None:
    asked = [index for index, column in enumerate(columns) if _may_be_cut_off(column)]
    zeros = [index for index, column in enumerate(columns) if index not in asked and _holds(column, _ZEROS)]
    if zeros and has_tiny():
        asked = sorted(asked + zeros)
    if not asked:
        return
    exact, _ = reload("float", asked)
    for index, numbers in zip(asked, exact, strict=True):
        column = columns[index]
        rows = rows_where(_matching(column, _FRACTION))
        taken = pa.array(rows, pa.int64())
        texts = zip(rows, column.take(taken).to_pylist(), numbers.take(taken).to_pylist(), strict=True)
        columns[index] = with_texts(column, {row: _exact(text, number) for row, text, number in texts})


def _may_be_cut_off(column: pa.ChunkedArray) -> bool:
    longest = pc.max(pc.binary_length(column)).as_py() or 0
    return longest >= _SHORTEST_CUT_OFF and bool(pc.any(_matching(column, _CUT_OFF)).as_py())


def _exact(text: str, number: float | None) -> str:
    """The number as a spreadsheet program knows it, with fifteen digits: 2.0999999999999996 is 2.1 there.

    A text of the workbook that only looks like the number stays as it is.
    """
    if not number or f"{number:.9f}".rstrip("0").rstrip(".") != text:
        return text
    return format(Decimal(format(number, ".15g")), "f")


def _restore_times(columns: list[pa.ChunkedArray], *, reload: Reload) -> None:
    """A time of day comes as that time on the calendar's first day, a duration as the day after so many."""
    asked = [index for index, column in enumerate(columns) if _begins_with(column, _FIRST_DAYS)]
    if not asked:
        return
    lengths, _ = reload("duration", asked)
    long = False
    found: dict[int, dict[int, int]] = {}
    for index, column in zip(asked, lengths, strict=True):
        seconds = column.cast(pa.int64())
        short = pc.and_(pc.greater_equal(seconds, 0), pc.less(seconds, _SIXTY_DAYS * 1000))
        rows = rows_where(pc.fill_null(short, fill_value=False))
        found[index] = {row: round(int(seconds[row].as_py()) / 1000) for row in rows}
        long = long or any(value >= _A_DAY for value in found[index].values())
    said = reload("boolean", asked)[1] if long else {}
    for index, values in found.items():
        times = {
            row: _clock(value)
            for row, value in values.items()
            if value < _A_DAY or _ELAPSED in said.get((row, index), "")
        }
        columns[index] = with_texts(columns[index], times)


def _clock(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours:02}:{rest // 60:02}:{rest % 60:02}"


def with_texts(column: pa.ChunkedArray, found: Mapping[int, str | None]) -> pa.ChunkedArray:
    """The column with other texts in some rows."""
    if not found:
        return column
    texts = column.to_pylist()
    for row, text in found.items():
        texts[row] = text
    return pa.chunked_array([texts], pa.string())


def _matching(column: pa.ChunkedArray, pattern: str) -> pa.ChunkedArray:
    return pc.fill_null(pc.match_substring_regex(column, pattern), fill_value=False)


def _holds(column: pa.ChunkedArray, values: Iterable[str]) -> bool:
    return any(pc.any(pc.equal(column, value)).as_py() for value in values)


def _begins_with(column: pa.ChunkedArray, starts: Iterable[str]) -> bool:
    return any(pc.any(pc.starts_with(column, pattern=start)).as_py() for start in starts)
