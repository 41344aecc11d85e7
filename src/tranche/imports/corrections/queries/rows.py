"""The refused rows: found, listed, changed, taken up for judgement, settled."""

from collections.abc import Sequence

from tranche.kernel.db.pool import Connection, Row

_KEY = "coalesce('k' || r.group_key, 'r' || r.row_number)"
MATCHES = """
    r.organization_id = current_organization() AND r.import_id = %(id)s
    AND (%(code)s::text IS NULL AND %(column)s::text IS NULL OR r.row_number IN (
        SELECT e.row_number FROM import_errors e
        WHERE e.organization_id = current_organization() AND e.import_id = %(id)s AND e.severity = 'error'
          AND (%(code)s::text IS NULL OR e.code = %(code)s)
          AND (%(column)s::text IS NULL OR e.column_name = %(column)s)
    ))
"""


def delete_rows(conn: Connection, *, import_id: int) -> int:
    return conn.execute(
        "DELETE FROM import_rows WHERE organization_id = current_organization() AND import_id = %(id)s",
        {"id": import_id},
    ).rowcount


def list_rows(
    conn: Connection, *, import_id: int, code: str | None, column: str | None, limit: int, offset: int
) -> list[Row]:
    """Refused rows in the file's order; `code` and `column` narrow to rows with such an error."""
    return conn.execute(
        f"""
        SELECT r.row_number, r.group_key, r.cells, r.extra, r.is_dirty FROM import_rows r
        WHERE {MATCHES} ORDER BY r.row_number LIMIT %(limit)s OFFSET %(offset)s
        """,
        {"id": import_id, "code": code, "column": column, "limit": limit, "offset": offset},
    ).fetchall()


def count_rows(conn: Connection, *, import_id: int, code: str | None = None, column: str | None = None) -> int:
    row = conn.execute(
        f"SELECT count(*) AS count FROM import_rows r WHERE {MATCHES}",
        {"id": import_id, "code": code, "column": column},
    ).fetchone()
    return int(row["count"]) if row else 0


def find_row(conn: Connection, *, import_id: int, row_number: int) -> Row | None:
    return conn.execute(
        """
        SELECT row_number, group_key, cells, extra, is_dirty FROM import_rows
        WHERE organization_id = current_organization() AND import_id = %(id)s AND row_number = %(row)s
        """,
        {"id": import_id, "row": row_number},
    ).fetchone()


def list_numbers(conn: Connection, *, import_id: int, after: int, limit: int) -> list[int]:
    """The next refused rows behind row `after`."""
    found = conn.execute(
        """
        SELECT row_number FROM import_rows
        WHERE organization_id = current_organization() AND import_id = %(id)s AND row_number > %(after)s
        ORDER BY row_number LIMIT %(limit)s
        """,
        {"id": import_id, "after": after, "limit": limit},
    ).fetchall()
    return [row["row_number"] for row in found]


def list_of_cause(
    conn: Connection, *, import_id: int, code: str, column: str | None, after: int, limit: int
) -> list[int]:
    """The next refused rows behind row `after` that have an error of this cause."""
    found = conn.execute(
        """
        SELECT r.row_number FROM import_rows r
        WHERE r.organization_id = current_organization() AND r.import_id = %(id)s AND r.row_number > %(after)s
          AND EXISTS (
            SELECT FROM import_errors e
            WHERE e.organization_id = r.organization_id AND e.import_id = r.import_id AND e.row_number = r.row_number
              AND e.severity = 'error' AND e.code = %(code)s AND e.column_name IS NOT DISTINCT FROM %(column)s
          )
        ORDER BY r.row_number LIMIT %(limit)s
        """,
        {"id": import_id, "code": code, "column": column, "after": after, "limit": limit},
    ).fetchall()
    return [row["row_number"] for row in found]


def list_cells(conn: Connection, *, import_id: int, rows: Sequence[int]) -> list[Row]:
    """The cells of just these rows, those of them that are refused."""
    return conn.execute(
        """
        SELECT row_number, group_key, cells FROM import_rows
        WHERE organization_id = current_organization() AND import_id = %(id)s AND row_number = ANY (%(rows)s::integer[])
        ORDER BY row_number LIMIT %(limit)s
        """,
        {"id": import_id, "rows": list(rows), "limit": len(rows)},
    ).fetchall()


def count_groups(conn: Connection, *, import_id: int, rows: Sequence[int], keys: Sequence[str]) -> int:
    """How many groups the rows and keys belong to; a row without a key is one."""
    row = conn.execute(
        f"""
        SELECT count(DISTINCT {_KEY}) AS count FROM import_rows r
        WHERE r.organization_id = current_organization() AND r.import_id = %(id)s
          AND (r.row_number = ANY (%(rows)s::integer[]) OR r.group_key = ANY (%(keys)s::text[]))
        """,
        {"id": import_id, "rows": list(rows), "keys": list(keys)},
    ).fetchone()
    return int(row["count"]) if row else 0


