"""SQL about who started an operation, as far as a mail to them needs it."""

from tranche.kernel.db.pool import Connection, Row


def find_starter(conn: Connection, *, user_id: int) -> Row | None:
    """email, name, operation_mails (auto, always or never), zone; nothing when the user is not active."""
    return conn.execute(
        """
        SELECT u.email, u.name, u.operation_mails, o.zone
        FROM users u JOIN organizations o ON o.id = u.organization_id
        WHERE u.organization_id = current_organization() AND u.id = %(id)s AND u.is_active
        """,
        {"id": user_id},
    ).fetchone()
