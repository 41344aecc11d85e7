"""Rows of Python values as COPY's text form, for sources that have no COPY of their own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from tranche.billing_stops.datasets import Kind
from tranche.billing_stops.domain import BadRow, SourceRefused
from tranche.billing_stops.sources.port import PART_BYTES, Part, Wanted

_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_MOST_DIGITS: Final = 15
_NULL: Final = "\\N"
_TRUE: Final = frozenset({"1", "true", "t", "y"})


class RowWriter:
    """Puts the columns of a source into the order of the data set, adds the status, and cuts parts."""

    def __init__(self, wanted: Wanted, found: Sequence[str]) -> None:
        """`found` are the source's columns in its order, whatever their case.

        Raises:
            SourceRefused: one is missing, or stands there twice.
        """
        folded = [name.strip().lower() for name in found]
        twice = sorted({name for name in folded if folded.count(name) > 1 and name in wanted.names})
        missing = [name for name in wanted.names if name not in folded and name != wanted.rule_column]
        if twice or missing:
            raise SourceRefused(
                f"The source gives {', '.join(twice)} twice."
                if twice
                else f"The source gives no column {', '.join(missing)}; it gives {', '.join(found)}."
            )
        self.is_status_given = wanted.rule_column in folded
        self._wanted = wanted
        self._kinds: Mapping[str, Kind] = wanted.data_set.kinds
        self._places = [folded.index(name) if name in folded else None for name in wanted.names]
        self._day = folded.index(wanted.data_set.rule.of)

    def parts(self, rows: Iterable[Sequence[object]]) -> Iterator[Part]:
        """The rows as parts.

        Raises:
            BadRow: a value is not of its column's type.
        """
        lines: list[str] = []
        size = 0
        for number, row in enumerate(rows, 1):
            line = self._line(row, number)
            lines.append(line)
            size += len(line)
            if size >= PART_BYTES:
                yield _part(lines)
                lines, size = [], 0
        if lines:
            yield _part(lines)

    def _line(self, row: Sequence[object], number: int) -> str:
        return "\t".join(self._cell(row, name, place, number) for name, place in self._columns()) + "\n"

    def _columns(self) -> Iterator[tuple[str, int | None]]:
        return zip(self._wanted.names, self._places, strict=True)

    def _cell(self, row: Sequence[object], name: str, place: int | None, number: int) -> str:
        if place is None:
            day = read_date(row[self._day], name=self._wanted.data_set.rule.of, number=number)
            return self._wanted.data_set.rule.value(day, cutoff=self._wanted.cutoff)
        value = row[place]
        if value is None:
            return _NULL
        match self._kinds.get(name):
            case Kind.DATE:
                day = read_date(value, name=name, number=number)
                return _NULL if day is None else day.isoformat()
            case Kind.MONEY:
                return _money(value, name=name, number=number)
            case Kind.TEXT:
                return _text(value, name=name, number=number)
            case None:
                return "t" if str(value).lower() in _TRUE else "f"


def read_date(value: object, *, name: str, number: int) -> date | None:
    """A day, from what a driver or a file gives.

    Raises:
        BadRow
    """
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(str(value)).date()
    except ValueError as error:
        raise _refusal(name, number, "is not a day as 2026-11-30 is") from error


def _money(value: object, *, name: str, number: int) -> str:
    if isinstance(value, float):
        value = repr(value)
    text = str(value).strip()
    if not text:
        return _NULL
    try:
        amount = Decimal(text)
    except ArithmeticError as error:
        raise _refusal(name, number, "is not a number") from error
    if not amount.is_finite():
        raise _refusal(name, number, "is not a finite number")
    if amount.adjusted() > _MOST_DIGITS:
        raise _refusal(name, number, "is too large")
    return f"{amount:f}"


def _text(value: object, *, name: str, number: int) -> str:
    text = value if isinstance(value, str) else str(value)
    if "\0" in text:
        raise _refusal(name, number, "holds the character NUL")
    return text.translate(_ESCAPES)


def _refusal(name: str, number: int, what: str) -> BadRow:
    return BadRow(f"Row {number:,} of the source cannot be taken: {name} {what}. The data of the last run stay.")


def _part(lines: list[str]) -> Part:
    try:
        return Part("".join(lines).encode(), len(lines), is_binary=False)
    except UnicodeEncodeError as error:
        raise BadRow("A text of the source is not Unicode. The data of the last run stay.") from error
