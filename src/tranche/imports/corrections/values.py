"""What a person enters into a cell, read by the rules for cells, each value on its own; pure."""

import re
from dataclasses import dataclass, replace
from typing import Final

from tranche.imports.corrections.domain import LONGEST_CELL, Entry, InvalidCell
from tranche.imports.domain import Field, FieldKind
from tranche.imports.reading import dates, numbers
from tranche.imports.reading.dates import Doubt
from tranche.imports.targets import Import
from tranche.kernel.errors import FieldError

_WHOLE: Final = re.compile(r"(-?(?:0|[1-9][0-9]*))\.0+")
_LONG: Final = re.compile(r"[0-9]{16,300}(?:\.0+)?")
_MIDNIGHT: Final = re.compile(r"(\d{4}-\d{2}-\d{2}) 00:00:00")
_NUMBERS: Final = frozenset({FieldKind.DECIMAL, FieldKind.PERCENT})
_DOUBTFUL: Final = (
    "The corrected cell holds {value}, which may be a decimal or have a thousands separator: the column writes the "
    "comma as its decimal sign. Write the number without a thousands separator, with a comma."
)
_UNSETTLED: Final = (
    "The corrected cell holds {value}, which may be a decimal or have a thousands separator: its column "
    "does not settle it. " + numbers.SETTLE_IT
)
_INVISIBLE: Final = "\u200b\ufeff"
_LOST: Final = (
    "The corrected cell holds the number {value}: spreadsheets keep only 15 digits of a number, so its last ones are "
    "lost. Format the column as text and enter it again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How one column writes, as far as the file's reading settled it. `decimal` is its decimal sign.

    `typed`: the file is a workbook, whose numbers come with a point whatever the country. `semicolons`: it is a text
    file with that delimiter, which speaks for decimal commas.
    """

    decimal: str | None = None
    day_first: bool | None = None
    typed: bool = False
    semicolons: bool = False


def habits_of(work: Import, field: str) -> Habits:
    """What the sender said, else what the reading noted on the column of this field."""
    mapping = work.mapping or {}
    header, notices = work.headers.get(field), work.notices
    said = (work.options.get("mapping") or {}).get("dayFirst")
    noted = [notice.removeprefix(f"{header}: ") for notice in notices if notice.startswith(f"{header}: ")]
    day_first = None
    if any(notice.startswith((dates.DAY_FIRST, dates.MONTH_FIRST)) for notice in noted):
        day_first = any(notice.startswith(dates.DAY_FIRST) for notice in noted)
    signs = {numbers.DECIMAL_COMMA: ",", numbers.THOUSANDS_COMMA: "."}
    return Habits(
        decimal=next((signs[notice] for notice in noted if notice in signs), None),
        day_first=said if isinstance(said, bool) else day_first,
        typed=mapping.get("delimiter") is None,
        semicolons=mapping.get("delimiter") == ";",
    )


def read_entry(row: int, field: Field, text: str | None, *, habits: Habits, typed: bool = False) -> Entry:
    """The value as the stage wants it; what makes no sense stays as it is, for the judge.

    A value is read on its own first and by the habits of its column second: 25/04/2026 and 12,50 settle
    themselves, 03/04/2026 and 1,234 only the column can. `typed`: the value comes from a spreadsheet, which takes a
    long order number for a number and loses its last digits.
    """
    value = bare(text)
    if value is None:
        return Entry(row=row, field=field.name, value=None)
    doubt = None
    if typed and field.kind is FieldKind.IDENTIFIER and _lost_digits(value):
        doubt = ("lost_digits", _LOST)
    elif field.kind in _NUMBERS and _is_doubtful(value, habits):
        doubt = ("ambiguous_number", _DOUBTFUL if habits.decimal else _UNSETTLED)
    if doubt:
        return Entry(row=row, field=field.name, value=None, code=doubt[0], message=doubt[1].replace("{value}", value))
    return Entry(row=row, field=field.name, value=_cleaned(value, field.kind, habits))


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


def _cleaned(value: str, kind: FieldKind, habits: Habits) -> str:
    if kind is FieldKind.IDENTIFIER:
        whole = _WHOLE.fullmatch(value)
        return whole[1] if whole else value
    if kind in _NUMBERS:
        own = numbers.settle([value], typed=False)
        return numbers.plain(value, style=replace(own, decimal=own.decimal or habits.decimal)) or value
    if kind is FieldKind.DATE:
        own_order = dates.settle([value], said=None)
        order = own_order if own_order.day_first is not None else dates.settle([value], said=habits.day_first)
        read = dates.iso(value, order=order)
        return value if isinstance(read, Doubt) else _MIDNIGHT.sub(r"\1", read)
    return value.upper() if kind is FieldKind.CURRENCY else value


def _is_doubtful(value: str, habits: Habits) -> bool:
    """1.234 in a workbook's column that writes 12,50 elsewhere; 1,234, and 1.234 of semicolons, where nothing did."""
    if habits.semicolons and habits.decimal is None and numbers.sign_of_group(value) == ".":
        return True
    return numbers.is_doubtful(value, style=numbers.Style(decimal=habits.decimal), typed=habits.typed)


def _lost_digits(value: str) -> bool:
    if not _LONG.fullmatch(value):
        return False
    whole = int(value.partition(".")[0])
    return whole > 2**53 and int(float(whole)) == whole
