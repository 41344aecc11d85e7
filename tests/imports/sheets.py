"""Workbooks whose XML is written by hand, as no library would."""

import zipfile
from pathlib import Path
from typing import Final

_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"


def write_sheet(path: Path, rows: str, *, strings: str = "", prefix: str = "") -> Path:
    """A workbook of this XML of rows; `prefix` is put before the tags of the sheet, as some programs do."""
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    space = f"xmlns:{prefix.rstrip(':')}" if prefix else "xmlns"
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{_LINKS}/{kind}" Target="{target}"/>'
        for n, kind, target in ((1, "worksheet", "worksheets/sheet1.xml"), (2, "sharedStrings", "sharedStrings.xml"))
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets><sheet name="Data" sheetId="1" '
        'r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>',
        "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}" count="1" uniqueCount="99999">{strings}</sst>',
        "xl/worksheets/sheet1.xml": f'<{prefix}worksheet {space}="{_MAIN}"><{prefix}sheetData>{rows}'
        f"</{prefix}sheetData></{prefix}worksheet>",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts.items():
            file.writestr(name, head + text)
    return path


def head_row(*names: str) -> str:
    """The XML of a first row with these texts."""
    cells = "".join(f'<c r="{chr(65 + at)}1" t="inlineStr"><is><t>{name}</t></is></c>' for at, name in enumerate(names))
    return f'<row r="1">{cells}</row>'


def texts_row(number: int | str, **cells: str) -> str:
    """The XML of a row of texts by their columns' letters; `number` is put into every address as it is."""
    inner = "".join(
        f'<c r="{letter}{number}" t="inlineStr"><is><t>{text}</t></is></c>' for letter, text in cells.items()
    )
    return f'<row r="{number}">{inner}</row>'
