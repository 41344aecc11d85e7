"""A damaged .xlsx file loses no value in silence and shows none in another's place: it is read as it is, or refused."""

import zipfile
from pathlib import Path

import openpyxl
import pytest

from tests.imports.factories import TEXTS, Cell, orders, read, write_xlsx
from tests.imports.makers import Made, cell_of, write_xls, write_xlsb
from tests.imports.sheets import head_row, texts_row, write_sheet
from tranche.imports.domain import FileTooLarge, UnreadableFile
from tranche.imports.reading import auditing

_HEAD = head_row("Order", "Note")


def _refused(tmp_path: Path, rows: str, *, strings: str = "") -> str:
    with pytest.raises(UnreadableFile) as refused:
        read(write_sheet(tmp_path / "a.xlsx", _HEAD + rows, strings=strings), fields=TEXTS)
    assert refused.value.message.endswith("save it again as .xlsx and upload that.")
    return refused.value.message


def _cell(address: str, inside: str, *, more: str = "") -> str:
    return f'<row r="2"><c r="A2"><v>1</v></c><c r="{address}"{more}>{inside}</c></row>'


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ('<row r="2"><c r="A2"><v>1</v></c><c r="A2"><v>2</v></c></row>', "A2"),
        (texts_row(2, A="x", B="y") + texts_row(3, A="z") + texts_row(2, B="other"), "B2"),
        (
            '<row r="2"><c r="B2"><v>1</v></c></row><row><c r="A7"><v>1</v></c></row><row r="7"><c><v>2</v></c></row>',
            "A7",
        ),
        ('<row r="2"><c><v>1</v></c><c><v>2</v></c></row><row r="2"><c><v>3</v></c></row>', "A2"),
        (_cell("B2", "<v>1</v><v>2</v>"), "B2"),
        (_cell("B2", "<is><t>x</t></is><v>2</v>", more=' t="inlineStr"'), "B2"),
    ],
)
def test_a_cell_with_two_values_is_named(tmp_path: Path, rows: str, named: str) -> None:
    assert f"the cell {named} stands in it with two values" in _refused(tmp_path, rows)


@pytest.mark.parametrize("address", ["A4294967298", "B4294967299", "A99999999999999999999", "AB12345678"])
def test_a_row_that_no_sheet_has_is_named(tmp_path: Path, address: str) -> None:
    said = _refused(tmp_path, f'<row r="2"><c r="A2"><v>1</v></c><c r="{address}"><v>7</v></c></row>')
    assert f"it has a cell {address[:20]}, which no sheet has" in said


@pytest.mark.parametrize("address", ["XFE2", "AAAAAAAA2", "B99999999"])
def test_a_place_that_no_sheet_has_is_refused_one_way_or_the_other(tmp_path: Path, address: str) -> None:
    rows = f'<row r="2"><c r="A2"><v>1</v></c><c r="{address}"><v>7</v></c></row>'
    with pytest.raises((UnreadableFile, FileTooLarge)):
        read(write_sheet(tmp_path / "a.xlsx", _HEAD + rows), fields=TEXTS)


@pytest.mark.parametrize("index", ["-1", "x", " 1 ", "1.0", "1e0", "+1", "0x1"])
def test_a_text_that_is_not_there_is_no_other_text(tmp_path: Path, index: str) -> None:
    said = _refused(
        tmp_path, _cell("B2", f"<v>{index}</v>", more=' t="s"'), strings="<si><t>a</t></si><si><t>b</t></si>"
    )
    assert "the cell B2 refers to a text that is not there" in said


@pytest.mark.parametrize("inside", ["<v>1<!-- 2 -->2</v>", "<v><![CDATA[12]]></v>", "<is><t>a<!---->b</t></is>"])
def test_a_value_that_is_cut_in_two_is_not_read_by_half(tmp_path: Path, inside: str) -> None:
    kind = ' t="inlineStr"' if "<is>" in inside else ' t="str"'
    assert "the value of the cell B2 cannot be read" in _refused(tmp_path, _cell("B2", inside, more=kind))


@pytest.mark.parametrize(
    "rows",
    [
        _cell("B2", "<v>lost</v>", more=' t="inlineStr"'),
        texts_row(2, A="x") + '</sheetData><sheetData><row r="3"><c r="A3"><v>2</v></c></row>',
    ],
)
def test_a_value_that_the_reader_leaves_out_is_named(tmp_path: Path, rows: str) -> None:
    assert "is out of its order and could not be read" in _refused(tmp_path, rows)


def test_rows_in_any_order_stand_where_their_numbers_say(tmp_path: Path) -> None:
    rows = texts_row(5, A="five") + texts_row(3, A="three") + texts_row(4, A="four")
    reading = read(write_sheet(tmp_path / "a.xlsx", _HEAD + rows), fields=TEXTS)
    assert [(row["row_number"], row["orderId"]) for row in reading.rows] == [
        ("3", "three"),
        ("4", "four"),
        ("5", "five"),
    ]


def test_cells_without_addresses_follow_each_other(tmp_path: Path) -> None:
    rows = "<row><c><v>1</v></c><c><v>2</v></c></row><row r='7'><c><v>3</v></c></row><row><c><v>4</v></c></row>"
    reading = read(write_sheet(tmp_path / "a.xlsx", _HEAD + rows), fields=TEXTS)
    assert [(row["row_number"], row["orderId"], row["note"]) for row in reading.rows] == [
        ("2", "1", "2"), ("7", "3", None), ("8", "4", None),
    ]  # fmt: skip


