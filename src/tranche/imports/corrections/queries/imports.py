"""The import's own row, as far as corrections go: open to them or not, and which one runs."""

from tranche.kernel.db.pool import Connection, Row


def find_state(conn: Connection, *, import_id: int) -> Row | None:
    """The operation that ended with the refused rows kept, and the newest bulk correction."""
    return conn.execute(
        """
        SELECT kept_by, correction_id FROM imports
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": import_id},
    ).fetchone()


def lock_import(conn: Connection, *, import_id: int) -> Row | None:
    """As `find_state`, locked against other corrections."""
    return conn.execute(
        """
        SELECT kept_by, correction_id FROM imports
        WHERE organization_id = current_organization() AND id = %(id)s FOR NO KEY UPDATE
        """,
        {"id": import_id},
    ).fetchone()


def set_kept(conn: Connection, *, import_id: int, operation_id: int | None) -> None:
    """Open the import to corrections, or close it."""
    conn.execute(
        """
        UPDATE imports SET kept_by = %(operation_id)s
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": import_id, "operation_id": operation_id},
    )


def set_correction(conn: Connection, *, import_id: int, correction_id: int) -> None:
    conn.execute(
        """
        UPDATE imports SET correction_id = %(correction_id)s
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": import_id, "correction_id": correction_id},
    )
