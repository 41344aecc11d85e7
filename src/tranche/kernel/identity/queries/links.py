"""SQL of links that work once: invitations, new passwords, signing in, the set-up of an installation."""

from dataclasses import dataclass

from tranche.kernel.db.pool import Connection, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link that is still good, with whom it is for."""

    id: int
    user_id: int
    purpose: str
    is_trusted: bool
    email: str
    user_name: str
    organization: str


def find_owner(conn: Connection, *, token_hash: bytes) -> Row | None:
    """Whose link it is (organization_id, link_id), over all tenants."""
    return conn.execute(
        "SELECT organization_id, link_id FROM find_entry_link(%(hash)s)", {"hash": token_hash}
    ).fetchone()


def lock_usable(conn: Connection, *, link_id: int) -> Link | None:
    """Locked to the end of the transaction, so that of two who use it at once one finds it used."""
    row = conn.execute(
        """
        SELECT l.id, l.user_id, l.purpose, l.is_trusted, u.email, u.name AS user_name, o.name AS organization
        FROM entry_links l
        JOIN users u ON u.organization_id = l.organization_id AND u.id = l.user_id
        JOIN organizations o ON o.id = l.organization_id
        WHERE l.organization_id = current_organization() AND l.id = %(id)s AND l.used_at IS NULL
          AND l.expires_at > now() AND u.is_active
        FOR NO KEY UPDATE OF l
        """,
        {"id": link_id},
    ).fetchone()
    return Link(**row) if row else None


def insert_link(
    conn: Connection, *, user_id: int, purpose: str, token_hash: bytes, is_trusted: bool, seconds: float
) -> int:
    (row,) = conn.execute(
        """
        INSERT INTO entry_links (organization_id, user_id, purpose, token_hash, is_trusted, expires_at)
        VALUES (current_organization(), %(user_id)s, %(purpose)s, %(hash)s, %(is_trusted)s,
            now() + make_interval(secs => %(seconds)s))
        RETURNING id
        """,
        {
            "user_id": user_id,
            "purpose": purpose,
            "hash": token_hash,
            "is_trusted": is_trusted,
            "seconds": seconds,
        },
    ).fetchall()
    return int(row["id"])


def end_links(conn: Connection, *, user_id: int) -> None:
    """Every open link of a user: a new one or a password takes the place of all before it."""
    conn.execute(
        """
        UPDATE entry_links SET used_at = now()
        WHERE organization_id = current_organization() AND user_id = %(user_id)s AND used_at IS NULL
        """,
        {"user_id": user_id},
    )


def insert_setup_link(conn: Connection, *, token_hash: bytes, seconds: float) -> None:
    """The one before it ends: whoever started the program last holds the link that works."""
    conn.execute("UPDATE setup_links SET used_at = now() WHERE used_at IS NULL")
    conn.execute(
        """
        INSERT INTO setup_links (token_hash, expires_at) VALUES (%(hash)s, now() + make_interval(secs => %(seconds)s))
        """,
        {"hash": token_hash, "seconds": seconds},
    )


def has_setup_link(conn: Connection, *, token_hash: bytes) -> bool:
    return (
        conn.execute(
            "SELECT FROM setup_links WHERE token_hash = %(hash)s AND used_at IS NULL AND expires_at > now()",
            {"hash": token_hash},
        ).rowcount
        > 0
    )


def use_setup_link(conn: Connection, *, token_hash: bytes) -> bool:
    """Whether it was good until now; of two at once one gets it."""
    return (
        conn.execute(
            """
            UPDATE setup_links SET used_at = now()
            WHERE token_hash = %(hash)s AND used_at IS NULL AND expires_at > now()
            """,
            {"hash": token_hash},
        ).rowcount
        > 0
    )
