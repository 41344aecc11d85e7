"""SQL of suppressed addresses."""

from collections.abc import Mapping, Sequence

from tranche.kernel.db.pool import Connection, Row


def list_suppressions(
    conn: Connection, *, channel: str | None, search: str | None, high: str | None, limit: int, offset: int
) -> list[Row]:
    return conn.execute(
        """
        SELECT channel, address, reason, created_at FROM message_suppressions
        WHERE organization_id = current_organization() AND (%(channel)s::text IS NULL OR channel = %(channel)s)
          AND (%(search)s::text IS NULL OR address >= %(search)s AND address < %(high)s)
        ORDER BY channel, address LIMIT %(limit)s OFFSET %(offset)s
        """,
        {"channel": channel, "search": search, "high": high, "limit": limit, "offset": offset},
    ).fetchall()


def count_suppressions(conn: Connection, *, channel: str | None, search: str | None, high: str | None) -> int:
    (row,) = conn.execute(
        """
        SELECT count(*) AS count FROM message_suppressions
        WHERE organization_id = current_organization() AND (%(channel)s::text IS NULL OR channel = %(channel)s)
          AND (%(search)s::text IS NULL OR address >= %(search)s AND address < %(high)s)
        """,
        {"channel": channel, "search": search, "high": high},
    ).fetchall()
    return int(row["count"])


def list_suppressed(conn: Connection, *, channel: str, addresses: Sequence[str]) -> dict[str, str]:
    """Those of the addresses that nothing may be sent to, with the reasons."""
    rows = conn.execute(
        """
        SELECT address, reason FROM message_suppressions
        WHERE organization_id = current_organization() AND channel = %(channel)s AND address = ANY (%(addresses)s)
        """,
        {"channel": channel, "addresses": list(addresses)},
    ).fetchall()
    return {row["address"]: row["reason"] for row in rows}


def find_suppression(conn: Connection, *, channel: str, address: str) -> Row | None:
    return conn.execute(
        """
        SELECT channel, address, reason, created_at FROM message_suppressions
        WHERE organization_id = current_organization() AND channel = %(channel)s AND address = %(address)s
        """,
        {"channel": channel, "address": address},
    ).fetchone()


def insert_suppression(
    conn: Connection, *, channel: str, address: str, reason: str, message_id: int | None, user_id: int | None
) -> None:
    conn.execute(
        """
        INSERT INTO message_suppressions (organization_id, channel, address, reason, message_id, created_by)
        VALUES (current_organization(), %(channel)s, %(address)s, %(reason)s, %(message_id)s, %(user_id)s)
        ON CONFLICT (organization_id, channel, address) DO NOTHING
        """,
        {"channel": channel, "address": address, "reason": reason, "message_id": message_id, "user_id": user_id},
    )


def insert_dead(conn: Connection, *, reasons: Mapping[int, str]) -> None:
    """Nothing more is sent to the addresses of these messages, each with its reason."""
    conn.execute(
        """
        INSERT INTO message_suppressions (organization_id, channel, address, reason, message_id)
        SELECT DISTINCT ON (m.channel, m.address) m.organization_id, m.channel, m.address, d.reason, m.id
        FROM unnest(%(ids)s::bigint[], %(reasons)s::text[]) AS d (id, reason)
        JOIN messages m ON m.organization_id = current_organization() AND m.id = ANY (%(ids)s) AND m.id = d.id
        ORDER BY m.channel, m.address, m.id
        ON CONFLICT (organization_id, channel, address) DO NOTHING
        """,
        {"ids": list(reasons), "reasons": list(reasons.values())},
    )


def delete_suppression(conn: Connection, *, channel: str, address: str) -> bool:
    return (
        conn.execute(
            """
            DELETE FROM message_suppressions
            WHERE organization_id = current_organization() AND channel = %(channel)s AND address = %(address)s
            """,
            {"channel": channel, "address": address},
        ).rowcount
        == 1
    )
