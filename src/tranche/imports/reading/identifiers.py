"""Order numbers, codes and SKUs: text that spreadsheets like to take for numbers and dates."""

from collections.abc import Callable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tranche.imports.reading.marks import Clean, Verdict, distinct, rows_where
from tranche.imports.reading.workbook import CellKind

_WHOLE: Final = r"^(-?(?:0|[1-9][0-9]*))\.0+$"
_LONG: Final = r"^[0-9]{16,300}(?:\.0+)?$"
_MOMENT: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}:[0-9]{2})?$"
_SCIENTIFIC: Final = r"^[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{2,3}$"
_EXACT: Final = 2**53

LOST: Final = Verdict(
    "lost_digits",
    "{cell} holds the number {value}: spreadsheets keep only 15 digits of a number, so its last ones are lost. "
    "Format the column as text and enter it again.",
)
_DATE: Final = Verdict(
    "date_in_identifier",
    "{cell} holds a date ({value}) where a number or code is expected. Format the column as text and enter it again.",
)


def clean_identifiers(column: pa.ChunkedArray, *, kinds: Callable[[], dict[int, CellKind]] | None) -> Clean:
    """123.0 becomes 123; what lost digits or became a date is marked; leading zeros of text stay.

    `kinds` gives the kinds of a workbook's cells; it is asked only when a value looks suspicious. A CSV file has
    none: there a long number is taken for damaged when it and all its like are exactly what a double can hold.
    """
    long = pc.fill_null(pc.match_substring_regex(column, _LONG), fill_value=False)
    marks = _by_kind(column, long, kinds()) if kinds and _suspicious(column, long) else {}
    if kinds is None:
        marks = _by_look(column, long)
    has_points = pc.any(pc.match_substring(column, ".")).as_py()
    return Clean(pc.replace_substring_regex(column, _WHOLE, r"\1") if has_points else column, marks)


def _suspicious(column: pa.ChunkedArray, long: pa.ChunkedArray) -> bool:
    return bool(pc.any(long).as_py() or pc.any(pc.match_substring_regex(column, _MOMENT)).as_py())


def _by_kind(column: pa.ChunkedArray, long: pa.ChunkedArray, kinds: dict[int, CellKind]) -> dict[int, Verdict]:
    dates = pc.fill_null(pc.match_substring_regex(column, _MOMENT), fill_value=False)
    lost = {row: LOST for row in rows_where(long) if kinds.get(row) is CellKind.NUMBER}
    return lost | {row: _DATE for row in rows_where(dates) if kinds.get(row) is CellKind.DATE}


def _by_look(column: pa.ChunkedArray, long: pa.ChunkedArray) -> dict[int, Verdict]:
    marks = dict.fromkeys(
        rows_where(pc.fill_null(pc.match_substring_regex(column, _SCIENTIFIC), fill_value=False)), LOST
    )
    beyond = [value for value in distinct(pc.filter(column, long)) if int(value.partition(".")[0]) > _EXACT]
    if beyond and all(_is_a_double(value) for value in beyond):
        marks |= dict.fromkeys(rows_where(pc.is_in(column, value_set=pa.array(beyond, pa.string()))), LOST)
    return marks


def _is_a_double(value: str) -> bool:
    whole = int(value.partition(".")[0])
    return int(float(whole)) == whole
