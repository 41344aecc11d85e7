"""Every SQL statement on imports and on what was found wrong in them."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from tranche.imports.domain import Fault
from tranche.imports.listing_queries import ERRORS
from tranche.imports.targets import Import
from tranche.kernel.db.listing import Choice, count
from tranche.kernel.db.pool import Connection, Row

_COLUMNS = ", ".join(f.name for f in fields(Import))


def insert_import(
    conn: Connection, *, target: str, sha256: bytes, file_name: str, file_size: int, options: dict[str, Any]
) -> Import:
    row = conn.execute(
        f"""
        INSERT INTO imports (organization_id, target, sha256, file_name, file_size, options)
        VALUES (current_organization(), %(target)s, %(sha256)s, %(file_name)s, %(file_size)s, %(options)s)
        RETURNING {_COLUMNS}
        """,
        {
            "target": target,
            "sha256": sha256,
            "file_name": file_name,
            "file_size": file_size,
            "options": Jsonb(options),
        },
    ).fetchone()
    return Import(**(row or {}))


def find_import(conn: Connection, *, import_id: int) -> Import | None:
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM imports WHERE organization_id = current_organization() AND id = %(id)s",
        {"id": import_id},
    ).fetchone()
    return Import(**row) if row else None


def lock_import(conn: Connection, *, import_id: int) -> Import | None:
    row = conn.execute(
        f"""
        SELECT {_COLUMNS} FROM imports
        WHERE organization_id = current_organization() AND id = %(id)s FOR NO KEY UPDATE
        """,
        {"id": import_id},
    ).fetchone()
    return Import(**row) if row else None


def link_operation(conn: Connection, *, import_id: int, operation_id: int) -> None:
    conn.execute(
        """
        UPDATE imports SET started_operation_id = %(operation_id)s
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": import_id, "operation_id": operation_id},
    )


def set_options(conn: Connection, *, import_id: int, options: dict[str, Any], is_read_anew: bool) -> None:
    """Change what the sender wants; `is_read_anew` forgets how the file was read."""
    conn.execute(
        """
        UPDATE imports SET options = %(options)s, mapping = CASE WHEN %(is_read_anew)s THEN NULL ELSE mapping END
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": import_id, "options": Jsonb(options), "is_read_anew": is_read_anew},
    )


def set_reading(
    conn: Connection,
    *,
    import_id: int,
    sheet: str | None,
    header: Sequence[str],
    header_row: int,
    mapping: dict[str, Any],
) -> None:
    """Keep how the file is read: its sheet, its header, which column means which field."""
    conn.execute(
        """
        UPDATE imports SET sheet = %(sheet)s, header = %(header)s, header_row = %(header_row)s, mapping = %(mapping)s
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {
            "id": import_id,
            "sheet": sheet,
            "header": Jsonb(list(header)),
            "header_row": header_row,
            "mapping": Jsonb(mapping),
        },
    )


def set_staged_rows(conn: Connection, *, import_id: int, rows: int | None) -> None:
    conn.execute(
        "UPDATE imports SET staged_rows = %(rows)s WHERE organization_id = current_organization() AND id = %(id)s",
        {"id": import_id, "rows": rows},
    )


def copy_to_stage(conn: Connection, *, table: str, columns: Sequence[str], import_id: int, data: bytes) -> None:
    """Load rows in COPY's CSV form; the table's defaults add organization and import."""
    conn.execute("SELECT set_config('app.import_id', %(id)s, true)", {"id": str(import_id)})
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(data)


def insert_faults(conn: Connection, *, import_id: int, faults: Sequence[Fault]) -> None:
    """Keep what the reading found wrong with single cells."""
    conn.execute(
        """
        INSERT INTO import_errors
            (organization_id, import_id, row_number, column_name, severity, code, message, is_reading)
        SELECT current_organization(), %(id)s, f.row_number, f.column_name, 'error', f.code, f.message, true
        FROM unnest(%(rows)s::integer[], %(columns)s::text[], %(codes)s::text[], %(messages)s::text[])
            AS f (row_number, column_name, code, message)
        """,
        {
            "id": import_id,
            "rows": [fault.row for fault in faults],
            "columns": [fault.column for fault in faults],
            "codes": [fault.code for fault in faults],
            "messages": [fault.message for fault in faults],
        },
    )


def insert_error(
    conn: Connection, *, import_id: int, row_number: int, column: str | None, code: str, message: str
) -> None:
    conn.execute(
        """
        INSERT INTO import_errors (organization_id, import_id, row_number, column_name, severity, code, message)
        VALUES (current_organization(), %(id)s, %(row)s, %(column)s, 'error', %(code)s, %(message)s)
        """,
        {"id": import_id, "row": row_number, "column": column, "code": code, "message": message},
    )


def name_sheets(conn: Connection, *, import_id: int, parts: Sequence[dict[str, Any]]) -> None:
    """Where several sheets are read as one, put before each message the sheet and its own row."""
    conn.execute(
        """
        UPDATE import_errors e SET message = p.sheet || ' row ' || (e.row_number - p.begins) || ': ' || e.message
        FROM unnest(%(sheets)s::text[], %(begins)s::integer[], %(ends)s::integer[]) AS p (sheet, begins, ends)
        WHERE e.organization_id = current_organization() AND e.import_id = %(id)s
          AND e.row_number > p.begins AND e.row_number <= p.ends
          AND NOT starts_with(e.message, p.sheet || '!') AND NOT starts_with(e.message, p.sheet || ' row ')
        """,
        {
            "id": import_id,
            "sheets": [part["sheet"] for part in parts],
            "begins": [part["offset"] for part in parts],
            "ends": [part["lastRow"] for part in parts],
        },
    )


def delete_errors(conn: Connection, *, import_id: int) -> None:
    conn.execute(
        "DELETE FROM import_errors WHERE organization_id = current_organization() AND import_id = %(id)s",
        {"id": import_id},
    )


def count_errors(conn: Connection, *, import_id: int, severity: str | None, code: str | None) -> int:
    return count(conn, ERRORS, Choice({"import_id": import_id, "severity": severity, "code": code}))


def list_error_groups(conn: Connection, *, import_id: int, limit: int) -> list[Row]:
    """Causes with their counts, the commonest first."""
    return conn.execute(
        """
        SELECT code, severity, column_name, count(*) AS count, min(row_number) AS first_row,
            (array_agg(message ORDER BY row_number, id))[1] AS example
        FROM import_errors WHERE organization_id = current_organization() AND import_id = %(id)s
        GROUP BY code, severity, column_name ORDER BY count(*) DESC, code, column_name LIMIT %(limit)s
        """,
        {"id": import_id, "limit": limit},
    ).fetchall()


def list_bad_rows(conn: Connection, *, import_id: int, after: int, limit: int) -> list[Row]:
    """Rows with at least one error behind row `after`, each with its messages joined."""
    return conn.execute(
        """
        SELECT row_number, string_agg(
            CASE WHEN column_name IS NULL THEN message ELSE column_name || ': ' || message END, '; ' ORDER BY id
        ) AS messages
        FROM import_errors
        WHERE organization_id = current_organization() AND import_id = %(id)s AND severity = 'error'
          AND row_number > %(after)s
        GROUP BY row_number ORDER BY row_number LIMIT %(limit)s
        """,
        {"id": import_id, "after": after, "limit": limit},
    ).fetchall()


def widen_memory(conn: Connection, *, megabytes: int) -> None:
    """Allow the rest of this transaction's sorts and hashes more memory, each, than the server's default."""
    conn.execute("SELECT set_config('work_mem', %(size)s, true)", {"size": f"{megabytes}MB"})
