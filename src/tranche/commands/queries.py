"""What the commands of an installation ask its database."""

from tranche.kernel.db.pool import Connection, Row


def find_first_admin(conn: Connection) -> Row | None:
    """The oldest active administrator of the oldest organization; as the owner, who sees all of them."""
    return conn.execute(
        """
        SELECT u.organization_id, u.id, u.name
        FROM users u
        WHERE u.role = 'admin' AND u.is_active
        ORDER BY u.organization_id, u.id
        LIMIT 1
        """
    ).fetchone()


def list_organizations(conn: Connection, *, name: str, limit: int) -> list[Row]:
    """Organizations of this name; as the owner."""
    return conn.execute(
        "SELECT id, name FROM organizations WHERE name = %(name)s ORDER BY id LIMIT %(limit)s",
        {"name": name, "limit": limit},
    ).fetchall()


def has_organization(conn: Connection) -> bool:
    """Whether the organization that the transaction is set to exists."""
    return conn.execute("SELECT FROM organizations WHERE id = current_organization()").rowcount == 1
