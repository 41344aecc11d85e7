"""What was decided about the rows of an import's stage, written into it."""

from tranche.kernel.db.pool import Connection


def place_rows(conn: Connection, *, table: str, import_id: int) -> None:
    """Write TEMP table `placed(row_number, state, item_id, position)` into the stage `table`; it has a row for each."""
    conn.execute("ALTER TABLE pg_temp.placed ADD PRIMARY KEY (row_number)")
    conn.execute(
        f"""
        UPDATE {table} r SET state = p.state, item_id = p.item_id, position = p.position
        FROM pg_temp.placed p
        WHERE r.organization_id = current_organization() AND r.import_id = %(import_id)s
          AND r.row_number = p.row_number
        """,
        {"import_id": import_id},
    )
