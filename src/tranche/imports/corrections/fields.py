"""Which field a person means who corrects a cell: by the field's own name, or by its column's in the file."""

from tranche.imports.corrections.domain import UnknownField
from tranche.imports.corrections.rejudging import Held
from tranche.imports.domain import Field
from tranche.imports.mapping import fold
from tranche.imports.nearest import nearest_fields
from tranche.kernel.errors import FieldError

_LONGEST = 60


def find_field(held: Held, name: str, *, pointer: str) -> Field:
    """The field; `pointer` is the place of its name in the body.

    Raises:
        UnknownField: names the fields that there are, and columns whose name means more than one thing.
    """
    fields, headers = held.target.fields, held.work.headers
    by_name = [field for field in fields if field.name == name]
    by_column = [field for field in fields if headers.get(field.name) == name]
    by_likeness = [field for field in fields if fold(headers.get(field.name, "")) == fold(name) != ""]
    meant = by_name or by_column or by_likeness
    if len(meant) == 1:
        return meant[0]
    detail = f"There is no field {name[:_LONGEST]}; there are: {nearest_fields(name, fields)}. {_columns(held)}"
    raise UnknownField(detail, errors=[FieldError(pointer, detail, "unknown_field")])


def _columns(held: Held) -> str:
    """Under which names the file has them."""
    headers = held.work.headers
    named = [f"{headers[field.name]} ({field.name})" for field in held.target.fields if field.name in headers]
    return f"Columns of the file: {', '.join(named)}." if named else "The file has no column for any."
