"""SQL of users."""

from collections.abc import Sequence

from tranche.kernel.context import Role
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.identity.domain import User

_COLUMNS = "id, email, name, role, is_active, created_at"


def insert_user(conn: Connection, *, email: str, name: str, role: Role) -> User | None:
    """None when another user has this address."""
    row = conn.execute(
        f"""
        INSERT INTO users (organization_id, email, name, role)
        VALUES (current_organization(), lower(%(email)s), %(name)s, %(role)s)
        ON CONFLICT (organization_id, email) DO NOTHING
        RETURNING {_COLUMNS}
        """,
        {"email": email, "name": name, "role": role},
    ).fetchone()
    return _user(row) if row else None


def find_user(conn: Connection, *, user_id: int) -> User | None:
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM users WHERE organization_id = current_organization() AND id = %(user_id)s",
        {"user_id": user_id},
    ).fetchone()
    return _user(row) if row else None


def find_user_by_email(conn: Connection, *, email: str) -> User | None:
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM users WHERE organization_id = current_organization() AND email = %(email)s",
        {"email": email},
    ).fetchone()
    return _user(row) if row else None


def set_email(conn: Connection, *, user_id: int, email: str) -> None:
    conn.execute(
        "UPDATE users SET email = %(email)s WHERE organization_id = current_organization() AND id = %(user_id)s",
        {"user_id": user_id, "email": email},
    )


def lock_user(conn: Connection, *, user_id: int) -> User | None:
    row = conn.execute(
        f"""
        SELECT {_COLUMNS} FROM users
        WHERE organization_id = current_organization() AND id = %(user_id)s
        FOR NO KEY UPDATE
        """,
        {"user_id": user_id},
    ).fetchone()
    return _user(row) if row else None


def lock_active_admins(conn: Connection) -> list[int]:
    """Their ids; whoever takes an admin away takes this lock first, so that two cannot take the last two."""
    rows = conn.execute(
        """
        SELECT id FROM users
        WHERE organization_id = current_organization() AND role = 'admin' AND is_active
        ORDER BY id
        FOR NO KEY UPDATE
        """
    ).fetchall()
    return [int(row["id"]) for row in rows]


def update_user(conn: Connection, *, user_id: int, name: str, role: Role, is_active: bool) -> User:
    (row,) = conn.execute(
        f"""
        UPDATE users SET name = %(name)s, role = %(role)s, is_active = %(is_active)s
        WHERE organization_id = current_organization() AND id = %(user_id)s
        RETURNING {_COLUMNS}
        """,
        {"user_id": user_id, "name": name, "role": role, "is_active": is_active},
    ).fetchall()
    return _user(row)


def list_users(conn: Connection, *, limit: int, offset: int) -> list[User]:
    rows = conn.execute(
        f"""
        SELECT {_COLUMNS} FROM users
        WHERE organization_id = current_organization()
        ORDER BY id
        LIMIT %(limit)s OFFSET %(offset)s
        """,
        {"limit": limit, "offset": offset},
    ).fetchall()
    return [_user(row) for row in rows]


def count_users(conn: Connection) -> int:
    (row,) = conn.execute("SELECT count(*) AS n FROM users WHERE organization_id = current_organization()").fetchall()
    return int(row["n"])


def list_joined(conn: Connection, *, user_ids: Sequence[int]) -> set[int]:
    """Those of them who have come in by a link."""
    rows = conn.execute(
        """
        SELECT id FROM users
        WHERE organization_id = current_organization() AND id = ANY (%(ids)s) AND joined_at IS NOT NULL
        """,
        {"ids": list(user_ids)},
    ).fetchall()
    return {int(row["id"]) for row in rows}


def find_operation_mails(conn: Connection, *, user_id: int) -> str | None:
    row = conn.execute(
        "SELECT operation_mails FROM users WHERE organization_id = current_organization() AND id = %(user_id)s",
        {"user_id": user_id},
    ).fetchone()
    return str(row["operation_mails"]) if row else None


def set_operation_mails(conn: Connection, *, user_id: int, wish: str) -> bool:
    """Whether there is such a user."""
    return (
        conn.execute(
            """
            UPDATE users SET operation_mails = %(wish)s
            WHERE organization_id = current_organization() AND id = %(user_id)s
            """,
            {"user_id": user_id, "wish": wish},
        ).rowcount
        > 0
    )


def _user(row: Row) -> User:
    return User(**{**row, "role": Role(row["role"])})
