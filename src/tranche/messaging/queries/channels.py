"""SQL of the settings of channels, and of their turns where a rate is set."""

from psycopg.types.json import Jsonb

from tranche.kernel.db.pool import Connection, Row

_COLUMNS = "channel, provider, settings, secret_names, rate_per_second, version, updated_at"


def list_channels(conn: Connection) -> list[Row]:
    return conn.execute(
        f"""
        SELECT {_COLUMNS} FROM message_channels
        WHERE organization_id = current_organization() ORDER BY channel LIMIT 10
        """
    ).fetchall()


def list_all_channels(conn: Connection) -> list[Row]:
    """The channels of all organizations with their sealed secrets; as the owner."""
    return conn.execute(
        f"""
        SELECT organization_id, {_COLUMNS}, secrets FROM message_channels
        ORDER BY organization_id, channel LIMIT 100000
        """
    ).fetchall()


def find_channel(conn: Connection, *, channel: str) -> Row | None:
    """The settings with the sealed secrets."""
    return conn.execute(
        f"""
        SELECT {_COLUMNS}, secrets FROM message_channels
        WHERE organization_id = current_organization() AND channel = %(channel)s
        """,
        {"channel": channel},
    ).fetchone()


def save_channel(
    conn: Connection,
    *,
    channel: str,
    provider: str,
    settings: dict[str, str],
    secrets: bytes | None,
    secret_names: list[str],
    rate_per_second: float | None,
    user_id: int | None,
) -> None:
    conn.execute(
        """
        INSERT INTO message_channels (organization_id, channel, provider, settings, secrets, secret_names,
            rate_per_second, updated_by)
        VALUES (current_organization(), %(channel)s, %(provider)s, %(settings)s, %(secrets)s, %(secret_names)s,
            %(rate)s, %(user_id)s)
        ON CONFLICT (organization_id, channel) DO UPDATE SET provider = excluded.provider,
            settings = excluded.settings, secrets = excluded.secrets, secret_names = excluded.secret_names,
            rate_per_second = excluded.rate_per_second, updated_by = excluded.updated_by, updated_at = now(),
            version = message_channels.version + 1
        """,
        {
            "channel": channel,
            "provider": provider,
            "settings": Jsonb(settings),
            "secrets": secrets,
            "secret_names": secret_names,
            "rate": rate_per_second,
            "user_id": user_id,
        },
    )


def take_turn(conn: Connection, *, channel: str) -> float:
    """Take the channel's next turn; returns how many seconds it lies ahead, 0 where no rate is set."""
    row = conn.execute(
        """
        UPDATE message_channels SET
            next_send_at = greatest(next_send_at, clock_timestamp())
                + make_interval(secs => (1 / rate_per_second)::float8)
        WHERE organization_id = current_organization() AND channel = %(channel)s AND rate_per_second IS NOT NULL
        RETURNING extract(epoch FROM next_send_at - clock_timestamp()) - 1 / rate_per_second AS seconds
        """,
        {"channel": channel},
    ).fetchone()
    return max(0.0, float(row["seconds"])) if row else 0.0
