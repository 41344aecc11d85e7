"""A table of our own, read once for nothing: readers that are forked afterwards find compiled what all of them need."""

from pathlib import Path
from typing import Final

import pyarrow as pa

from tranche.imports.domain import Field, FieldKind, FileKind, Limits, Mapping
from tranche.imports.reading.sheet import prepare
from tranche.imports.reading.slices import cut
from tranche.imports.reading.table import Table

_CELLS: Final = {
    FieldKind.TEXT: "Linen tea towel",
    FieldKind.IDENTIFIER: "HG-0101",
    FieldKind.DECIMAL: "8.5",
    FieldKind.PERCENT: "19",
    FieldKind.DATE: "2026-01-02",
    FieldKind.EMAIL: "orders@shop.example",
    FieldKind.CURRENCY: "EUR",
}


def rehearse() -> int:
    """Read one row with a cell of each kind, and one column that nobody asked for; returns how many rows came out."""
    fields = tuple(Field(kind.value, kind.value, required=True, kind=kind) for kind in FieldKind)
    named = {**{kind.value: _CELLS[kind] for kind in FieldKind}, "more": "kept"}
    columns = [pa.chunked_array([[header, cell]], pa.string()) for header, cell in named.items()]
    table = Table(kind=FileKind.XLSX, sheet=None, sheets=(), columns=columns, height=2)
    limits = Limits()
    sheet = prepare(table, path=Path(), fields=fields, mapping=Mapping(), limits=limits)
    return sum(piece.rows for piece in cut(sheet, fields=fields, limits=limits))
