"""What a person enters into a cell, read by the rules for cells, each value on its own; pure."""

import re
from typing import Final

from tranche.imports.corrections.domain import LONGEST_CELL, Entry, InvalidCell
from tranche.imports.domain import Field, FieldKind
from tranche.imports.reading import dates, numbers
from tranche.imports.reading.dates import Doubt
from tranche.kernel.errors import FieldError

_WHOLE: Final = re.compile(r"(-?(?:0|[1-9][0-9]*))\.0+")
_LONG: Final = re.compile(r"[0-9]{16,300}(?:\.0+)?")
_MIDNIGHT: Final = re.compile(r"(\d{4}-\d{2}-\d{2}) 00:00:00")
_INVISIBLE: Final = "\u200b\ufeff"
_LOST: Final = (
    "The corrected cell holds the number {value}: spreadsheets keep only 15 digits of a number, so its last ones are "
    "lost. Format the column as text and enter it again."
)


def read_entry(row: int, field: Field, text: str | None, *, day_first: bool | None, typed: bool = False) -> Entry:
    """The value as the stage wants it; what makes no sense stays as it is, for the judge.

    `typed`: it comes from a spreadsheet, which takes a long order number for a number and loses its last digits.
    `day_first` is what the sender of the file said; without it 03/04/2026 is no date, 25/04/2026 is one.
    """
    value = bare(text)
    if value is None:
        return Entry(row=row, field=field.name, value=None)
    if typed and field.kind is FieldKind.IDENTIFIER and _lost_digits(value):
        message = _LOST.replace("{value}", value)
        return Entry(row=row, field=field.name, value=None, code="lost_digits", message=message)
    return Entry(row=row, field=field.name, value=_cleaned(value, field.kind, day_first=day_first))


def bare(text: str | None) -> str | None:
    """Without blanks at both ends; nothing left is None."""
    return (text or "").strip().strip(_INVISIBLE).strip() or None


def require_storable(name: str, text: str | None, *, pointer: str) -> None:
    """Refuse what no cell can hold; `pointer` is the value's place in the body.

    Raises:
        InvalidCell: a NUL, half of a surrogate pair, or more than 32,767 characters.
    """
    if text is None:
        return
    detail = None
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        detail = "holds a character that cannot be stored"
    elif len(text) > LONGEST_CELL:
        detail = f"is longer than {LONGEST_CELL:,} characters, the most that a cell holds"
    if detail:
        raise InvalidCell(f"The value of {name} {detail}.", errors=[FieldError(pointer, detail)])


def _cleaned(value: str, kind: FieldKind, *, day_first: bool | None) -> str:
    if kind is FieldKind.IDENTIFIER:
        whole = _WHOLE.fullmatch(value)
        return whole[1] if whole else value
    if kind in {FieldKind.DECIMAL, FieldKind.PERCENT}:
        return numbers.plain(value, style=numbers.settle([value], typed=False)) or value
    if kind is FieldKind.DATE:
        read = dates.iso(value, order=dates.settle([value], said=day_first))
        return value if isinstance(read, Doubt) else _MIDNIGHT.sub(r"\1", read)
    return value.upper() if kind is FieldKind.CURRENCY else value


def _lost_digits(value: str) -> bool:
    if not _LONG.fullmatch(value):
        return False
    whole = int(value.partition(".")[0])
    return whole > 2**53 and int(float(whole)) == whole
