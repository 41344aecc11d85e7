"""The mapping as JSON: how a person's choices come in, are checked, and go out again; pure."""

from collections.abc import Iterator, Sequence

from tranche.imports.domain import Field, InvalidMapping, Mapping
from tranche.imports.nearest import nearest_fields
from tranche.kernel.errors import FieldError

_FORM = 'A mapping is a JSON object of fields and headers, such as {"quantity": "Qty", "dayFirst": true}.'


def read_mapping(data: object, *, fields: Sequence[Field]) -> Mapping:
    """Check and take a mapping as JSON: `{field: header, ...}` with the options beside the fields.

    A field may have a list of headers: their cells are joined by a space. Options: `defaultCustomer` (text),
    `acceptReturns` (true/false), `dayFirst` (true/false/null), `sheet` (text), `sheets` ("all"), `headerRow` (the
    number of a row), `leaveOut` (headers of columns that are no field). A null: not said.

    Raises:
        InvalidMapping: with an error for every key or value that cannot be taken.
    """
    if not isinstance(data, dict):
        raise InvalidMapping(_FORM, errors=[FieldError("", _FORM)])
    errors = list(_faults(data, fields))
    if errors:
        raise InvalidMapping(" ".join(error.detail for error in errors), errors=errors)
    said = {key: value for key, value in data.items() if value is not None}
    return Mapping(
        columns={
            key: tuple(value) if isinstance(value, list) else value for key, value in said.items() if key not in OPTIONS
        },
        default_customer=said.get("defaultCustomer"),
        accept_returns=said.get("acceptReturns", False),
        day_first=said.get("dayFirst"),
        sheet=said.get("sheet"),
        header_row=said.get(HEADER_ROW),
        all_sheets=said.get("sheets") == _ALL,
        left_out=tuple(said.get(LEAVE_OUT, ())),
    )


def write_mapping(mapping: Mapping) -> dict[str, object]:
    """The JSON of a mapping, as `read_mapping` takes it; what was not said is left out."""
    options: dict[str, object] = {
        "defaultCustomer": mapping.default_customer,
        "acceptReturns": mapping.accept_returns or None,
        "dayFirst": mapping.day_first,
        "sheet": mapping.sheet,
        HEADER_ROW: mapping.header_row,
        "sheets": _ALL if mapping.all_sheets else None,
        LEAVE_OUT: list(mapping.left_out) or None,
    }
    columns = {key: value if isinstance(value, str) else list(value) for key, value in mapping.columns.items()}
    return {**columns, **{key: value for key, value in options.items() if value is not None}}


_TEXTS = frozenset({"defaultCustomer", "sheet"})
_SWITCHES = frozenset({"acceptReturns", "dayFirst"})
_ALL = "all"
_SETS = frozenset({"sheets"})
LEAVE_OUT = "leaveOut"
HEADER_ROW = "headerRow"
OPTIONS = _TEXTS | _SWITCHES | _SETS | {LEAVE_OUT, HEADER_ROW}
_LAST_ROW = 2_147_483_647
_MOST_JOINED = 10
_MOST_LEFT_OUT = 1_000


def _faults(data: dict[object, object], fields: Sequence[Field]) -> Iterator[FieldError]:
    known = {field.name for field in fields}
    for key, value in data.items():
        name = str(key)
        if name not in OPTIONS | known:
            there_are = nearest_fields(name, fields, besides=sorted(OPTIONS))
            yield FieldError(name, f"There is no field or option {name}. There are: {there_are}.", "unknown_field")
        elif value is not None and (detail := _fault(name, value)):
            yield FieldError(name, detail)
    if data.get("sheet") is not None and data.get("sheets") is not None:
        yield FieldError("sheets", "Say either sheet, for one, or sheets, for all.")


def _fault(name: str, value: object) -> str | None:
    """What is wrong with one value; None where nothing is."""
    if name in _SWITCHES:
        return None if isinstance(value, bool) else f"{name} must be true or false."
    if name in _SETS:
        return None if value == _ALL else f'{name} must be "{_ALL}".'
    if name in _TEXTS:
        return None if _is_text(value) else f"{name} must be a text."
    if name == HEADER_ROW:
        is_row = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _LAST_ROW
        return None if is_row else f"{name} must be the number of a row, 1 or more."
    if name == LEAVE_OUT or isinstance(value, list):
        return _fault_of_list(name, value)
    return None if _is_text(value) else f"{name} must be the header of a column, or a list of them."


def _fault_of_list(name: str, value: object) -> str | None:
    """A field's columns, or those that are left out."""
    least, most = (0, _MOST_LEFT_OUT) if name == LEAVE_OUT else (1, _MOST_JOINED)
    if not isinstance(value, list) or not all(_is_text(part) for part in value):
        return f"{name} must be a list of headers of columns."
    return None if least <= len(value) <= most else f"{name} must name {least} to {most} columns."


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\x00" not in value
