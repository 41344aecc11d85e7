"""SQL of API keys; only their hashes are here."""

from collections.abc import Sequence
from datetime import datetime

from tranche.kernel.context import Role
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.identity.domain import ApiKey

_COLUMNS = """
    id, user_id, branch_id, name, prefix, role, scopes, expires_at, last_used_at, revoked_at, created_at
"""


def find_caller(conn: Connection, *, key_hash: bytes) -> Row | None:
    """The key with its user, over all tenants; nothing when it is revoked or expired, or its user inactive."""
    return conn.execute("SELECT * FROM find_api_key(%(key_hash)s)", {"key_hash": key_hash}).fetchone()


def record_use(conn: Connection, *, key_id: int) -> None:
    """Who holds the row's lock records the use; nobody waits for it."""
    conn.execute(
        """
        UPDATE api_keys SET last_used_at = now()
        WHERE organization_id = current_organization() AND id = (
            SELECT k.id FROM api_keys k
            WHERE k.organization_id = current_organization() AND k.id = %(key_id)s
            FOR NO KEY UPDATE SKIP LOCKED
        )
        """,
        {"key_id": key_id},
    )


def insert_key(
    conn: Connection,
    *,
    user_id: int,
    branch_id: int | None,
    name: str,
    prefix: str,
    key_hash: bytes,
    role: Role,
    scopes: Sequence[str],
    expires_at: datetime | None,
) -> ApiKey:
    (row,) = conn.execute(
        f"""
        INSERT INTO api_keys (
            organization_id, user_id, branch_id, name, prefix, key_hash, role, scopes, expires_at
        )
        VALUES (
            current_organization(), %(user_id)s, %(branch_id)s, %(name)s, %(prefix)s, %(key_hash)s, %(role)s,
            %(scopes)s, %(expires_at)s
        )
        RETURNING {_COLUMNS}
        """,
        {
            "user_id": user_id,
            "branch_id": branch_id,
            "name": name,
            "prefix": prefix,
            "key_hash": key_hash,
            "role": role,
            "scopes": list(scopes),
            "expires_at": expires_at,
        },
    ).fetchall()
    return _key(row)


def lock_key(conn: Connection, *, key_id: int) -> ApiKey | None:
    row = conn.execute(
        f"""
        SELECT {_COLUMNS} FROM api_keys
        WHERE organization_id = current_organization() AND id = %(key_id)s
        FOR NO KEY UPDATE
        """,
        {"key_id": key_id},
    ).fetchone()
    return _key(row) if row else None


def replace_secret(conn: Connection, *, key_id: int, prefix: str, key_hash: bytes) -> ApiKey:
    (row,) = conn.execute(
        f"""
        UPDATE api_keys SET prefix = %(prefix)s, key_hash = %(key_hash)s, last_used_at = NULL
        WHERE organization_id = current_organization() AND id = %(key_id)s
        RETURNING {_COLUMNS}
        """,
        {"key_id": key_id, "prefix": prefix, "key_hash": key_hash},
    ).fetchall()
    return _key(row)


def revoke_key(conn: Connection, *, key_id: int) -> ApiKey:
    """The first time stays."""
    (row,) = conn.execute(
        f"""
        UPDATE api_keys SET revoked_at = coalesce(revoked_at, now())
        WHERE organization_id = current_organization() AND id = %(key_id)s
        RETURNING {_COLUMNS}
        """,
        {"key_id": key_id},
    ).fetchall()
    return _key(row)


def list_keys(conn: Connection, *, limit: int, offset: int) -> list[ApiKey]:
    rows = conn.execute(
        f"""
        SELECT {_COLUMNS} FROM api_keys
        WHERE organization_id = current_organization()
        ORDER BY id
        LIMIT %(limit)s OFFSET %(offset)s
        """,
        {"limit": limit, "offset": offset},
    ).fetchall()
    return [_key(row) for row in rows]


def count_keys(conn: Connection) -> int:
    (row,) = conn.execute(
        "SELECT count(*) AS n FROM api_keys WHERE organization_id = current_organization()"
    ).fetchall()
    return int(row["n"])


def _key(row: Row) -> ApiKey:
    return ApiKey(**{**row, "role": Role(row["role"]), "scopes": tuple(row["scopes"])})
