"""Rows on their way between a target's stage and the table of refused rows."""

from psycopg import sql

from tranche.imports.corrections.port import Shape
from tranche.kernel.db.pool import Connection


def keep_refused(conn: Connection, *, shape: Shape, import_id: int) -> int:
    """Keep the staged rows that have an error; returns how many."""
    pairs = sql.SQL(", ").join(
        sql.SQL("{}, l.{}").format(sql.Literal(field), sql.Identifier(column))
        for field, column in shape.columns.items()
    )
    statement = sql.SQL(
        """
        INSERT INTO import_rows (organization_id, import_id, row_number, group_key, cells, extra)
        SELECT l.organization_id, l.import_id, l.row_number, {group}, jsonb_strip_nulls(jsonb_build_object({pairs})),
            l.extra
        FROM {table} l
        WHERE l.organization_id = current_organization() AND l.import_id = %(id)s
          AND l.row_number IN (
            SELECT e.row_number FROM import_errors e
            WHERE e.organization_id = current_organization() AND e.import_id = %(id)s AND e.severity = 'error'
          )
        """
    ).format(group=_group(shape), pairs=pairs, table=sql.Identifier(shape.table))
    return conn.execute(statement, {"id": import_id}).rowcount


def restage(conn: Connection, *, shape: Shape, import_id: int, low: int, high: int) -> int:
    """Put the refused rows of these positions back into the stage; returns how many."""
    statement = sql.SQL(
        """
        INSERT INTO {table} (organization_id, import_id, row_number, {columns}, extra)
        SELECT r.organization_id, r.import_id, r.row_number, {cells}, r.extra
        FROM import_rows r
        WHERE r.organization_id = current_organization() AND r.import_id = %(id)s
          AND r.position BETWEEN %(low)s AND %(high)s
        """
    ).format(
        table=sql.Identifier(shape.table),
        columns=sql.SQL(", ").join(map(sql.Identifier, shape.columns.values())),
        cells=sql.SQL(", ").join(sql.SQL("r.cells ->> {}").format(sql.Literal(field)) for field in shape.columns),
    )
    return conn.execute(statement, {"id": import_id, "low": low, "high": high}).rowcount


def reapply_field(conn: Connection, *, shape: Shape, import_id: int, field: str, header: str) -> None:
    """Write what people last entered for one field over what the file has, and drop the faults of those cells.

    A cell that was emptied because its new value could not be trusted keeps its fault only in the log.
    """
    statement = sql.SQL(
        """
        WITH last AS (
            SELECT DISTINCT ON (row_number) row_number, new_value FROM import_edits
            WHERE organization_id = current_organization() AND import_id = %(id)s AND field = %(field)s
            ORDER BY row_number, id DESC
        ), righted AS (
            DELETE FROM import_errors e USING last
            WHERE e.organization_id = current_organization() AND e.import_id = %(id)s AND e.is_reading
              AND e.row_number = last.row_number AND e.column_name = %(header)s
        )
        UPDATE {table} l SET {column} = last.new_value, is_doubtful = true FROM last
        WHERE l.organization_id = current_organization() AND l.import_id = %(id)s AND l.row_number = last.row_number
        """
    ).format(table=sql.Identifier(shape.table), column=sql.Identifier(shape.columns[field]))
    conn.execute(statement, {"id": import_id, "field": field, "header": header})


def analyze(conn: Connection) -> None:
    """Let the planner know the refused rows and their errors; in a short transaction, for it locks out the next."""
    conn.execute("SELECT analyze_import_rows()")


def discard_temporary(conn: Connection) -> None:
    """Drop the temp tables of the steps before: an import takes each step in a transaction of its own."""
    conn.execute("DISCARD TEMP")


def _group(shape: Shape) -> sql.Composable:
    return (
        sql.SQL("NULL::text")
        if shape.group is None
        else sql.SQL("group_key_of(l.{})").format(sql.Identifier(shape.group))
    )