def test_truths_in_words_are_what_they_say(tmp_path: Path) -> None:
    rows = _cell("B2", "<v>false</v>", more=' t="b"') + '<row r="3"><c r="A3" t="b"><v>true</v></c></row>'
    reading = read(write_sheet(tmp_path / "a.xlsx", _HEAD + rows), fields=TEXTS)
    assert (reading.rows[0]["note"], reading.rows[1]["orderId"]) == ("false", "true")


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="B2"><v></v></c>',
        '<c r="B2" t="str"><v/></c>',
        '<c r="B2" t="inlineStr"><is/></c>',
        '<c r="B2" t="inlineStr"><is><t> </t></is></c>',
        '<c r="B2" t="s"><v></v></c>',
        '<c r="B2" s="0"/>',
    ],
)
def test_an_empty_cell_in_any_spelling_is_no_damage(tmp_path: Path, cell: str) -> None:
    rows = f'<row r="2"><c r="A2"><v>1</v></c>{cell}</row>' + texts_row(3, A="2", B="x")
    reading = read(write_sheet(tmp_path / "a.xlsx", _HEAD + rows, strings="<si><t></t></si>"), fields=TEXTS)
    assert (reading.column("orderId"), reading.column("note")) == (["1", "2"], [None, "x"])


def test_a_comment_between_cells_is_no_damage(tmp_path: Path) -> None:
    rows = "<!-- made by hand -->" + texts_row(2, A="x", B="y")
    assert read(write_sheet(tmp_path / "a.xlsx", _HEAD + rows), fields=TEXTS).column("note") == ["y"]


def test_the_same_is_found_behind_prefixes_and_single_quotes(tmp_path: Path) -> None:
    rows = (_HEAD + texts_row(2, A="x") + texts_row(2, A="y")).replace('"', "'")
    prefixed = rows.replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:")
    with pytest.raises(UnreadableFile, match="the cell A2 stands in it with two values"):
        read(write_sheet(tmp_path / "a.xlsx", prefixed, prefix="x:"), fields=TEXTS)


def test_two_sheets_of_one_name_are_refused(tmp_path: Path) -> None:
    path = write_sheet(tmp_path / "a.xlsx", _HEAD + texts_row(2, A="x"))
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    twice = b'<sheet name="Data" sheetId="2" r:id="rId1"/></sheets>'
    with zipfile.ZipFile(path, "w") as file:
        for name, data in parts.items():
            file.writestr(name, data.replace(b"</sheets>", twice))
    with pytest.raises(UnreadableFile, match="two sheets of the name “Data”"):
        read(path, fields=TEXTS)


def test_parts_in_other_letters_are_looked_at_as_well(tmp_path: Path) -> None:
    path = write_sheet(tmp_path / "a.xlsx", _HEAD + texts_row(2, A="x") + texts_row(2, A="y"))
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(path, "w") as file:
        for name, data in parts.items():
            file.writestr(name.replace("xl/worksheets/sheet1.xml", "xl/worksheets/Sheet1.XML"), data)
    with pytest.raises(UnreadableFile, match="the cell A2 stands in it with two values"):
        read(path, fields=TEXTS)


def test_a_sound_workbook_is_counted_and_not_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What costs time is done where something is odd; what libraries write is not."""
    monkeypatch.setattr(auditing, "_Walker", None)
    rows: list[list[Cell]] = orders(("Notes", ["a", "", None, "a" * 30_000]), ("More", [1, 2.5, True, "x"]))
    assert len(read(write_xlsx(tmp_path / "a.xlsx", rows)).rows) == 4
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "b.xlsx")
    assert len(read(tmp_path / "b.xlsx").rows) == 4


def test_a_value_that_lies_across_two_pieces_is_counted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(texts_row(number, A=f"n{number}", B="y") for number in range(2, 200))
    path = write_sheet(tmp_path / "a.xlsx", _HEAD + rows)
    monkeypatch.setattr(auditing, "_Walker", None)
    for step in (997, 1_009, 4_001):
        monkeypatch.setattr("tranche.imports.reading.markup._STEP", step)
        assert len(read(path, fields=TEXTS).rows) == 198


def test_a_cell_with_two_values_is_named_in_old_workbooks(tmp_path: Path) -> None:
    rows: list[list[Made]] = [["Order", "Note"], ["A1", 1], ["A2", "x"]]
    path = write_xls(tmp_path / "a.xls", rows, charts=cell_of(2, 1, "other"))
    with pytest.raises(UnreadableFile, match="the cell B3 stands in it with two values"):
        read(path, fields=TEXTS)


def test_a_cell_with_two_values_is_named_in_binary_workbooks(tmp_path: Path) -> None:
    path = write_xlsb(tmp_path / "a.xlsb", [["Order", "Note"], ["A1", 1], ["A2", "x"]])
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    sheet = parts["xl/worksheets/sheet1.bin"]
    begin = sheet.index(bytes((0, 17)) + (2).to_bytes(4, "little"))  # the record of the third row
    end = sheet.index(b"\x92\x01\x00", begin)
    with zipfile.ZipFile(path, "w") as file:
        for name, data in parts.items():
            file.writestr(name, sheet[:end] + sheet[begin:end] + sheet[end:] if name.endswith("sheet1.bin") else data)
    with pytest.raises(UnreadableFile, match="the cell A3 stands in it with two values"):
        read(path, fields=TEXTS)
