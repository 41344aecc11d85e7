"""Workbooks of the kinds that no library here writes (.xls, .xlsb, .ods), as small as their readers take them."""

import struct
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, TypeAlias
from xml.sax.saxutils import escape

ERRORS: Final = {
    "#NULL!": 0x00,
    "#DIV/0!": 0x07,
    "#VALUE!": 0x0F,
    "#REF!": 0x17,
    "#NAME?": 0x1D,
    "#NUM!": 0x24,
    "#N/A": 0x2A,
}
_FIRST_DAY: Final = date(1899, 12, 30)
_NO_SECTOR, _LAST_SECTOR, _TABLE_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


@dataclass(frozen=True, slots=True)
class Error:
    """A cell that holds an error, by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Rate:
    """A number that is shown as per cent: 0.19 is 19 %; `is_own` by a format that the workbook defines."""

    value: float
    is_own: bool = False


Made: TypeAlias = str | float | bool | date | Error | Rate | None
Areas: TypeAlias = Sequence[tuple[int, int, int, int]]  # first and last row, first and last column
Rows: TypeAlias = Iterable[Sequence[Made]]


def serial(day: date) -> int:
    """The number by which a spreadsheet knows a day."""
    return (day - _FIRST_DAY).days


def _style(cell: Made) -> int:
    """The styles of our workbooks: general, a day, per cent, per cent by a format of one's own."""
    if isinstance(cell, Rate):
        return 3 if cell.is_own else 2
    return 1 if isinstance(cell, date) else 0


def _bare(cell: Made) -> Made:
    return cell.value if isinstance(cell, Rate) else cell


def write_xls(path: Path, rows: Rows, *, charts: bytes = b"", merged: Areas = (), is_short: bool = False) -> Path:
    """A workbook of Excel 97 with one sheet "Data"; `charts` are records put in behind the cells.

    `is_short`: kept as programs keep a short one, in the container's small pieces.
    """
    cells = b"".join(cell_of(row, column, cell) for row, cells in enumerate(rows) for column, cell in enumerate(cells))
    areas = _record(0x00E5, struct.pack("<H", len(merged)) + b"".join(struct.pack("<HHHH", *area) for area in merged))
    sheet = (
        _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0)) + cells + charts + areas + _record(0x000A)
    )
    name = _record(0x0085, struct.pack("<IBBBB", 0, 0, 0, 4, 0) + b"Data")
    formats = _record(0x041E, struct.pack("<HHB", 170, 6, 0) + b"0.0 %x") + b"".join(
        _record(0x00E0, struct.pack("<HH", 0, number) + bytes(16)) for number in (0, 14, 10, 170)
    )
    book = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0)) + formats
    place = len(book) + len(name) + 4
    name = name[:4] + struct.pack("<I", place) + name[8:]
    make = _short_compound if is_short else _compound
    path.write_bytes(make("Workbook", book + name + _record(0x000A) + sheet))
    return path


def chart_of(rows: Sequence[Sequence[float]]) -> bytes:
    """An embedded chart with its copy of the cells that it shows."""
    copies = b"".join(
        cell_of(row, column, value) for row, values in enumerate(rows) for column, value in enumerate(values)
    )
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0020, 0, 0, 0, 0)) + copies + _record(0x000A)


def cell_of(row: int, column: int, cell: Made) -> bytes:
    """The record of one cell of an .xls sheet."""
    at = struct.pack("<HHH", row, column, _style(cell))
    cell = _bare(cell)
    if isinstance(cell, Error):
        return _record(0x0205, at + bytes((ERRORS[cell.name], 1)))
    if isinstance(cell, bool):
        return _record(0x0205, at + bytes((int(cell), 0)))
    if isinstance(cell, date):
        return _record(0x0203, at + struct.pack("<d", serial(cell)))
    if isinstance(cell, int | float):
        return _record(0x0203, at + struct.pack("<d", cell))
    if cell is None:
        return b""
    text = str(cell)
    return _record(0x0204, at + struct.pack("<HB", len(text), 1) + text.encode("utf-16-le"))


def _record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _compound(name: str, stream: bytes) -> bytes:
    """A compound file with one stream, long enough not to be kept among the small ones."""
    body = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\x00")
    sectors = len(body) // 512
    tables = -(-(sectors + 2) // 127)
    chain = [_TABLE_SECTOR] * tables + [_LAST_SECTOR] + [tables + 2 + n for n in range(sectors - 1)] + [_LAST_SECTOR]
    chain += [_NO_SECTOR] * (tables * 128 - len(chain))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, tables, tables, 0, 4096, _LAST_SECTOR, 0, _LAST_SECTOR, 0)
    head += struct.pack("<109I", *range(tables), *([_NO_SECTOR] * (109 - tables)))
    entries = _entry("Root Entry", 5, child=1, start=_LAST_SECTOR, size=0)
    entries += _entry(name, 2, child=_NO_SECTOR, start=tables + 1, size=len(body)) + bytes(256)
    return head + struct.pack(f"<{len(chain)}I", *chain) + entries + body


