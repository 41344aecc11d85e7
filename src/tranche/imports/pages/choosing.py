"""What a person chooses for the columns of a file: the form, what it shows, the mapping that it means."""

from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tranche.imports.choices import HEADER_ROW, LEAVE_OUT, read_mapping
from tranche.imports.domain import Column, FileHeader, Mapping, MatchKind, OnDuplicate
from tranche.imports.pages.uploading import Uploading
from tranche.kernel.errors import FieldError, Invalid
from tranche.kernel.web.json import Body

ALL_SHEETS: Final = "*"  # no sheet can be called so

_SHOWN: Final = 200
_LONGEST_ROW: Final = 80
_MOST_DIGITS: Final = 9
_STATUS: Final[dict[MatchKind | None, tuple[str, str]]] = {
    MatchKind.EXPLICIT: ("chosen", "accent"),
    MatchKind.REMEMBERED: ("as last time", "good"),
    MatchKind.NAME: ("same name", "good"),
    MatchKind.SYNONYM: ("known word", "good"),
    MatchKind.FUZZY: ("looks alike, please check", "warn"),
    None: ("not used", "idle"),
}


class ColumnsForm(Body, frozen=True):
    """A field, or nothing, for every column that was shown; the options of a mapping beside them.

    `file` is the hash of a file that is not an import yet, and `name` its name.
    """

    file: str = ""
    name: str = ""
    sheet: str = ""
    header_row: str = ""
    column: tuple[str, ...] = ()
    field: tuple[str, ...] = ()
    default_customer: str = ""
    day_first: str = ""
    accept_returns: bool = False
    on_duplicate: OnDuplicate = OnDuplicate.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownColumn:
    """A line of the page: the column, what the form calls it, its field, and how that was found."""

    column: Column
    name: str
    field: str
    status: str
    tone: str


def show(uploading: Uploading, header: FileHeader, data: ColumnsForm | None = None) -> AbstractMapping[str, Any]:
    """What the page shows of a file: its columns as they were read, or as they were chosen just now."""
    found = [column for column in header.matching.columns if column.index < _SHOWN or column.field]
    names = [_name(column, header.headers) for column in found]
    chosen = dict(zip(data.column, data.field, strict=False)) if data else {}
    return {
        "header": header,
        "columns": [
            _shown(column, name, chosen.get(name) if data else None) for column, name in zip(found, names, strict=True)
        ],
        "header_rows": _header_rows(header),
        "fields": [("", "Not used"), *((one.name, one.label + " *" * one.required) for one in uploading.fields)],
        "hidden_count": len(header.matching.columns) - len(found),
        "is_known": header.matching.remembered is not None,
        "missing": [one.label for one in uploading.fields if one.name in header.matching.missing],
        "uploading": uploading,
    }


def form_of(mapping: Mapping, *, on_duplicate: str) -> ColumnsForm:
    """The options of a mapping as the form shows them."""
    return ColumnsForm(
        sheet=ALL_SHEETS if mapping.all_sheets else mapping.sheet or "",
        header_row=str(mapping.header_row or ""),
        default_customer=mapping.default_customer or "",
        day_first="" if mapping.day_first is None else str(mapping.day_first).lower(),
        accept_returns=mapping.accept_returns,
        on_duplicate=OnDuplicate(on_duplicate),
    )


def place_of_table(data: ColumnsForm) -> Mapping:
    """A mapping that only says which sheet is read, and where its header stands."""
    row = _row_of(data.header_row)
    return Mapping(
        sheet=None if data.sheet in {"", ALL_SHEETS} else data.sheet,
        all_sheets=data.sheet == ALL_SHEETS,
        header_row=row if isinstance(row, int) else None,
    )


def mapping_of(uploading: Uploading, data: ColumnsForm) -> Mapping:
    """The mapping that was chosen. Columns that are not used are left out in so many words.

    Raises:
        Invalid: a field that is needed has no column.
    """
    chosen: dict[str, list[str]] = {}
    for name, field in zip(data.column, data.field, strict=False):
        chosen.setdefault(field, []).append(name)
    unused = chosen.pop("", [])
    _require(uploading, chosen, data.default_customer)
    said: dict[str, object] = {field: names if len(names) > 1 else names[0] for field, names in chosen.items()}
    options = {
        LEAVE_OUT: unused,
        "defaultCustomer": data.default_customer.strip(),
        "acceptReturns": data.accept_returns,
        "dayFirst": {"true": True, "false": False}.get(data.day_first),
        "sheet": "" if data.sheet == ALL_SHEETS else data.sheet,
        "sheets": "all" if data.sheet == ALL_SHEETS else "",
        HEADER_ROW: _row_of(data.header_row),
    }
    said |= {name: value for name, value in options.items() if value not in ("", [], None)}
    return read_mapping(said, fields=uploading.fields)


def _header_rows(header: FileHeader) -> list[tuple[int, str]]:
    """The rows that could be the header with what they hold, the one that is it among them."""
    rows = {one.row: [cell for cell in one.cells if cell] for one in header.candidates}
    rows.setdefault(header.header_row, list(header.headers))
    return [(row, f"Row {row}: {', '.join(cells)}"[:_LONGEST_ROW]) for row, cells in sorted(rows.items())]


def _row_of(text: str) -> int | str:
    """The number of a row, or what was sent in its place."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else text


def _require(uploading: Uploading, chosen: AbstractMapping[str, object], default_customer: str) -> None:
    missing = [one.label for one in uploading.fields if one.required and one.name not in chosen]
    names, label = uploading.either
    if names and not default_customer.strip() and not chosen.keys() & set(names):
        missing.append(label)
    if missing:
        detail = f"Choose a column for: {', '.join(missing)}."
        raise Invalid(detail, errors=[FieldError("", detail, "missing_column")])


def _name(column: Column, headers: Sequence[str]) -> str:
    """The header; where it stands twice, only the letter tells which is meant."""
    first = column.header.removesuffix(" (2)")
    return column.letter if f"{first} (2)" in headers else column.header


def _shown(column: Column, name: str, chosen: str | None) -> ShownColumn:
    field = column.field or ""
    kind = column.match
    if chosen is not None and chosen != field:
        field, kind = chosen, MatchKind.EXPLICIT if chosen else None
    status, tone = _STATUS[kind]
    if not field and not column.samples:
        status = "empty"
    return ShownColumn(column=column, name=name, field=field, status=status, tone=tone)
