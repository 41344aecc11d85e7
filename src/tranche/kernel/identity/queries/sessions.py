"""SQL of sessions; only hashes of their tokens are here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tranche.kernel.db.pool import Connection, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser that is signed in."""

    id: int
    user_agent: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


def find_owner(conn: Connection, *, token_hash: bytes) -> Row | None:
    """Whose session it is (organization_id, session_id), over all tenants."""
    return conn.execute(
        "SELECT organization_id, session_id FROM find_session(%(hash)s)", {"hash": token_hash}
    ).fetchone()


def find_usable(conn: Connection, *, session_id: int, idle_seconds: float) -> Row | None:
    """The session with its user and organization; nothing when it has ended or the user may not act."""
    return conn.execute(
        """
        SELECT s.id, s.branch_id, s.seen_at < now() - interval '1 minute' AS is_use_unrecorded,
               u.id AS user_id, u.name AS user_name, u.email, u.role,
               o.id AS organization_id, o.name AS organization, o.language, o.zone, o.currency
        FROM sessions s
        JOIN users u ON u.organization_id = s.organization_id AND u.id = s.user_id
        JOIN organizations o ON o.id = s.organization_id
        WHERE s.organization_id = current_organization() AND s.id = %(id)s AND s.expires_at > now()
          AND s.seen_at > now() - make_interval(secs => %(idle)s) AND u.is_active AND u.joined_at IS NOT NULL
        """,
        {"id": session_id, "idle": idle_seconds},
    ).fetchone()


def record_use(conn: Connection, *, session_id: int) -> None:
    """Who holds the row's lock records the use; nobody waits for it."""
    conn.execute(
        """
        UPDATE sessions SET seen_at = now()
        WHERE organization_id = current_organization() AND id = (
            SELECT s.id FROM sessions s
            WHERE s.organization_id = current_organization() AND s.id = %(id)s
            FOR NO KEY UPDATE SKIP LOCKED
        )
        """,
        {"id": session_id},
    )


def insert_session(
    conn: Connection,
    *,
    user_id: int,
    branch_id: int | None,
    token_hash: bytes,
    user_agent: str,
    seconds: float,
    until: datetime | None = None,
) -> int:
    """`until` is the end of a session that this one takes the place of; it never moves."""
    (row,) = conn.execute(
        """
        INSERT INTO sessions (organization_id, user_id, branch_id, token_hash, user_agent, expires_at)
        VALUES (current_organization(), %(user_id)s, %(branch_id)s, %(hash)s, %(user_agent)s,
            coalesce(%(until)s::timestamptz, now() + make_interval(secs => %(seconds)s)))
        RETURNING id
        """,
        {
            "user_id": user_id,
            "branch_id": branch_id,
            "hash": token_hash,
            "user_agent": user_agent,
            "seconds": seconds,
            "until": until,
        },
    ).fetchall()
    return int(row["id"])


def set_branch(conn: Connection, *, session_id: int, branch_id: int) -> None:
    conn.execute(
        """
        UPDATE sessions SET branch_id = %(branch_id)s
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": session_id, "branch_id": branch_id},
    )


def delete_session(conn: Connection, *, session_id: int, user_id: int) -> datetime | None:
    """End one of a user's sessions; answers when it would have ended by itself."""
    row = conn.execute(
        """
        DELETE FROM sessions
        WHERE organization_id = current_organization() AND id = %(id)s AND user_id = %(user_id)s
        RETURNING expires_at
        """,
        {"id": session_id, "user_id": user_id},
    ).fetchone()
    return row["expires_at"] if row else None


def delete_sessions(conn: Connection, *, user_id: int, but: int | None) -> int:
    """End all sessions of a user, but one."""
    return conn.execute(
        """
        DELETE FROM sessions
        WHERE organization_id = current_organization() AND user_id = %(user_id)s
          AND (%(but)s::bigint IS NULL OR id <> %(but)s)
        """,
        {"user_id": user_id, "but": but},
    ).rowcount


def list_sessions(conn: Connection, *, user_id: int, idle_seconds: float, limit: int) -> list[Session]:
    """Those that are open, the last used first."""
    rows = conn.execute(
        """
        SELECT id, user_agent, created_at, seen_at, expires_at FROM sessions
        WHERE organization_id = current_organization() AND user_id = %(user_id)s AND expires_at > now()
          AND seen_at > now() - make_interval(secs => %(idle)s)
        ORDER BY seen_at DESC, id DESC LIMIT %(limit)s
        """,
        {"user_id": user_id, "idle": idle_seconds, "limit": limit},
    ).fetchall()
    return [Session(**row) for row in rows]


def delete_ended(conn: Connection, *, most: int) -> int:
    """What ended by its age; idle ones are kept until then, because the time of idleness is a setting."""
    values: dict[str, Any] = {"most": most}
    return conn.execute(
        """
        DELETE FROM sessions
        WHERE organization_id = current_organization() AND id IN (
            SELECT s.id FROM sessions s
            WHERE s.organization_id = current_organization() AND s.expires_at < now()
            ORDER BY s.expires_at, s.id LIMIT %(most)s FOR UPDATE SKIP LOCKED
        )
        """,
        values,
    ).rowcount
