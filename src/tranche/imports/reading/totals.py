"""Rows that sum up others: found by their words and by their numbers, left out of the data, and always named."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tranche.imports.domain import Column, Field, FieldKind, Matching
from tranche.imports.reading.decimals import clean_decimals
from tranche.imports.reading.marks import Clean, Verdict, rows_where
from tranche.imports.reading.numbers import PLAIN
from tranche.imports.reading.table import Table

_LAST_ROWS: Final = 3
_MOST_CANDIDATES: Final = 500
_MOST_SUMMED: Final = 40
_NAMED: Final = 20
_SHOWN: Final = 40
_NEAR: Final = 0.006
_WORDS: Final = (
    "total|totals|grand total|sub[- ]?total|sum|sums|overall total|"
    "summe|summen|gesamt|gesamtsumme|gesamtbetrag|zwischensumme|endsumme|insgesamt|"
    "total général|total general|sous[- ]total|somme|suma|suma total|total geral|"
    "totale|totale generale|subtotale|somma|totaal|eindtotaal|subtotaal|"
    "razem|ogółem|łącznie|suma częściowa|toplam|genel toplam|ara toplam|"
    "المجموع|الإجمالي|إجمالي|المجموع الكلي|মোট|সর্বমোট|উপমোট|कुल|कुल योग|योग|"
    "итого|всего|合計|小計|总计|合计|celkem|i alt|totalt|summa|yhteensä"
)
_BEGINS: Final = rf"(?i)^[\s*=-]*(?:{_WORDS})(?:[\s:.=]+\D{{0,40}})?$"
_BEGIN: Final = re.compile(_BEGINS)
_NUMBER: Final = re.compile(r"[-+()\s\u00a0\u202f'’]*[0-9][-0-9.,()\s\u00a0\u202f'’]*(?:%|[$€£¥₹]|[A-Z]{3})?")
_EXACT: Final = re.compile(rf"(?:{_WORDS})\s*:?", re.IGNORECASE)
_UNSURE: Final = Verdict(
    "looks_like_total",
    "{cell} says “{value}”, but the numbers of the row are not the sums of their columns. "
    "Delete the row if it is a total, or call it by another name or number.",
)


@dataclass(slots=True)
class Totals:
    """The row indexes left out, sentences that name them, and the cells that say total of rows that are none.

    `unsure` holds the latter by column and row index.
    """

    rows: list[int] = field(default_factory=list)
    notices: tuple[str, ...] = ()
    unsure: dict[tuple[int, int], Verdict] = field(default_factory=dict)


def find_totals(
    table: Table,
    *,
    matching: Matching,
    fields: Sequence[Field],
    cleaned: dict[int, Clean],
    filled: pa.ChunkedArray,
    begin: int,
) -> Totals:
    """The rows of totals below row index `begin`.

    A row whose id, or whose other cell where the id is missing, says so is one if a sum is right or a needed cell is
    missing. A row that says nothing is one if it is among the last, has no id and holds nothing but numbers: one of
    them is the sum of its column where a needed cell is missing, else each of them is.
    """
    roles = _roles(matching, fields)
    if not roles.ids:
        return Totals()
    values = {index: done.values for index, done in cleaned.items()}
    search = _Search(table, roles, values, filled, begin)
    found = Totals()
    for row in search.candidates():
        if search.is_total(row, found.rows):
            found.rows.append(row)
            continue
        column, text = search.id_of(row)
        if _EXACT.fullmatch(text):
            found.unsure[column, row] = _UNSURE
    found.notices = tuple(_notices(table, matching.columns, found.rows))
    return found


def says_total(text: str) -> bool:
    """Whether a cell calls its row a total, as "Total:" and "Summe netto" do."""
    return _BEGIN.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class _Roles:
    """Column indexes: of what a row is called by, the first filled one counts; of other needed cells; of all codes."""

    ids: tuple[int, ...]
    needed: tuple[int, ...]
    codes: frozenset[int]


def _roles(matching: Matching, fields: Sequence[Field]) -> _Roles:
    """A row is called by the first required field, and where that is a number by the fields in front of it."""

    def places(wanted: Iterable[Field]) -> tuple[int, ...]:
        return tuple(column.index for entry in wanted if (column := matching.column_of(entry.name)))

    required = [entry for entry in fields if entry.required and matching.column_of(entry.name)]
    if not required:
        return _Roles((), (), frozenset())
    first = required[0]
    naming = fields[: fields.index(first)] if first.kind is FieldKind.DECIMAL else (first,)
    return _Roles(
        places(naming),
        places(entry for entry in required if entry not in naming),
        frozenset(places(entry for entry in fields if entry.kind is FieldKind.IDENTIFIER)),
    )


class _Search:
    """One table's columns, asked for rows of totals; sums are taken only where a row looks like one."""

    def __init__(
        self,
        table: Table,
        roles: _Roles,
        values: dict[int, pa.ChunkedArray],
        filled: pa.ChunkedArray,
        begin: int,
    ) -> None:
        self._table = table
        self._roles = roles
        self._values = values
        self._filled = filled
        self._starts = [(part.offset + part.begin, part.end) for part in table.parts] or [(begin, table.height)]
        self._numbers: dict[int, pa.ChunkedArray] = {}
        self._summed = 0

    def candidates(self) -> list[int]:
        """Rows whose id is missing or says total: few, or only the last ones are looked at."""
        ids = pc.coalesce(*(self._values[index] for index in self._roles.ids))
        nameless = pc.and_(self._filled, pc.is_null(ids))
        says = pc.fill_null(pc.match_substring_regex(ids, _BEGINS), fill_value=False)
        rows = rows_where(pc.or_(nameless, pc.and_(self._filled, says)))
        return rows if len(rows) <= _MOST_CANDIDATES else [*rows_where(says)[:_MOST_CANDIDATES], *rows[-_LAST_ROWS:]]

    def id_of(self, row: int) -> tuple[int, str]:
        """What the row is called by, and the column of that."""
        ids = self._roles.ids
        return next(((index, text) for index in ids if (text := self.cell(index, row))), (ids[0], ""))

    def cell(self, column: int, row: int) -> str | None:
        """The text of a cell, as its field has it."""
        known = self._values.get(column, self._table.columns[column])
        text: str | None = known[row].as_py()
        return text

    def is_total(self, row: int, before: Sequence[int]) -> bool:
        """Whether this row sums up rows above it."""
        cells = {index: text for index in range(len(self._table.columns)) if (text := self.cell(index, row))}
        words = [text for text in cells.values() if not _NUMBER.fullmatch(text)]
        lacks = any(index not in cells for index in self._roles.needed)
        if any(says_total(text) for text in words):
            return lacks or any(self._sums(row, cells, before))
        if words or not cells or row not in self._last_rows(row):
            return False
        if lacks:
            return any(self._sums(row, cells, before))
        if not self._roles.codes.isdisjoint(cells):
            return False
        sums = list(self._sums(row, cells, before))
        return bool(sums) and all(sums)

    def _last_rows(self, row: int) -> list[int]:
        start, end = self._part(row)
        near = range(max(start, end - 50), end)
        rows = [index for index in near if self._filled[index].as_py()]
        return rows[-_LAST_ROWS:] if len(rows) > _LAST_ROWS or start < end - 50 else rows[2:][-_LAST_ROWS:]

    def _part(self, row: int) -> tuple[int, int]:
        return next(((start, end) for start, end in self._starts if start <= row < end), self._starts[0])

    def _sums(self, row: int, cells: dict[int, str], before: Sequence[int]) -> Iterator[bool]:
        """For each cell but zeros whether it is the sum of those above it, or of those since the last total."""
        start, _ = self._part(row)
        mine = [other for other in before if start <= other < row]
        self._summed += 1
        if self._summed > _MOST_SUMMED:
            return
        for index in cells:
            number = self._number(index, row)
            if number is None:
                yield False
            elif number:
                whole = self._sum(index, start, row) - sum(self._number(index, other) or 0.0 for other in mine)
                since = self._sum(index, max(mine, default=start - 1) + 1, row)
                yield any(abs(number - total) <= _NEAR + abs(number) * 1e-9 for total in (whole, since))

    def _number(self, index: int, row: int) -> float | None:
        value: float | None = self._as_numbers(index)[row].as_py()
        return value

    def _sum(self, index: int, begin: int, end: int) -> float:
        return float(pc.sum(self._as_numbers(index)[begin:end]).as_py() or 0.0)

    def _as_numbers(self, index: int) -> pa.ChunkedArray:
        if index not in self._numbers:
            column = self._values.get(index)
            if column is None:
                column = clean_decimals(self._table.columns[index], header="", typed=self._table.typed).values
            plain = pc.fill_null(pc.match_substring_regex(column, PLAIN), fill_value=False)
            bare = pc.if_else(plain, column, pa.scalar(None, pa.string()))
            self._numbers[index] = bare.cast(pa.float64())
        return self._numbers[index]


def _notices(table: Table, columns: Sequence[Column], rows: Sequence[int]) -> Iterator[str]:
    for row in rows[:_NAMED]:
        cells = table.row(row)
        told = ", ".join(
            f"{column.header} {text[:_SHOWN]}" for column in columns if (text := cells[column.index]) is not None
        )
        yield f"{table.name_of(row)} is a total and is not imported ({told})."
    if rows[_NAMED:]:
        named = ", ".join(str(row + 1) for row in rows[_NAMED:])
        yield f"Rows {named} are totals and are not imported."
