"""Columns of text to clean columns by the kind of their field; what cannot be taken becomes a fault."""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tranche.imports.domain import Column, FieldKind
from tranche.imports.reading import dates, numbers
from tranche.imports.reading.identifiers import CellKinds, clean_identifiers
from tranche.imports.reading.marks import Mark, Marks
from tranche.imports.reading.table import Table

_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Clean:
    """A column as it will be sent, its faults in row order, and what was decided for it as a whole."""

    values: pa.ChunkedArray
    marks: Marks
    notices: tuple[str, ...] = ()
