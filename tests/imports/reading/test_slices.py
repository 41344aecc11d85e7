"""The text of a slice is what PostgreSQL's COPY takes, with NULL for nothing and jsonb for the rest."""

from pathlib import Path

from tests.imports.factories import TEXTS, copied, write_csv, write_xlsx
from tranche.imports.domain import Limits, Mapping, Slice
from tranche.imports.reading.several import choose
from tranche.imports.reading.sheet import prepare
from tranche.imports.reading.slices import cut
from tranche.kernel.db.pool import Connection

_NASTY = [
    "\\.",
    "\\N",
    "NULL",
    '"',
    '""',
    "a\nb",
    "a\rb",
    "a\r\nb",
    "a,b",
    "\t",
    "'; --",
    "{}",
    "\x1b",
    "ÿ",
    "👩‍👧",
    "=1+1",
]


def _pieces(path: Path, limits: Limits | None = None) -> list[Slice]:
    limits = limits or Limits()
    table = choose(path, file_name=path.name, fields=TEXTS, mapping=Mapping(), limits=limits)
    return list(
        cut(prepare(table, path=path, fields=TEXTS, mapping=Mapping(), limits=limits), fields=TEXTS, limits=limits)
    )


def test_copy_takes_nasty_cells_as_they_are(tmp_path: Path, owner: Connection) -> None:
    rows = [["Order", "Note", "Place", 'Ex"tra\\'], *([f"A{i}", cell, "", cell] for i, cell in enumerate(_NASTY))]
    (piece,) = _pieces(write_csv(tmp_path / "a.csv", rows))
    with owner.transaction():
        owner.execute(
            "CREATE TEMP TABLE taken (row_number int, o text, note text, place text, extra jsonb, is_doubtful boolean) "
            "ON COMMIT DROP"
        )
        with owner.cursor() as cursor, cursor.copy("COPY taken FROM STDIN (FORMAT csv)") as copy:
            copy.write(piece.copy)
        found = owner.execute("SELECT * FROM taken ORDER BY row_number LIMIT 100").fetchall()
    expected = [cell.strip() or None for cell in _NASTY]
    assert [row["note"] for row in found] == expected
    assert [(row["extra"] or {}).get('Ex"tra\\') for row in found] == expected
    assert {row["place"] for row in found} == {None}
    assert [row["row_number"] for row in found] == list(range(2, 2 + len(_NASTY)))


def test_rows_in_which_no_extra_column_is_filled_stay(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv", [["Order", "x", "y"], ["A1", "", ""], ["A2", "1", ""], ["A3", "", "2"], ["A4", "3", "4"]]
    )
    (piece,) = _pieces(path)
    assert [row["extra"] for row in copied(piece.copy, TEXTS)] == [None, '{"x":"1"}', '{"y":"2"}', '{"x":"3","y":"4"}']


def test_a_slice_of_great_cells_is_cut_small(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["Order", "Note"], *([f"A{i}", str(i) * 10_000] for i in range(40))])
    pieces = _pieces(path, Limits(slice_bytes=100_000))
    assert len(pieces) > 4
    assert max(len(piece.copy) for piece in pieces) < 220_000
    assert sum(piece.rows for piece in pieces) == 40


def test_long_stretches_of_blank_rows_send_nothing(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["Order", "Note"], ["A1"], *[[]] * 500, ["A2"]])
    pieces = _pieces(path, Limits(slice_rows=100))
    assert [(piece.rows, piece.last_row) for piece in pieces] == [(1, 101), (1, 503)]
