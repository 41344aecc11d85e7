"""Small files of every kind, the fields of an order, and a reader that stays in this process."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, TypeAlias

import xlsxwriter

from tranche.imports.domain import Fault, Field, FieldKind, FileHeader, Limits, Mapping, ParseRequest
from tranche.imports.reading.several import choose
from tranche.imports.reading.sheet import prepare
from tranche.imports.reading.slices import cut

FIELDS: Final = (
    Field("orderId", "Order number", ("order no", "invoice no"), required=True, kind=FieldKind.IDENTIFIER),
    Field("customerName", "Customer name", ("customer",)),
    Field("customerCode", "Customer code", ("customer id",), kind=FieldKind.IDENTIFIER),
    Field("customerEmail", "Customer e-mail", ("email",), kind=FieldKind.EMAIL),
    Field("customerPhone", "Customer phone", ("phone",)),
    Field("customerAddress", "Customer address", ("address",)),
    Field("orderDate", "Order date", ("date",), kind=FieldKind.DATE),
    Field("itemSku", "Item SKU", ("sku",), kind=FieldKind.IDENTIFIER),
    Field("itemDescription", "Item description", ("description",)),
    Field("quantity", "Quantity", ("qty",), required=True, kind=FieldKind.DECIMAL),
    Field("unitPrice", "Unit price", ("price",), required=True, kind=FieldKind.DECIMAL),
    Field("taxRate", "Tax rate", ("vat",), kind=FieldKind.PERCENT),
    Field("currency", "Currency", (), kind=FieldKind.CURRENCY),
    Field("notes", "Notes", ()),
)
_LONGEST_CELL: Final = 100_000_000
TEXTS: Final = (Field("orderId", "Order", required=True), Field("note", "Note"), Field("place", "Place"))

Cell: TypeAlias = str | float | bool | date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of a file: rows as they would reach the database, by field name and `row_number`."""

    header: FileHeader
    rows: list[dict[str, str | None]]
    faults: list[Fault]

    def column(self, name: str) -> list[str | None]:
        """The values of one field, top to bottom."""
        return [row[name] for row in self.rows]

    def more(self, index: int) -> dict[str, str]:
        """The unmapped cells of a row."""
        text = self.rows[index]["extra"]
        return dict(json.loads(text)) if text else {}

    def codes(self) -> list[tuple[int, str, str]]:
        """The faults as row, field and code."""
        return [(fault.row, fault.field, fault.code) for fault in self.faults]


def request(
    path: Path, *, fields: tuple[Field, ...] = FIELDS, mapping: Mapping | None = None, limits: Limits | None = None
) -> ParseRequest:
    """A request to read a file."""
    return ParseRequest(path=path, fields=fields, mapping=mapping or Mapping(), limits=limits or Limits())


def read(
    path: Path, *, fields: tuple[Field, ...] = FIELDS, mapping: Mapping | None = None, limits: Limits | None = None
) -> Reading:
    """Read a file as the child does, without a child."""
    mapping, limits = mapping or Mapping(), limits or Limits()
    table = choose(path, file_name=path.name, fields=fields, mapping=mapping, limits=limits)
    sheet = prepare(table, path=path, fields=fields, mapping=mapping, limits=limits)
    pieces = list(cut(sheet, fields=fields, limits=limits))
    return Reading(
        header=sheet.header,
        rows=[row for piece in pieces for row in copied(piece.copy, fields)],
        faults=[fault for piece in pieces for fault in piece.faults],
    )


def copied(text: bytes, fields: tuple[Field, ...]) -> list[dict[str, str | None]]:
    """COPY text as PostgreSQL reads it: an empty cell without quotes is NULL (and there are no empty texts)."""
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text.decode(), newline=""))
    names = ("row_number", *(field.name for field in fields), "extra", "is_doubtful")
    return [dict(zip(names, [cell or None for cell in row], strict=True)) for row in reader]


def write_csv(path: Path, rows: Iterable[Sequence[str]], *, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """A CSV file of these rows."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def write_text(path: Path, text: str, *, encoding: str = "utf-8") -> Path:
    """A file of this text, its line ends as they are."""
    path.write_bytes(text.encode(encoding))
    return path


def write_xlsx(
    path: Path, rows: Iterable[Sequence[Cell]], *, more: Callable[[xlsxwriter.Workbook], None] | None = None
) -> Path:
    """A workbook with one sheet "Data"; numbers, dates and texts as they are. `more` may add to it."""
    with xlsxwriter.Workbook(str(path), {"strings_to_numbers": False, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("Data")
        dated = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(number, column, cell, dated)
                elif cell is not None:
                    sheet.write(number, column, cell)
        if more:
            more(book)
    return path


def orders(*columns: tuple[str, Sequence[Cell]]) -> list[list[Cell]]:
    """Rows with an order number, a quantity and a price, and these columns beside them."""
    height = max((len(values) for _, values in columns), default=1)
    head: list[Cell] = ["Order no", "Qty", "Price", *(name for name, _ in columns)]
    return [head, *([f"A{row + 1}", "1", "2.50", *(values[row] for _, values in columns)] for row in range(height))]


def data_folder(name: str) -> Path | None:
    """A folder of real input beside the repository, if it is there."""
    for parent in Path(__file__).resolve().parents:
        folder = parent / "shared" / "data" / name
        if folder.is_dir():
            return folder
    return None
