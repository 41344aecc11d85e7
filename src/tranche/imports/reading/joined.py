"""Several columns as one: first and last name, date and time, or year, month and day in whatever order they stand."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from tranche.imports.domain import Column, FieldKind
from tranche.imports.reading.parts import MIDNIGHT, in_order


def join(columns: Sequence[Column], values: Sequence[pa.ChunkedArray], *, kind: FieldKind) -> pa.ChunkedArray:
    """The cells of a row side by side, blank ones left out; a date by parts as year, month and day.

    `columns` say what `values` are called: which of three numbers is the year, their headers tell.
    """
    is_date = kind is FieldKind.DATE
    parts = [values[place] for place in in_order([column.header for column in columns], is_date=is_date)]
    if is_date:
        parts = [pc.replace_substring_regex(part, MIDNIGHT, "") for part in parts]
    whole = parts[0]
    for part in parts[1:]:
        both = pc.binary_join_element_wise(whole, part, " ")
        whole = pc.if_else(pc.is_null(whole), part, pc.if_else(pc.is_null(part), whole, both))
    return whole
