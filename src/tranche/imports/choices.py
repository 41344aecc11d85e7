"""The mapping as JSON: how a person's choices come in, are checked, and go out again; pure."""

from collections.abc import Iterator, Sequence

from tranche.imports.domain import Field, InvalidMapping, Mapping
from tranche.kernel.errors import FieldError

_FORM = 'A mapping is a JSON object such as {"orderId": "Order No", "dayFirst": true}.'


def read_mapping(data: object, *, fields: Sequence[Field]) -> Mapping:
    """Check and take a mapping as JSON: `{field: header, ...}` with the options beside the fields.

    Options: `defaultCustomer` (text), `acceptReturns` (true/false), `dayFirst` (true/false/null), `sheet` (text).
    A null means: not said.

    Raises:
        InvalidMapping: with an error for every key or value that cannot be taken.
    """
    if not isinstance(data, dict):
        raise InvalidMapping(_FORM, errors=[FieldError("mapping", _FORM)])
    errors = list(_faults(data, {field.name for field in fields}))
    if errors:
        raise InvalidMapping(" ".join(error.detail for error in errors), errors=errors)
    said = {key: value for key, value in data.items() if value is not None}
    return Mapping(
        columns={key: value for key, value in said.items() if key not in _TEXTS | _SWITCHES},
        default_customer=said.get("defaultCustomer"),
        accept_returns=said.get("acceptReturns", False),
        day_first=said.get("dayFirst"),
        sheet=said.get("sheet"),
    )


def write_mapping(mapping: Mapping) -> dict[str, object]:
    """The JSON of a mapping, as `read_mapping` takes it; what was not said is left out."""
    options: dict[str, object] = {
        "defaultCustomer": mapping.default_customer,
        "acceptReturns": mapping.accept_returns or None,
        "dayFirst": mapping.day_first,
        "sheet": mapping.sheet,
    }
    return {**mapping.columns, **{key: value for key, value in options.items() if value is not None}}


_TEXTS = frozenset({"defaultCustomer", "sheet"})
_SWITCHES = frozenset({"acceptReturns", "dayFirst"})
OPTIONS = _TEXTS | _SWITCHES


def _faults(data: dict[object, object], known: set[str]) -> Iterator[FieldError]:
    for key, value in data.items():
        name = str(key)
        if name in _SWITCHES:
            if not isinstance(value, bool | None):
                yield FieldError(name, f"{name} must be true or false.")
        elif name not in _TEXTS and name not in known:
            yield FieldError(name, f"There is no field or option {name}.", "unknown_field")
        elif value is not None and not (isinstance(value, str) and value.strip() and "\x00" not in value):
            what = "a text" if name in _TEXTS else "the header of a column"
            yield FieldError(name, f"{name} must be {what}.")
