"""Changes to refused rows, with their log, and the errors that they take back."""

from collections.abc import Sequence

from tranche.imports.corrections.domain import Entry
from tranche.kernel.db.pool import Connection, Row


def write_cells(
    conn: Connection,
    *,
    import_id: int,
    entries: Sequence[Entry],
    user_id: int | None,
    user_name: str,
    operation_id: int | None,
) -> int:
    """Write values into refused rows and log each that differs; returns how many rows changed."""
    return conn.execute(
        """
        WITH wanted AS (
            SELECT * FROM unnest(%(rows)s::integer[], %(fields)s::text[], %(values)s::text[])
                AS w (row_number, field, new_value)
        ), changed AS (
            SELECT r.row_number, w.field, r.cells ->> w.field AS old_value, w.new_value
            FROM wanted w
            JOIN import_rows r ON r.organization_id = current_organization() AND r.import_id = %(id)s
                AND r.row_number = ANY (%(rows)s) AND r.row_number = w.row_number
            WHERE r.cells ->> w.field IS DISTINCT FROM w.new_value
        ), logged AS (
            INSERT INTO import_edits
                (organization_id, import_id, row_number, field, old_value, new_value, user_id, user_name, operation_id)
            SELECT current_organization(), %(id)s, row_number, field, old_value, new_value, %(user_id)s, %(user_name)s,
                %(operation_id)s
            FROM changed ORDER BY row_number, field
        ), news AS (
            SELECT row_number, jsonb_object_agg(field, new_value) AS cells FROM changed GROUP BY row_number
        )
        UPDATE import_rows r SET cells = jsonb_strip_nulls(r.cells || news.cells) FROM news
        WHERE r.organization_id = current_organization() AND r.import_id = %(id)s
          AND r.row_number = ANY (%(rows)s) AND r.row_number = news.row_number
        """,
        {
            "id": import_id,
            "rows": [entry.row for entry in entries],
            "fields": [entry.field for entry in entries],
            "values": [entry.value for entry in entries],
            "user_id": user_id,
            "user_name": user_name,
            "operation_id": operation_id,
        },
    ).rowcount


def delete_readings(conn: Connection, *, import_id: int, rows: Sequence[int], columns: Sequence[str]) -> None:
    """Take back what the reading found in cells that a person has entered anew."""
    conn.execute(
        """
        DELETE FROM import_errors e USING unnest(%(rows)s::integer[], %(columns)s::text[]) AS c (row_number, name)
        WHERE e.organization_id = current_organization() AND e.import_id = %(id)s AND e.is_reading
          AND e.row_number = ANY (%(rows)s) AND e.row_number = c.row_number AND e.column_name = c.name
        """,
        {"id": import_id, "rows": list(rows), "columns": list(columns)},
    )


def delete_judged(conn: Connection, *, import_id: int, low: int, high: int) -> None:
    """Take back what the judge said of the rows of these positions; what the reading found in a cell stays."""
    conn.execute(
        """
        DELETE FROM import_errors e USING import_rows r
        WHERE r.organization_id = current_organization() AND r.import_id = %(id)s
          AND r.position BETWEEN %(low)s AND %(high)s
          AND e.organization_id = r.organization_id AND e.import_id = r.import_id AND e.row_number = r.row_number
          AND NOT e.is_reading
        """,
        {"id": import_id, "low": low, "high": high},
    )


def insert_parked(conn: Connection, *, import_id: int, position: int, code: str, message: str) -> None:
    """Say at its first row, and at rows without any error, that a group could not be judged again."""
    conn.execute(
        """
        INSERT INTO import_errors (organization_id, import_id, row_number, severity, code, message)
        SELECT r.organization_id, r.import_id, r.row_number, 'error', %(code)s, %(message)s
        FROM (
            SELECT *, row_number = min(row_number) OVER () AS is_first FROM import_rows
            WHERE organization_id = current_organization() AND import_id = %(id)s AND position = %(position)s
        ) AS r
        WHERE r.is_first OR NOT EXISTS (
            SELECT FROM import_errors e
            WHERE e.organization_id = r.organization_id AND e.import_id = r.import_id AND e.row_number = r.row_number
              AND e.severity = 'error'
        )
        ORDER BY r.row_number
        """,
        {"id": import_id, "position": position, "code": code, "message": message},
    )


