"""SQL of passwords, memberships and attempts to sign in; all of it is about a person, before any organization."""

from dataclasses import dataclass

from tranche.kernel.db.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """An active user with some address; only who has joined by a link of the organization may sign in to it."""

    organization_id: int
    organization_name: str
    user_id: int
    user_name: str
    is_joined: bool


def find_hash(conn: Connection, *, email: str) -> str | None:
    (row,) = conn.execute("SELECT find_credential(%(email)s) AS hash", {"email": email}).fetchall()
    return None if row["hash"] is None else str(row["hash"])


def keep_hash(conn: Connection, *, email: str, password_hash: str) -> None:
    conn.execute("SELECT keep_credential(%(email)s, %(hash)s)", {"email": email, "hash": password_hash})


def count_credentials(conn: Connection) -> int:
    """Over all organizations."""
    (row,) = conn.execute("SELECT count_credentials() AS n").fetchall()
    return int(row["n"])


def list_memberships(conn: Connection, *, email: str) -> list[Membership]:
    """Over all organizations, by their ids, at most 100."""
    rows = conn.execute(
        """
        SELECT organization_id, organization_name, user_id, user_name, is_joined
        FROM list_memberships(%(email)s) ORDER BY organization_id
        """,
        {"email": email},
    ).fetchall()
    return [Membership(**row) for row in rows]


def join(conn: Connection, *, user_id: int) -> None:
    """The first time stays."""
    conn.execute(
        """
        UPDATE users SET joined_at = coalesce(joined_at, now())
        WHERE organization_id = current_organization() AND id = %(user_id)s
        """,
        {"user_id": user_id},
    )


def count_attempt(conn: Connection, *, subject: bytes, minutes: int) -> int:
    """Record one more attempt; answers how many there were before in so many minutes.

    Attempts on one subject queue up, so that a hundred at once are counted one by one.
    """
    conn.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(encode(%(subject)s, 'hex'), 5002))", {"subject": subject}
    )
    (row,) = conn.execute(
        """
        SELECT count(*) AS n FROM sign_in_attempts
        WHERE subject = %(subject)s AND at > now() - make_interval(mins => %(minutes)s)
        """,
        {"subject": subject, "minutes": minutes},
    ).fetchall()
    conn.execute("INSERT INTO sign_in_attempts (subject) VALUES (%(subject)s)", {"subject": subject})
    return int(row["n"])


def forget_attempts(conn: Connection, *, subject: bytes) -> None:
    conn.execute("DELETE FROM sign_in_attempts WHERE subject = %(subject)s", {"subject": subject})


def delete_old_attempts(conn: Connection, *, minutes: int, most: int) -> int:
    """Every attempt takes a few old ones with it, so that the table needs no sweeper."""
    return conn.execute(
        """
        WITH old AS MATERIALIZED (
            SELECT subject, id FROM sign_in_attempts
            WHERE at < now() - make_interval(mins => %(minutes)s)
            ORDER BY at, id LIMIT %(most)s FOR UPDATE SKIP LOCKED
        )
        DELETE FROM sign_in_attempts a USING old o WHERE a.subject = o.subject AND a.id = o.id
        """,
        {"minutes": minutes, "most": most},
    ).rowcount
