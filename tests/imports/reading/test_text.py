"""CSV of many makes is read as a spreadsheet program would, and what is broken is refused by its row."""

import codecs
from pathlib import Path

import pytest

from tests.imports.factories import TEXTS, read, write_csv, write_text
from tranche.imports.domain import FileTooLarge, Limits, UnreadableFile

_ROWS = [["Order", "Note", "Place"], ["A1", "Größe", "Århus"], ["A2", "x;y|z", "İzmir"]]
_TEXT = "Order;Note;Place\r\nA1;Größe;Århus\r\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    reading = read(write_csv(tmp_path / "a.csv", _ROWS, delimiter=delimiter), fields=TEXTS)
    assert reading.header.delimiter == delimiter
    assert [[row["orderId"], row["note"], row["place"]] for row in reading.rows] == _ROWS[1:]


def test_decimal_commas_do_not_pass_for_delimiters(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.csv", "Order;Note;Place\nA1;1,5;2,5\nA2;2,5;3,5\nA3;1,2;9,9\n")
    assert read(path, fields=TEXTS).column("note") == ["1,5", "2,5", "1,2"]


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (['A1, "b, c", d', 'A2, "x", "y ""z"""'], [("b, c", "d"), ("x", 'y "z"')]),
        (['A1, "two', 'lines, and more", d'], [("two\nlines, and more", "d")]),
        (['A1, "Ø" 3 cm, d', "A2, b, d"], [('"Ø" 3 cm', "d"), ("b", "d")]),
        (['A1, "b, c', "A2, d, e"], [('"b', "c"), ("d", "e")]),
        (['A1, 19", d', "A2, b, d"], [('19"', "d"), ("b", "d")]),
        (['"A1","say, ""hi""",d', "A2, b, d"], [('say, "hi"', "d"), ("b", "d")]),
    ],
)
def test_a_quotation_mark_behind_blanks_opens_a_cell_where_it_closes_one(
    tmp_path: Path, lines: list[str], wanted: list[tuple[str, str]]
) -> None:
    path = write_text(tmp_path / "a.csv", "\n".join(["Order, Note, Place", *lines, ""]))
    assert [(row["note"], row["place"]) for row in read(path, fields=TEXTS).rows] == wanted


def test_a_cell_that_goes_on_behind_the_sample_does_not_change_how_it_is_read(tmp_path: Path) -> None:
    text = "Order, Note, Place\n" + 198 * 'A1, "b, c", d\n' + 'A2, "e\n, f", g\n'
    assert read(write_text(tmp_path / "a.csv", text), fields=TEXTS).column("note") == [*198 * ["b, c"], "e\n, f"]


def test_the_line_that_names_the_delimiter_is_not_a_row(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.csv", "sep=|\nOrder|Note|Place\nA1|b, c; d|e\n")
    reading = read(path, fields=TEXTS)
    assert (reading.header.header_row, reading.rows[0]["row_number"], reading.rows[0]["note"]) == (1, "2", "b, c; d")


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (_TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF8 + _TEXT.encode(), "utf-8"),
        (_TEXT.encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + _TEXT.encode("utf-16-be"), "utf-16"),
        (_TEXT.encode("utf-16-le"), "utf-16-le"),
        (_TEXT.encode("utf-16-be"), "utf-16-be"),
        (_TEXT.encode("utf-32"), "utf-32"),
        (_TEXT.encode("utf-32-be"), "utf-32-be"),
        (_TEXT.encode("cp1252"), "cp1252"),
    ],
)
def test_the_encoding_is_found(tmp_path: Path, data: bytes, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    reading = read(path, fields=TEXTS)
    assert reading.header.encoding == encoding
    assert (reading.rows[0]["note"], reading.rows[0]["place"]) == ("Größe", "Århus")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_and_breaks_inside_cells(tmp_path: Path, end: str) -> None:
    path = write_text(tmp_path / "a.csv", end.join(["Order,Note", f'A1,"one{end}two"', "", 'A2,"say ""hi"""', ""]))
    reading = read(path, fields=TEXTS)
    assert reading.column("row_number") == ["2", "4"]
    assert reading.column("note") == [f"one{end}two", 'say "hi"']


def test_ragged_rows_lose_nothing(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.csv", "Order,Note\nA1\nA2,b,c,,d\nA3,e\n")
    reading = read(path, fields=TEXTS)
    assert reading.column("note") == [None, "b", "e"]
    assert [reading.more(index) for index in range(3)] == [{}, {"Column C": "c", "Column E": "d"}, {}]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('Order,Note\nA1,b\nA2,"never closed\nA3,c\n', r"row 3 \(line 3 of the file\) is never closed"),
        ('Order,Note\n"two\nlines",b\nA2,"b"c\n', r"row 3 \(line 4 of the file\) text follows"),
        ('Order,Note\n1,"abc\n2,"def"\n', "text follows"),
        ("Order,Note\nA1,b\x00c\n", "Line 2 holds a NUL"),
        ("\n\n\n", "no rows"),
        (" , ,\n,,\n", "no rows"),
        ("Order,Note\nA1," + "x" * 1_000_001 + "\n", "longer than 1,000,000 characters"),
    ],
)
def test_what_is_broken_is_refused_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words):
        read(write_text(tmp_path / "a.csv", text), fields=TEXTS)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"Order,Note\nA1,\xed\xa0\x80\n", "lone surrogates"),
        (b"Order,Note\nA1,\x81\x8d\n", "not valid UTF-8 or Windows-1252"),
        (b"\xff\xfeO\x00r\x00d\x00\x00\xd8x\x00", "not valid UTF-16"),
        (b"Order,Note\n" + bytes([0, 1, 2, 0xFF]) * 200, "neither a workbook nor readable text"),
    ],
)
def test_bytes_that_are_no_text_are_refused(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match=words):
        read(path, fields=TEXTS)


def test_limits_of_columns_rows_and_cells_hold(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["Order", "Note"], *([str(row), "x"] for row in range(60))])
    assert len(read(path, fields=TEXTS, limits=Limits(rows=60)).rows) == 60
    with pytest.raises(FileTooLarge, match="60 rows; at most 59"):
        read(path, fields=TEXTS, limits=Limits(rows=59))
    with pytest.raises(FileTooLarge, match="2 cells; at most 1 columns"):
        read(path, fields=TEXTS, limits=Limits(columns=1))
    with pytest.raises(FileTooLarge, match="over the limit"):
        read(path, fields=TEXTS, limits=Limits(memory_bytes=1000))


def test_a_row_more_than_the_limit_that_everybody_has_is_refused_before_any_is_sent(tmp_path: Path) -> None:
    path, most = tmp_path / "a.csv", Limits().rows
    with path.open("wb") as file:
        file.write(b"Order,Note\n")
        for _ in range(100):
            file.write(b"A1,x\n" * (most // 100))
        file.write(b"A1,x\n")
    with pytest.raises(FileTooLarge, match=f"{most + 1:,} rows; at most {most:,} are read. Split it"):
        read(path, fields=TEXTS)


def test_sixteen_thousand_columns_are_read(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["Order", *map(str, range(16_383))], ["A1", *["v"] * 16_383]])
    reading = read(path, fields=TEXTS)
    assert len(reading.more(0)) == 16_383
