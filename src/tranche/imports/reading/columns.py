"""Columns of text to clean columns by the kind of their field; what cannot be taken becomes a fault."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tranche.imports.domain import FieldKind
from tranche.imports.reading import dates, numbers
from tranche.imports.reading.dates import Doubt
from tranche.imports.reading.identifiers import clean_identifiers
from tranche.imports.reading.marks import Clean, Verdict, distinct, replaced, rows_where
from tranche.imports.reading.percents import scale
from tranche.imports.reading.workbook import CellKind

_POINTED: Final = r"^-?(?:0\.[0-9]+|[0-9]{4,}\.[0-9]+|[0-9]+\.(?:[0-9]{1,2}|[0-9]{4,}))$"
_DOUBTFUL: Final = r"^-?[1-9][0-9]{0,2}\.[0-9]{3}$"
_SOMETHING: Final = r"^-?[0-9.]*[1-9]"

_NUL: Final = Verdict("unreadable_character", "{cell} holds a character that cannot be stored (NUL). Enter it again.")
_NUMBER: Final = Verdict(
    "ambiguous_number",
    "{cell} holds {value}, which may be a decimal or have a thousands separator: "
    "the column uses both the point and the comma. Write all its numbers in one way.",
)
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
) -> Clean:
    """A trimmed column as its field wants it.

    `kinds` tells the kinds of a workbook's cells (None for CSV), `percents` the rows shown as per cent (.xlsx only).
    """
    if kind is FieldKind.IDENTIFIER:
        done = clean_identifiers(column, kinds=kinds)
    elif kind is FieldKind.DECIMAL:
        done = _clean_numbers(column, header=header, typed=kinds is not None)
    elif kind is FieldKind.PERCENT:
        done = scale(
            column, _clean_numbers(column, header=header, typed=kinds is not None), header=header, shown=percents
        )
    elif kind is FieldKind.DATE:
        done = _clean_dates(column, header=header, day_first=day_first)
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


def _clean_numbers(column: pa.ChunkedArray, *, header: str, typed: bool) -> Clean:
    """Only values that are not plain, or may not be what they look like, are looked at one by one."""
    plain = pc.match_substring_regex(column, numbers.PLAIN)
    odd = distinct(pc.filter(column, pc.invert(plain)))
    if not odd:
        return Clean(column)
    doubtful = distinct(pc.filter(column, pc.match_substring_regex(column, _DOUBTFUL)))
    style = numbers.settle([*odd, *doubtful, *_proofs(column, plain)], typed=typed)

    def decide(text: str) -> str | Verdict:
        if numbers.is_doubtful(text, style=style, typed=typed):
            return _NUMBER
        return numbers.plain(text, style=style) or text

    values, marks = replaced(column, [*odd, *doubtful], decide=decide)
    return Clean(values, marks, tuple(f"{header}: {notice}" for notice in _number_notices(odd, style)))


def _proofs(column: pa.ChunkedArray, plain: pa.ChunkedArray) -> list[str]:
    """One plain value that proves the point to be the decimal sign, and one that is not zero."""
    found: list[str] = []
    for pattern in (_POINTED, _SOMETHING):
        mask = pc.and_(plain, pc.match_substring_regex(column, pattern))
        found += pc.filter(column, mask)[:1].to_pylist()
    return found


def _number_notices(odd: list[str], style: numbers.Style) -> list[str]:
    changed = [text for text in odd if numbers.plain(text, style=style) is not None]
    notices: list[str] = []
    if style.decimal == "," and any("," in text for text in changed):
        notices.append("the comma is read as the decimal sign.")
    if style.decimal == "." and any("," in text for text in changed):
        notices.append("the comma is read as the thousands separator.")
    if style.currency and not style.currencies_differ:
        notices.append(f"the currency sign {style.currency} is left out.")
    return notices


def _clean_dates(column: pa.ChunkedArray, *, header: str, day_first: bool | None) -> Clean:
    values = distinct(column)
    order = dates.settle(values, said=day_first)
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

    cleaned, marks = replaced(column, values, decide=decide)
    notices: tuple[str, ...] = ()
    if order.day_first is not None and order.settled_by:
        which = "day" if order.day_first else "month"
        notices = (f"{header}: the {which} comes first, as “{order.settled_by}” shows.",)
    return Clean(cleaned, marks, notices)


def _ambiguous(order: dates.Order) -> str:
    if not order.against:
        return _AMBIGUOUS
    return (
        "{cell} holds “{value}”, but the column has both orders of day and month "
        f"(“{order.settled_by}” and “{order.against}”). "
        'Say which is right in the mapping with "dayFirst": true or false, or correct the dates.'
    )
