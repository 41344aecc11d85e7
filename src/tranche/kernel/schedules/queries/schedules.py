"""SQL of schedules: made, found, locked, changed, moved on."""

from dataclasses import fields
from datetime import datetime

from tranche.kernel.db.pool import Connection
from tranche.kernel.module import Scope
from tranche.kernel.schedules.domain import Schedule
from tranche.kernel.schedules.queries.tables import TABLES, UNDER_WAY
from tranche.kernel.schedules.rules import Rule

_DERIVED = {"scope", "is_under_way"}
_COLUMNS = ", ".join(f.name for f in fields(Schedule) if f.name not in _DERIVED)


def read_clock(conn: Connection) -> datetime:
    """The database's clock."""
    (row,) = conn.execute("SELECT clock_timestamp() AS now").fetchall()
    now: datetime = row["now"]
    return now


def is_sole_organization(conn: Connection) -> bool:
    """Whether the installation serves one organization."""
    (row,) = conn.execute("SELECT count_organizations() = 1 AS is_sole").fetchall()
    return bool(row["is_sole"])


def insert_schedule(conn: Connection, scope: Scope, *, name: str, kind: str, rule: Rule, next_at: datetime) -> None:
    """Make it, unless it is there."""
    t = TABLES[scope]
    conn.execute(
        f"""
        INSERT INTO {t.schedules} ({t.owner}name, kind, cron, zone, next_at)
        VALUES ({t.owner_value}%(name)s, %(kind)s, %(cron)s, %(zone)s, %(next_at)s)
        ON CONFLICT DO NOTHING
        """,
        {"name": name, "kind": kind, "cron": rule.cron, "zone": rule.zone, "next_at": next_at},
    )


def list_schedules(conn: Connection, scope: Scope, *, names: list[str]) -> list[Schedule]:
    """Those of these names, by name."""
    t = TABLES[scope]
    rows = conn.execute(
        f"""
        SELECT {_COLUMNS}, EXISTS (
            SELECT FROM {t.runs} r WHERE {t.ours} AND r.schedule_id = s.id AND r.{UNDER_WAY}
        ) AS is_under_way
        FROM {t.schedules} s WHERE {t.ours} AND name = ANY(%(names)s)
        ORDER BY name LIMIT %(limit)s
        """,
        {"names": names, "limit": len(names)},
    ).fetchall()
    return [Schedule(scope=scope, **row) for row in rows]


def lock_schedule(conn: Connection, scope: Scope, *, name: str) -> Schedule | None:
    """Hold it to the end of the transaction."""
    t = TABLES[scope]
    locked = conn.execute(
        f"SELECT FROM {t.schedules} WHERE {t.ours} AND name = %(name)s FOR UPDATE", {"name": name}
    ).rowcount
    found = list_schedules(conn, scope, names=[name]) if locked else []
    return found[0] if found else None


def lock_due(conn: Connection, scope: Scope, *, name: str, now: datetime) -> Schedule | None:
    """Hold it if it is due and nobody else holds it."""
    t = TABLES[scope]
    locked = conn.execute(
        f"""
        SELECT FROM {t.schedules} WHERE {t.ours} AND name = %(name)s AND enabled AND next_at <= %(now)s
        FOR UPDATE SKIP LOCKED
        """,
        {"name": name, "now": now},
    ).rowcount
    found = list_schedules(conn, scope, names=[name]) if locked else []
    return found[0] if found else None


def update_rule(
    conn: Connection, scope: Scope, *, schedule_id: int, rule: Rule, next_at: datetime | None, editor: str
) -> None:
    """Write when it is due; an empty `editor` is the default's own change and no edit."""
    t = TABLES[scope]
    conn.execute(
        f"""
        UPDATE {t.schedules} SET cron = %(cron)s, zone = %(zone)s, next_at = %(next_at)s,
            edited_by = coalesce(nullif(%(editor)s, ''), edited_by),
            edited_at = CASE WHEN %(editor)s <> '' THEN clock_timestamp() ELSE edited_at END
        WHERE {t.ours} AND id = %(id)s
        """,
        {"id": schedule_id, "cron": rule.cron, "zone": rule.zone, "next_at": next_at, "editor": editor},
    )


def update_enabled(conn: Connection, scope: Scope, *, schedule_id: int, next_at: datetime | None) -> None:
    """Switch it on with its next time, or off with None."""
    t = TABLES[scope]
    conn.execute(
        f"UPDATE {t.schedules} SET enabled = %(next_at)s::timestamptz IS NOT NULL, next_at = %(next_at)s "
        f"WHERE {t.ours} AND id = %(id)s",
        {"id": schedule_id, "next_at": next_at},
    )


def move_on(conn: Connection, scope: Scope, *, schedule_id: int, planned_at: datetime, next_at: datetime) -> None:
    """A planned time has been dealt with."""
    t = TABLES[scope]
    conn.execute(
        f"""
        UPDATE {t.schedules} SET last_planned_at = %(planned_at)s, next_at = %(next_at)s
        WHERE {t.ours} AND id = %(id)s
        """,
        {"id": schedule_id, "planned_at": planned_at, "next_at": next_at},
    )