def list_errors_of(conn: Connection, *, import_id: int, rows: Sequence[int], limit: int) -> list[Row]:
    """Errors and warnings of some rows."""
    return conn.execute(
        """
        SELECT row_number, column_name, severity, code, message FROM import_errors
        WHERE organization_id = current_organization() AND import_id = %(id)s AND row_number = ANY (%(rows)s::integer[])
        ORDER BY row_number, id LIMIT %(limit)s
        """,
        {"id": import_id, "rows": list(rows), "limit": limit},
    ).fetchall()


def list_edits(conn: Connection, *, import_id: int, limit: int, offset: int) -> list[Row]:
    """The log, the newest change first."""
    return conn.execute(
        """
        SELECT id, row_number, field, old_value, new_value, user_id, user_name, operation_id, at FROM import_edits
        WHERE organization_id = current_organization() AND import_id = %(id)s
        ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s
        """,
        {"id": import_id, "limit": limit, "offset": offset},
    ).fetchall()


def count_edits(conn: Connection, *, import_id: int) -> int:
    row = conn.execute(
        """
        SELECT count(*) AS count FROM import_edits
        WHERE organization_id = current_organization() AND import_id = %(id)s
        """,
        {"id": import_id},
    ).fetchone()
    return int(row["count"]) if row else 0


def list_edited_fields(conn: Connection, *, import_id: int) -> list[str]:
    found = conn.execute(
        """
        SELECT DISTINCT field FROM import_edits
        WHERE organization_id = current_organization() AND import_id = %(id)s ORDER BY field LIMIT 1000
        """,
        {"id": import_id},
    ).fetchall()
    return [row["field"] for row in found]


def find_last_id(conn: Connection, *, import_id: int) -> int:
    row = conn.execute(
        """
        SELECT coalesce(max(e.id), 0) AS id FROM (
            SELECT id FROM import_edits
            WHERE organization_id = current_organization() AND import_id = %(id)s
            OFFSET 0 -- those of the import by its index, and not the organization's from the last one down
        ) AS e
        """,
        {"id": import_id},
    ).fetchone()
    return int(row["id"]) if row else 0


def list_entered(conn: Connection, *, import_id: int, after: tuple[int, str, int], limit: int) -> list[Row]:
    """Every value that people entered, those of a cell in their order: id, row_number, field, new_value."""
    return conn.execute(
        """
        SELECT id, row_number, field, new_value FROM import_edits
        WHERE organization_id = current_organization() AND import_id = %(import_id)s
          AND (row_number, field, id) > (%(row)s, %(field)s, %(id)s)
        ORDER BY row_number, field, id LIMIT %(limit)s
        """,
        {"import_id": import_id, "row": after[0], "field": after[1], "id": after[2], "limit": limit},
    ).fetchall()


def list_last_edits(conn: Connection, *, import_id: int, through: int, after: tuple[int, str], limit: int) -> list[Row]:
    """What people had last entered by the change `through` in rows that are still refused, behind a row and field.

    Each has row_number, field and new_value.
    """
    return conn.execute(
        """
        SELECT DISTINCT ON (e.row_number, e.field) e.row_number, e.field, e.new_value
        FROM import_edits e
        JOIN import_rows r ON r.organization_id = e.organization_id AND r.import_id = e.import_id
            AND r.row_number = e.row_number
        WHERE e.organization_id = current_organization() AND e.import_id = %(id)s
          AND e.id <= %(through)s AND (e.row_number, e.field) > (%(row)s, %(field)s)
        ORDER BY e.row_number, e.field, e.id DESC LIMIT %(limit)s
        """,
        {"id": import_id, "through": through, "row": after[0], "field": after[1], "limit": limit},
    ).fetchall()
