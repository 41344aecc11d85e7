"""Lists as files, row by row out of the database: CSV and the rows of an XLSX sheet, both made by COPY.

The guards stand in the SQL, so that a million rows pass through this process as bytes. A text cell that a spreadsheet
would take for a formula gets an apostrophe in CSV; in XLSX it is typed as text. Numbers stay numbers in both.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tranche.kernel.db.copy_out import copy_out
from tranche.kernel.db.listing import ZONE, Choice, Column, Kind, Listing, narrow, order_by, sort_keys
from tranche.kernel.db.pool import Connection, Database, lengthen_statement_time
from tranche.kernel.text import FORMULA_SIGNS

# Their code points: comparing one number costs a third of what a pattern does.
_FORMULA: Final = "'{" + ",".join(str(ord(sign)) for sign in FORMULA_SIGNS) + "}'::integer[]"
# What may not stand in XML as it is, or that COPY would write in its own way, or that Excel takes for its escape.
_SPECIAL: Final = r"'[&<>\\\u0001-\u001f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_'"
_MOST_DIGITS: Final = 15
_LONGEST_CELL: Final = 32_767


class Copying:
    """One COPY TO STDOUT that is on its way; any thread may end it."""

    def __init__(self, database: Database, organization_id: int, *, seconds: int) -> None:
        """`seconds` is the longest that the database may work on it."""
        self._database = database
        self._organization_id = organization_id
        self._seconds = seconds
        self._conn: Connection | None = None

    def rows(self, statement: str, values: Mapping[str, Any]) -> Iterator[bytes]:
        """The bytes of some whole rows at a time; closing the iterator cancels the query.

        Raises:
            Unavailable: the database is away or was too slow.
        """
        with self._database.transaction(self._organization_id) as conn:
            self._conn = conn
            try:
                lengthen_statement_time(conn, seconds=self._seconds)
                with contextlib.closing(copy_out(conn, statement, values)) as rows:  # type: ignore[type-var]  # it is a generator
                    yield from rows
            finally:
                self._conn = None

    def cancel(self) -> None:
        """Ask the database to stop now; without effect when nothing runs."""
        if (conn := self._conn) is not None:
            conn.cancel_safe(timeout=5)


def csv_statement(listing: Listing, choice: Choice) -> tuple[str, dict[str, Any]]:
    """The COPY of a list as CSV with its header, and its values."""
    columns = ", ".join(f'{_csv_cell(column)} AS "{column.header}"' for column in listing.export)
    query, values = _query(listing, choice, columns)
    return f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER, ENCODING 'UTF8')", values


def sheet_statement(listing: Listing, choice: Choice) -> tuple[str, dict[str, Any]]:
    """The COPY of a list as rows of a sheet, one line of XML for each, and its values."""
    cells = " || ".join(_sheet_cell(column) for column in listing.export)
    query, values = _query(listing, choice, f"'<row>' || {cells} || '</row>'")
    return f"COPY ({query}) TO STDOUT (ENCODING 'UTF8')", values


def _query(listing: Listing, choice: Choice, columns: str) -> tuple[str, dict[str, Any]]:
    filters, values = narrow(listing, choice)
    keys, descending = sort_keys(listing, choice)
    ordered = order_by(keys, descending=descending)
    return f"SELECT {columns} FROM {listing.source} WHERE {listing.where}{filters} ORDER BY {ordered}", values


def _csv_cell(column: Column) -> str:
    if column.kind in {Kind.NUMBER, Kind.PLAIN}:
        return column.sql
    if column.kind is Kind.MOMENT:
        return _local(column)
    return f"CASE WHEN ascii({column.sql}) = ANY ({_FORMULA}) THEN '''' || ({column.sql}) ELSE {column.sql} END"


def _sheet_cell(column: Column) -> str:
    if column.kind is Kind.NUMBER:
        digits = f"length(translate(({column.sql})::text, '-.', ''))"
        number = f"'<c><v>' || ({column.sql}) || '</v></c>'"
        cell = f"CASE WHEN {digits} <= {_MOST_DIGITS} THEN {number} ELSE {_text_cell(f'({column.sql})::text')} END"
    elif column.kind is Kind.MOMENT:
        cell = f"'<c s=\"1\"><v>' || round(extract(epoch FROM {_local(column)}) / 86400 + 25569, 9) || '</v></c>'"
    elif column.kind is Kind.PLAIN:
        cell = _text_cell(f"({column.sql})::text")
    else:
        cell = _text_cell(f"CASE WHEN ({column.sql}) ~ {_SPECIAL} THEN {_escaped(column.sql)} ELSE {column.sql} END")
    return f"coalesce({cell}, '<c/>')"


def _local(column: Column) -> str:
    """A moment as the clock of the organization shows it, to the second."""
    return f"(({column.sql}) AT TIME ZONE {ZONE})::timestamp(0)"


def _text_cell(sql: str) -> str:
    return f"'<c t=\"inlineStr\"><is><t xml:space=\"preserve\">' || {sql} || '</t></is></c>'"


def _escaped(sql: str) -> str:
    """The text for XML without a line break, tab or backslash, so that COPY passes it as it is."""
    escaped = f"left({sql}, {_LONGEST_CELL})"
    for old, new in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\\", "&#92;")):
        escaped = f"replace({escaped}, '{old}', '{new}')"
    escaped = f"regexp_replace({escaped}, '_(?=x[0-9A-Fa-f]{{4}}_)', '_x005F_', 'g')"
    for code in (9, 10, 13):
        escaped = f"replace({escaped}, chr({code}), '{'_x000D_' if code == 13 else f'&#{code};'}')"  # noqa: PLR2004  # CR
    return f"regexp_replace({escaped}, '[\\u0001-\\u001f\\ufffe\\uffff]', '\ufffd', 'g')"
