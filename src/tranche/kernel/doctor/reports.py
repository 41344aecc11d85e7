"""Reports of examinations: one made and stored, the last one as a caller may see it."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.doctor.domain import Checked, Finding, Group, Outcome, Report, visible_to
from tranche.kernel.doctor.queries import reports
from tranche.kernel.doctor.service import Patient, examine

KEPT = 30
MOST_DETAILS = 20


def examine_now(conn: Connection, patient: Patient) -> tuple[Sequence[Outcome], Report]:
    """Examine at one moment, so that what is committed meanwhile does not seem half done; nothing can be written.

    `conn` is the owner's, in autocommit; it keeps this isolation, and may write again afterwards.
    """
    started_at, began = datetime.now(UTC), time.monotonic()
    conn.execute("SET default_transaction_isolation = 'repeatable read'")
    conn.execute("SET default_transaction_read_only = on")
    with conn.transaction():
        outcomes = list(examine(conn, patient, now=time.time()))
    conn.execute("SET default_transaction_read_only = off")
    report = Report(
        started_at=started_at,
        seconds=time.monotonic() - began,
        checks=tuple(_checked(outcome) for outcome in outcomes),
    )
    return outcomes, report


def store_report(conn: Connection, report: Report) -> bool:
    """Keep it with the last thirty; False where the database has no place for it.

    Raises:
        Unavailable: the database cannot write now.
    """
    return reports.insert_report(conn, report, checks=[_stored(check) for check in report.checks], kept=KEPT)


def find_last_report(conn: Connection, ctx: Context) -> Report | None:
    """The newest report as far as it concerns the caller's organization; None before the first one."""
    row = reports.find_last_report(conn)
    if row is None:
        return None
    report = Report(
        started_at=row["started_at"], seconds=row["seconds"], checks=tuple(_read(check) for check in row["checks"])
    )
    return report if reports.is_sole_organization(conn) else visible_to(report, organization_id=ctx.organization_id)


def _checked(outcome: Outcome) -> Checked:
    return Checked(
        group=outcome.group,
        name=outcome.name,
        hits=len(outcome.findings),
        is_cut=outcome.is_cut,
        details=outcome.findings[:MOST_DETAILS],
    )


def _stored(check: Checked) -> dict[str, Any]:
    return {
        "group": str(check.group),
        "name": check.name,
        "hits": check.hits,
        "more": check.is_cut,
        "details": [[finding.organization_id, finding.detail.replace("\0", "\ufffd")] for finding in check.details],
    }


def _read(stored: dict[str, Any]) -> Checked:
    return Checked(
        group=Group(stored["group"]),
        name=stored["name"],
        hits=stored["hits"],
        is_cut=stored["more"],
        details=tuple(Finding(organization_id, detail) for organization_id, detail in stored["details"]),
    )
