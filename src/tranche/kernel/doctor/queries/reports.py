"""SQL of the stored reports."""

from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.doctor.domain import Report
from tranche.kernel.errors import Unavailable


class NotKept(Unavailable):
    """The database could not keep a report."""

    code = "report_not_kept"


def insert_report(conn: Connection, report: Report, *, checks: list[dict[str, Any]], kept: int) -> bool:
    """Keep a report among the `kept` newest; False where the database has no such table yet, or is a copy to read.

    Raises:
        NotKept: it cannot write now, such as on a full disk.
    """
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
            _delete_old_reports(conn, kept=kept)
    except (psycopg.errors.UndefinedTable, psycopg.errors.ReadOnlySqlTransaction):
        return False
    except psycopg.OperationalError as error:
        raise NotKept(f"the report could not be kept: {str(error).strip().splitlines()[0]}") from error
    return True


def find_last_report(conn: Connection) -> Row | None:
    """The newest report (started_at, seconds, ok, checks)."""
    return conn.execute(
        "SELECT started_at, seconds, ok, checks FROM doctor_reports ORDER BY started_at DESC, id DESC LIMIT 1"
    ).fetchone()


def is_sole_organization(conn: Connection) -> bool:
    """Whether the installation serves one organization."""
    (row,) = conn.execute("SELECT count_organizations() = 1 AS is_sole").fetchall()
    return bool(row["is_sole"])


def _delete_old_reports(conn: Connection, *, kept: int) -> None:
    conn.execute(
        """
        DELETE FROM doctor_reports WHERE id NOT IN (
            SELECT id FROM doctor_reports ORDER BY started_at DESC, id DESC LIMIT %(kept)s
        )
        """,
        {"kept": kept},
    )