def _short_compound(name: str, stream: bytes) -> bytes:
    """A compound file whose one stream is kept among the small ones, in pieces of 64 bytes."""
    pieces = -(-len(stream) // 64)
    body = stream.ljust(-(-pieces * 64 // 512) * 512, b"\x00")
    sectors = len(body) // 512
    chain = [_TABLE_SECTOR, _LAST_SECTOR, _LAST_SECTOR, *(4 + n for n in range(sectors - 1)), _LAST_SECTOR]
    small = [*(n + 1 for n in range(pieces - 1)), _LAST_SECTOR]
    tables = [struct.pack("<128I", *found, *([_NO_SECTOR] * (128 - len(found)))) for found in (chain, small)]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 2, 1, _LAST_SECTOR, 0)
    head += struct.pack("<109I", 0, *([_NO_SECTOR] * 108))
    entries = _entry("Root Entry", 5, child=1, start=3, size=len(body))
    entries += _entry(name, 2, child=_NO_SECTOR, start=0, size=len(stream)) + bytes(256)
    return head + tables[0] + entries + tables[1] + body


def _entry(name: str, kind: int, *, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le") + b"\x00\x00"
    links = struct.pack("<III", _NO_SECTOR, _NO_SECTOR, child)
    return text.ljust(64, b"\x00") + struct.pack("<HBB", len(text), kind, 1) + links + bytes(36) + struct.pack(
        "<IQ", start, size
    )  # fmt: skip


def write_xlsb(path: Path, rows: Rows, *, merged: Areas = ()) -> Path:
    """A binary workbook with one sheet "Data"."""
    areas = b"".join(_part(176, struct.pack("<IIII", *area)) for area in merged)
    data = b"".join(_xlsb_row(number, cells) for number, cells in enumerate(rows))
    sheet = (
        _part(129)
        + _part(148, struct.pack("<IIII", 0, 100, 0, 20))
        + _part(145)
        + data
        + _part(146)
        + areas
        + _part(130)
    )
    names = struct.pack("<II", 0, 1) + _wide("rId1") + _wide("Data")
    book = _part(131) + _part(143) + _part(156, names) + _part(144) + _part(132)
    formats = _part(617, struct.pack("<I", 4)) + b"".join(
        _part(47, struct.pack("<HHHHH", 0, number, 0, 0, 0) + bytes(6)) for number in (0, 14, 10, 170)
    )
    own = _part(615, struct.pack("<I", 1)) + _part(44, struct.pack("<H", 170) + _wide("0.0 %x")) + _part(616)
    styles = _part(278) + own + formats + _part(618) + _part(279)
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{kind}/{what}" Target="{target}"/>'
        for n, what, target in ((1, "worksheet", "worksheets/sheet1.bin"), (2, "styles", "styles.bin"))
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    scheme = "http://schemas.openxmlformats.org/package/2006"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(
            "[Content_Types].xml",
            f'{head}<Types xmlns="{scheme}/content-types"><Default Extension="bin" '
            'ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>',
        )
        file.writestr(
            "_rels/.rels",
            f'{head}<Relationships xmlns="{scheme}/relationships"><Relationship Id="rId1" '
            f'Type="{kind}/officeDocument" Target="xl/workbook.bin"/></Relationships>',
        )
        file.writestr(
            "xl/_rels/workbook.bin.rels",
            f'{head}<Relationships xmlns="{scheme}/relationships">{links}</Relationships>',
        )
        file.writestr("xl/workbook.bin", book)
        file.writestr("xl/styles.bin", styles)
        file.writestr("xl/worksheets/sheet1.bin", sheet)
    return path


def _xlsb_row(number: int, cells: Sequence[Made]) -> bytes:
    made = b"".join(_xlsb_cell(column, cell) for column, cell in enumerate(cells) if cell is not None)
    return _part(0, struct.pack("<IIHHBI", number, 0, 300, 0, 0, 0)) + made


def _xlsb_cell(column: int, cell: Made) -> bytes:
    at = struct.pack("<II", column, _style(cell))
    cell = _bare(cell)
    if isinstance(cell, Error):
        return _part(3, at + bytes((ERRORS[cell.name],)))
    if isinstance(cell, bool):
        return _part(4, at + bytes((int(cell),)))
    if isinstance(cell, date):
        return _part(5, at + struct.pack("<d", serial(cell)))
    if isinstance(cell, int | float):
        return _part(5, at + struct.pack("<d", cell))
    return _part(6, at + _wide(str(cell or "")))


def _part(kind: int, data: bytes = b"") -> bytes:
    number = bytes((kind,)) if kind < 128 else bytes((kind & 0x7F | 0x80, kind >> 7))
    size = len(data)
    length = bytearray()
    while size > 127:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return number + bytes((*length, size)) + data


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def write_ods(path: Path, rows: Rows, *, raw: str = "") -> Path:
    """An OpenDocument workbook with one sheet "Data"; `raw` is XML of more rows below."""
    names = "".join(
        f' xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"' for short in ("office", "table", "text")
    )
    calc = ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    body = "".join(f"<table:table-row>{''.join(map(ods_cell, cells))}</table:table-row>" for cells in rows)
    scheme = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    mime = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("mimetype", mime)
        file.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{scheme}"><manifest:file-entry manifest:full-path="/" '
            f'manifest:media-type="{mime}"/></manifest:manifest>',
        )
        file.writestr(
            "content.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{names}{calc} office:version="1.2">'
            f'<office:body><office:spreadsheet><table:table table:name="Data">{body}{raw}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return path


def ods_cell(cell: Made) -> str:
    """One cell, an error as LibreOffice writes it."""
    if cell is None:
        return "<table:table-cell/>"
    if isinstance(cell, Error):
        kind = 'office:value-type="string" office:string-value="" calcext:value-type="error"'
        return f'<table:table-cell table:formula="of:=1/0" {kind}><text:p>{cell.name}</text:p></table:table-cell>'
    if isinstance(cell, bool):
        return f'<table:table-cell office:value-type="boolean" office:boolean-value="{str(cell).lower()}"/>'
    if isinstance(cell, date):
        return f'<table:table-cell office:value-type="date" office:date-value="{cell.isoformat()}"/>'
    if isinstance(cell, int | float | Rate):
        kind = "percentage" if isinstance(cell, Rate) else "float"
        return f'<table:table-cell office:value-type="{kind}" office:value="{_bare(cell)!r}"/>'
    return f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'
