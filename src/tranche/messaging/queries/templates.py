"""SQL of templates."""

from tranche.kernel.db.pool import Connection, Row

_COLUMNS = "id, name, channel, language, subject, body, updated_at"


def list_templates(conn: Connection, *, channel: str | None, limit: int) -> list[Row]:
    return conn.execute(
        f"""
        SELECT {_COLUMNS} FROM message_templates
        WHERE organization_id = current_organization() AND (%(channel)s::text IS NULL OR channel = %(channel)s)
        ORDER BY name, channel, language LIMIT %(limit)s
        """,
        {"channel": channel, "limit": limit},
    ).fetchall()


def find_template(conn: Connection, *, name: str, channel: str, language: str) -> Row | None:
    return conn.execute(
        f"""
        SELECT {_COLUMNS} FROM message_templates
        WHERE organization_id = current_organization() AND name = %(name)s AND channel = %(channel)s
          AND language = %(language)s
        """,
        {"name": name, "channel": channel, "language": language},
    ).fetchone()


def save_template(
    conn: Connection, *, name: str, channel: str, language: str, subject: str, body: str, user_id: int | None
) -> Row:
    (row,) = conn.execute(
        f"""
        INSERT INTO message_templates (organization_id, name, channel, language, subject, body, updated_by)
        VALUES (current_organization(), %(name)s, %(channel)s, %(language)s, %(subject)s, %(body)s, %(user_id)s)
        ON CONFLICT (organization_id, name, channel, language) DO UPDATE SET subject = excluded.subject,
            body = excluded.body, updated_by = excluded.updated_by, updated_at = now()
        RETURNING {_COLUMNS}
        """,
        {
            "name": name,
            "channel": channel,
            "language": language,
            "subject": subject,
            "body": body,
            "user_id": user_id,
        },
    ).fetchall()
    return row


def delete_template(conn: Connection, *, name: str, channel: str, language: str) -> bool:
    return (
        conn.execute(
            """
            DELETE FROM message_templates
            WHERE organization_id = current_organization() AND name = %(name)s AND channel = %(channel)s
              AND language = %(language)s
            """,
            {"name": name, "channel": channel, "language": language},
        ).rowcount
        == 1
    )
