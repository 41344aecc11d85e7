"""SQL of the settings of channels, and of their turns where a rate is set."""

from dataclasses import dataclass
from typing import Final

from psycopg.types.json import Jsonb

from tranche.kernel.db.pool import Connection, Row

MOST_WAIT: Final = 5.0
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """So many turns, the first after `wait` seconds and then one each `gap`."""

    count: int
    wait: float = 0.0
    gap: float = 0.0

    @property
    def following(self) -> float:
        """After how many seconds the turn comes that was not taken."""
        return self.wait + self.count * self.gap


def take_turns(conn: Connection, *, channel: str, count: int) -> Turns:
    """Take the channel's next turns: none where the first is too far ahead, else those of the second behind it."""
    row = conn.execute(
        """
        WITH due AS (
            SELECT organization_id, channel, 1 / rate_per_second AS gap,
                greatest(extract(epoch FROM next_send_at - clock_timestamp()), 0) AS wait
            FROM message_channels
            WHERE organization_id = current_organization() AND channel = %(channel)s AND rate_per_second IS NOT NULL
            FOR UPDATE
        ), granted AS (
            SELECT *, CASE WHEN wait > %(most_wait)s THEN 0 ELSE least(%(count)s, floor(1 / gap) + 1) END AS count
            FROM due
        ), moved AS (
            UPDATE message_channels c
            SET next_send_at = clock_timestamp() + make_interval(secs => (g.wait + g.count * g.gap)::float8)
            FROM granted g WHERE c.organization_id = g.organization_id AND c.channel = g.channel AND g.count > 0
        )
        SELECT count, wait, gap FROM granted
        """,
        {"channel": channel, "count": count, "most_wait": MOST_WAIT},
    ).fetchone()
    if row is None:
        return Turns(count=count)
    return Turns(count=int(row["count"]), wait=float(row["wait"]), gap=float(row["gap"]))
