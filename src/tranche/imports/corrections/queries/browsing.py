"""Rows of an import by place, forwards and backwards: refused ones, ones with a warning, ones that nothing refused."""

from collections.abc import Sequence

from tranche.imports.corrections.queries.rows import MATCHES
from tranche.kernel.db.pool import Connection, Row

_AT_ONCE = 20_000
_LAST = 2_147_483_646 - _AT_ONCE


def list_refused(
    conn: Connection, *, import_id: int, code: str | None, column: str | None, row: int, forward: bool, limit: int
) -> list[Row]:
    """Refused rows behind `row`, or before it and then from there backwards."""
    sign, order = (">", "ASC") if forward else ("<", "DESC")
    return conn.execute(
        f"""
        SELECT r.row_number, r.group_key, r.cells, r.extra, r.is_dirty FROM import_rows r
        WHERE {MATCHES} AND r.row_number {sign} %(row)s ORDER BY r.row_number {order} LIMIT %(limit)s
        """,
        {"id": import_id, "code": code, "column": column, "row": row, "limit": limit},
    ).fetchall()


def list_warned(conn: Connection, *, import_id: int, row: int, forward: bool, limit: int) -> list[int]:
    """The numbers of rows with a warning behind `row`, or before it backwards."""
    sign, order = (">", "ASC") if forward else ("<", "DESC")
    found = conn.execute(
        f"""
        SELECT DISTINCT row_number FROM import_errors
        WHERE organization_id = current_organization() AND import_id = %(id)s AND severity = 'warning'
          AND row_number {sign} %(row)s
        ORDER BY row_number {order} LIMIT %(limit)s
        """,
        {"id": import_id, "row": row, "limit": limit},
    ).fetchall()
    return [one["row_number"] for one in found]


def count_warned(conn: Connection, *, import_id: int) -> int:
    row = conn.execute(
        """
        SELECT count(DISTINCT row_number) AS count FROM import_errors
        WHERE organization_id = current_organization() AND import_id = %(id)s AND severity = 'warning'
        """,
        {"id": import_id},
    ).fetchone()
    return int(row["count"]) if row else 0


def list_numbers(
    conn: Connection, *, import_id: int, is_sound: bool, header_row: int, row: int, forward: bool, limit: int
) -> list[int]:
    """Numbers of rows below the header, behind `row` or before it backwards; `is_sound` leaves refused ones out.

    Which of them the file has, and which are blank there, only the file tells.
    """
    begin = min(max(row, header_row), _LAST) + 1 if forward else min(row - 1, _LAST)
    end = begin + _AT_ONCE if forward else max(header_row + 1, begin - _AT_ONCE)
    found = conn.execute(
        f"""
        SELECT n FROM generate_series(%(begin)s::integer, %(end)s::integer, %(step)s::integer) AS n
        WHERE NOT %(is_sound)s OR NOT EXISTS (
            SELECT FROM import_rows r
            WHERE r.organization_id = current_organization() AND r.import_id = %(id)s AND r.row_number = n
        )
        ORDER BY n {"ASC" if forward else "DESC"} LIMIT %(limit)s
        """,
        {
            "id": import_id,
            "is_sound": is_sound,
            "begin": begin,
            "end": end,
            "step": 1 if forward else -1,
            "limit": limit,
        },
    ).fetchall()
    return [one["n"] for one in found]


def list_last_edits_of(conn: Connection, *, import_id: int, rows: Sequence[int]) -> list[Row]:
    """What people last entered in these rows (row_number, field, new_value), also in those that are sound by now."""
    return conn.execute(
        """
        SELECT DISTINCT ON (row_number, field) row_number, field, new_value FROM import_edits
        WHERE organization_id = current_organization() AND import_id = %(id)s AND row_number = ANY (%(rows)s::integer[])
        ORDER BY row_number, field, id DESC
        """,
        {"id": import_id, "rows": list(rows)},
    ).fetchall()