def set_group_keys(conn: Connection, *, import_id: int, rows: Sequence[int], field: str) -> None:
    """Move rows to the groups that their cells now name."""
    conn.execute(
        """
        UPDATE import_rows SET group_key = group_key_of(cells ->> %(field)s)
        WHERE organization_id = current_organization() AND import_id = %(id)s AND row_number = ANY (%(rows)s::integer[])
          AND group_key IS DISTINCT FROM group_key_of(cells ->> %(field)s)
        """,
        {"id": import_id, "rows": list(rows), "field": field},
    )


def mark_dirty(conn: Connection, *, import_id: int, rows: Sequence[int], keys: Sequence[str]) -> None:
    """Rows and whole groups that a bulk correction has to judge again."""
    conn.execute(
        """
        UPDATE import_rows SET is_dirty = true
        WHERE organization_id = current_organization() AND import_id = %(id)s AND NOT is_dirty
          AND (row_number = ANY (%(rows)s::integer[]) OR group_key = ANY (%(keys)s::text[]))
        """,
        {"id": import_id, "rows": list(rows), "keys": list(keys)},
    )


def take_up(conn: Connection, *, import_id: int, rows: Sequence[int], keys: Sequence[str]) -> None:
    """Put rows and whole groups at position 0, where they are judged at once."""
    conn.execute(
        """
        UPDATE import_rows SET position = 0
        WHERE organization_id = current_organization() AND import_id = %(id)s
          AND (row_number = ANY (%(rows)s::integer[]) OR group_key = ANY (%(keys)s::text[]))
        """,
        {"id": import_id, "rows": list(rows), "keys": list(keys)},
    )


def number_dirty(conn: Connection, *, import_id: int) -> int:
    """Give the groups with a dirty row the positions 1..n by their first rows; returns n."""
    conn.execute(
        """
        UPDATE import_rows SET position = NULL
        WHERE organization_id = current_organization() AND import_id = %(id)s AND position IS NOT NULL
        """,
        {"id": import_id},
    )
    row = conn.execute(
        f"""
        WITH grouped AS (
            SELECT {_KEY} AS key, min(r.row_number) AS first_row FROM import_rows r
            WHERE r.organization_id = current_organization() AND r.import_id = %(id)s
            GROUP BY 1 HAVING bool_or(r.is_dirty)
        ), numbered AS (
            SELECT key, row_number() OVER (ORDER BY first_row) AS position FROM grouped
        ), placed AS (
            UPDATE import_rows r SET position = n.position FROM numbered n
            WHERE r.organization_id = current_organization() AND r.import_id = %(id)s AND {_KEY} = n.key
        )
        SELECT count(*) AS count FROM numbered
        """,
        {"id": import_id},
    ).fetchone()
    return int(row["count"]) if row else 0


def find_next_high(conn: Connection, *, import_id: int, low: int, size: int) -> int | None:
    """The last position so that low..it holds about `size` rows, at least one group; None behind the last."""
    row = conn.execute(
        """
        SELECT max(position) AS high FROM (
            SELECT position, sum(count(*)) OVER (ORDER BY position) AS through FROM import_rows
            WHERE organization_id = current_organization() AND import_id = %(id)s
              AND position BETWEEN %(low)s AND %(low)s::bigint + %(size)s
            GROUP BY position
        ) AS found
        WHERE through <= %(size)s OR position = %(low)s
        """,
        {"id": import_id, "low": low, "size": size},
    ).fetchone()
    return row["high"] if row else None


def list_taken(conn: Connection, *, import_id: int, limit: int) -> list[Row]:
    """The rows at position 0, in the file's order."""
    return conn.execute(
        """
        SELECT row_number, group_key, cells, extra, is_dirty FROM import_rows
        WHERE organization_id = current_organization() AND import_id = %(id)s AND position = 0
        ORDER BY row_number LIMIT %(limit)s
        """,
        {"id": import_id, "limit": limit},
    ).fetchall()


def settle(conn: Connection, *, import_id: int, low: int, high: int) -> None:
    """Let go of the rows of these positions that have no error any more; the others are judged and stay."""
    conn.execute(
        """
        DELETE FROM import_rows r
        WHERE r.organization_id = current_organization() AND r.import_id = %(id)s
          AND r.position BETWEEN %(low)s AND %(high)s
          AND NOT EXISTS (
            SELECT FROM import_errors e
            WHERE e.organization_id = r.organization_id AND e.import_id = r.import_id AND e.row_number = r.row_number
              AND e.severity = 'error'
          )
        """,
        {"id": import_id, "low": low, "high": high},
    )
    conn.execute(
        """
        UPDATE import_rows SET is_dirty = false, position = NULL
        WHERE organization_id = current_organization() AND import_id = %(id)s
          AND position BETWEEN %(low)s AND %(high)s
        """,
        {"id": import_id, "low": low, "high": high},
    )
