"""SQL of the stored reports."""

from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.doctor.domain import Report


def insert_report(conn: Connection, report: Report, *, checks: list[dict[str, Any]]) -> bool:
    """Keep a report; False where the database does not take it: it has no such table yet, or is a copy to read."""
    try:
        with conn.transaction():
            conn.execute(
                """
                INSERT INTO doctor_reports (started_at, seconds, ok, checks)
                VALUES (%(started_at)s, %(seconds)s, %(ok)s, %(checks)s)
                """,
                {
                    "started_at": report.started_at,
                    "seconds": report.seconds,
                    "ok": report.is_ok,
                    "checks": Jsonb(checks),
                },
            )
    except (psycopg.errors.UndefinedTable, psycopg.errors.ReadOnlySqlTransaction):
        return False
    return True


def delete_old_reports(conn: Connection, *, kept: int) -> None:
    """All but the newest."""
    conn.execute(
        """
        DELETE FROM doctor_reports WHERE id NOT IN (
            SELECT id FROM doctor_reports ORDER BY started_at DESC, id DESC LIMIT %(kept)s
        )
        """,
        {"kept": kept},
    )


def find_last_report(conn: Connection) -> Row | None:
    """The newest report (started_at, seconds, ok, checks)."""
    return conn.execute(
        "SELECT started_at, seconds, ok, checks FROM doctor_reports ORDER BY started_at DESC, id DESC LIMIT 1"
    ).fetchone()


def is_sole_organization(conn: Connection) -> bool:
    """Whether the installation serves one organization."""
    (row,) = conn.execute("SELECT count_organizations() = 1 AS is_sole").fetchall()
    return bool(row["is_sole"])
