"""Columns of text to clean columns by the kind of their field; what cannot be taken becomes a fault."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tranche.imports.domain import FieldKind
from tranche.imports.reading import dates
from tranche.imports.reading.dates import Doubt
from tranche.imports.reading.decimals import clean_decimals
from tranche.imports.reading.identifiers import clean_identifiers
from tranche.imports.reading.marks import Clean, Verdict, distinct, replaced, rows_where
from tranche.imports.reading.percents import scale
from tranche.imports.reading.workbook import CellKind

_CLOCK: Final = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
_TIMED: Final = rf"^(.*[0-9])[ T]{_CLOCK}$"
_TIME_OF: Final = rf"^.*[0-9][ T]({_CLOCK})$"

_NUL: Final = Verdict("unreadable_character", "{cell} holds a character that cannot be stored (NUL). Enter it again.")
_NOT_A_DATE: Final = Verdict(Doubt.NOT_A_DATE, "{cell} holds “{value}”, which is not a date.")
_SERIAL: Final = Verdict(
    Doubt.NOT_A_DATE, "{cell} holds the number {value}, which is not a date. If it is one, format the column as a date."
)
_OUT_OF_RANGE: Final = Verdict(
    Doubt.OUT_OF_RANGE, "{cell} holds “{value}”; dates from 1 March 1900 to 31 December 9999 are accepted."
)
_AMBIGUOUS: Final = (
    "{cell} holds “{value}”: is the day or the month first? Nothing in the column settles it. "
    'Say it in the mapping with "dayFirst": true or false.'
)


def clean(
    column: pa.ChunkedArray,
    *,
    kind: FieldKind,
    header: str,
    day_first: bool | None,
    kinds: Callable[[], dict[int, CellKind]] | None,
    percents: Callable[[], set[int]] | None,
    usually_day_first: bool | None = None,
) -> Clean:
    """A trimmed column as its field wants it.

    `kinds` tells the kinds of a workbook's cells (None for CSV), `percents` the rows shown as per cent (.xlsx only).
    """
    if kind is FieldKind.IDENTIFIER:
        done = clean_identifiers(column, kinds=kinds)
    elif kind is FieldKind.DECIMAL:
        done = clean_decimals(column, header=header, typed=kinds is not None)
    elif kind is FieldKind.PERCENT:
        done = scale(
            column, clean_decimals(column, header=header, typed=kinds is not None), header=header, shown=percents
        )
    elif kind is FieldKind.DATE:
        done = _clean_dates(column, header=header, day_first=day_first, usual=usually_day_first)
    elif kind is FieldKind.CURRENCY:
        done = Clean(pc.utf8_upper(column))
    else:
        done = Clean(column)
    return _without_nul(done)


def _without_nul(done: Clean) -> Clean:
    holds = pc.fill_null(pc.match_substring(done.values, "\x00"), fill_value=False)
    if not pc.any(holds).as_py():
        return done
    values = pc.if_else(holds, pa.scalar(None, pa.string()), done.values)
    return replace(done, values=values, marks=done.marks | dict.fromkeys(rows_where(holds), _NUL))


def _clean_dates(column: pa.ChunkedArray, *, header: str, day_first: bool | None, usual: bool | None) -> Clean:
    """The time of day is cut off first, so that a column has few different values."""
    days = pc.replace_substring_regex(column, _TIMED, r"\1")
    values = distinct(days)
    order = dates.settle(values, said=day_first, usual=usual)
    verdicts = {
        Doubt.NOT_A_DATE: _NOT_A_DATE,
        Doubt.OUT_OF_RANGE: _OUT_OF_RANGE,
        Doubt.AMBIGUOUS: Verdict(Doubt.AMBIGUOUS, _ambiguous(order)),
    }

    def decide(text: str) -> str | Verdict:
        answer = dates.iso(text, order=order)
        if not isinstance(answer, Doubt):
            return answer
        return _SERIAL if answer is Doubt.NOT_A_DATE and text.isdecimal() else verdicts[answer]

    cleaned, marks = replaced(days, values, decide=decide)
    notices: tuple[str, ...] = ()
    if order.day_first is not None and order.settled_by:
        which = dates.DAY_FIRST if order.day_first else dates.MONTH_FIRST
        notices = (f"{header}: {which}, as “{order.settled_by}” shows.",)
    return Clean(_with_times(column, days, cleaned, faulty=marks), marks, notices)


def _with_times(
    column: pa.ChunkedArray, days: pa.ChunkedArray, cleaned: pa.ChunkedArray, *, faulty: dict[int, Verdict]
) -> pa.ChunkedArray:
    timed = pc.not_equal(column, days)
    if not pc.any(timed).as_py():
        return cleaned
    time = pc.replace_substring_regex(column, _TIME_OF, r"\1")
    time = pc.replace_substring_regex(pc.replace_substring_regex(time, "^([0-9]:)", r"0\1"), "^(.....)$", r"\1:00")
    later = pc.and_(timed, pc.not_equal(time, "00:00:00"))
    whole = pc.if_else(later, pc.binary_join_element_wise(cleaned, time, " "), cleaned)
    if not faulty:
        return whole
    return pc.if_else(pa.array([row in faulty for row in range(len(column))]), column, whole)


def _ambiguous(order: dates.Order) -> str:
    if not order.against:
        return _AMBIGUOUS
    return (
        "{cell} holds “{value}”, but the column has both orders of day and month "
        f"(“{order.settled_by}” and “{order.against}”). "
        'Say which is right in the mapping with "dayFirst": true or false, or correct the dates.'
    )
