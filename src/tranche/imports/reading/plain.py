"""Rows whose every cell has the plain form of its kind, so that the judge need not look at each cell again."""

from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tranche.imports.domain import Field, FieldKind

MOST_TEXT: Final = 500
MOST_IDENTIFIER: Final = 200

_FORMS: Final = {
    FieldKind.DECIMAL: r"^(?:[1-9][0-9]{0,14}(?:\.[0-9]{1,10})?|0\.[0-9]{0,9}[1-9])$",
    FieldKind.PERCENT: r"^(?:[1-9]?[0-9](?:\.[0-9]{1,10})?|100)$",
    FieldKind.DATE: r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9]{2}:[0-9]{2}:[0-9]{2})?$",
    FieldKind.CURRENCY: r"^[A-Z]{3}$",
}


def doubtful(columns: Mapping[str, pa.ChunkedArray], *, fields: Sequence[Field], rows: int) -> pa.ChunkedArray:
    """True for a row that lacks a required cell, or has one in another form than its kind's plain one.

    The plain forms are narrower than what is accepted: a number above zero, a text that is not long. A date that no
    calendar has may pass here, because the reading has marked it.

    `columns` are clean columns by field; a required field without one makes all rows doubtful.
    """
    if any(field.required and field.name not in columns for field in fields):
        return pa.chunked_array([pa.repeat(pa.scalar(True), rows)])  # noqa: FBT003  # pyarrow's way
    found = pa.chunked_array([pa.repeat(pa.scalar(False), rows)])  # noqa: FBT003  # as above
    for field in fields:
        column = columns.get(field.name)
        if column is not None and (field.required or column.null_count < rows):
            found = pc.or_(found, _odd(column, field))
    return found


def _odd(column: pa.ChunkedArray, field: Field) -> pa.ChunkedArray:
    if field.kind in _FORMS:
        plain = pc.match_substring_regex(column, _FORMS[field.kind])
    else:
        most = MOST_IDENTIFIER if field.kind is FieldKind.IDENTIFIER else MOST_TEXT
        plain = pc.less_equal(pc.binary_length(column), most)
    return pc.invert(pc.fill_null(plain, fill_value=not field.required))
