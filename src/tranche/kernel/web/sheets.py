"""A workbook as a stream: rows of XML go in, the bytes of the .xlsx come out, and little is held between.

The zip is written without seeking. Rows past the limit of a sheet go on in the next one, which repeats the header.
"""

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

ROWS_PER_SHEET: Final = 1_048_576
# Python's zip writes a part of more than 2 GiB only in a form that Excel refuses.
BYTES_PER_SHEET: Final = 1_500_000_000

_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STYLES: Final = (
    f'{_XML}<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164" '
    'formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts><fonts count="2">'
    '<font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs></styleSheet>'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What every sheet of the workbook has: its name, its headers with the width of their columns, its limits."""

    name: str
    headers: Sequence[tuple[str, int]]
    most_rows: int = ROWS_PER_SHEET
    most_bytes: int = BYTES_PER_SHEET

    def opening(self) -> bytes:
        """The sheet's XML up to its first row of data."""
        widths = "".join(
            f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>'
            for number, (_, width) in enumerate(self.headers, start=1)
        )
        cells = "".join(
            f'<c s="2" t="inlineStr"><is><t xml:space="preserve">{escape(header)}</t></is></c>'
            for header, _ in self.headers
        )
        return (
            f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
            '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
            f"<cols>{widths}</cols><sheetData>\n<row>{cells}</row>\n"
        ).encode()


class _Sink:
    """Where the zip writes; it is emptied after every row, and cannot be sought."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes) -> int:
        self._data += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        taken = bytes(self._data)
        self._data.clear()
        return taken

    def __len__(self) -> int:
        return len(self._data)


def write_sheets(rows: Iterator[bytes], sheet: Sheet, *, piece: int) -> Iterator[bytes]:
    """The workbook in pieces of about `piece` bytes; `rows` are whole lines of XML, one or some, each a row.

    What comes at once goes into one sheet, so that it must be far less than a sheet takes.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:  # type: ignore[call-overload]  # it is all that a zip needs of a file
        count = 0
        following = next(rows, None)
        while following is not None or not count:
            count += 1
            with package.open(f"xl/worksheets/sheet{count}.xml", "w") as part:
                filled, size = 1, part.write(sheet.opening())
                while following is not None and size < sheet.most_bytes:
                    lines = following.count(b"\n")
                    if filled + lines > sheet.most_rows:
                        break
                    filled, size = filled + lines, size + part.write(following)
                    if len(sink) >= piece:
                        yield sink.take()
                    following = next(rows, None)
                part.write(b"</sheetData></worksheet>")
        _write_package(package, sheet.name, count)
    yield sink.take()


def _write_package(package: zipfile.ZipFile, name: str, count: int) -> None:
    numbers = range(1, count + 1)
    sheets = "".join(f'<sheet name="{escape(_title(name, n, count))}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPES}.worksheet+xml"/>' for n in numbers
    )
    for path, text in {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>{parts}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{links}<Relationship '
        f'Id="rId{count + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": _STYLES.removeprefix(_XML),
    }.items():
        package.writestr(path, _XML + text)


def _title(name: str, number: int, count: int) -> str:
    return name if count == 1 else f"{name} {number}"
