"""Stored reports of the doctor: kept, cut, and shown to each organization as far as they concern it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.factories import Organization
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.doctor import reports
from tranche.kernel.doctor.domain import Checked, Finding, Group, Report
from tranche.kernel.doctor.reports import KEPT, MOST_DETAILS, examine_now, find_last_report, store_report
from tranche.kernel.doctor.service import Patient
from tranche.kernel.module import Check
from tranche.kernel.storage.local import LocalFiles

NOW = datetime(2027, 1, 1, tzinfo=UTC)


def report(*findings: Finding, at: datetime = NOW, is_cut: bool = False) -> Report:
    found = Checked(group=Group.DATA, name="it adds up", hits=len(findings), is_cut=is_cut, details=findings)
    fine = Checked(group=Group.WALLS, name="walls stand", hits=0, is_cut=False, details=())
    return Report(started_at=at, seconds=1.5, checks=(found, fine))


def seen(database: Database, ctx: Context) -> Report | None:
    with database.transaction(ctx.organization_id) as conn:
        return find_last_report(conn, ctx)


def test_the_newest_report_is_shown_whole_where_there_is_one_organization(
    database: Database, owner: Connection, context: Context
) -> None:
    assert seen(database, context) is None
    newest = report(Finding(None, "the disk is full"), Finding(7, "a\0b"), is_cut=True)
    store_report(owner, newest)
    store_report(owner, report(at=NOW - timedelta(days=1)))
    shown = seen(database, context)
    assert shown is not None
    assert shown.started_at == NOW
    assert not shown.is_ok
    assert shown.checks[0].details == (Finding(None, "the disk is full"), Finding(7, "a\ufffdb"))
    assert (shown.checks[0].hits, shown.checks[0].is_cut) == (2, True)


def test_of_several_organizations_each_sees_its_own_hits_and_nothing_of_the_machine(
    database: Database, owner: Connection, organization: Callable[..., Organization]
) -> None:
    acme, other, third = (organization(name=name).context() for name in ("Acme", "Other", "Third"))
    store_report(
        owner,
        report(
            Finding(None, "/secret/place is full"),
            Finding(acme.organization_id, "order 1"),
            Finding(other.organization_id, "order 2"),
            is_cut=True,
        ),
    )
    for ctx, details in ((acme, ["order 1"]), (other, ["order 2"]), (third, [])):
        shown = seen(database, ctx)
        assert shown is not None
        assert [finding.detail for check in shown.checks for finding in check.details] == details
        assert (shown.checks[0].hits, shown.checks[0].is_cut, shown.is_ok) == (len(details), False, not details)


def test_the_last_thirty_are_kept(owner: Connection) -> None:
    for day in range(KEPT + 3):
        store_report(owner, report(at=NOW + timedelta(days=day)))
    rows = owner.execute("SELECT started_at FROM doctor_reports ORDER BY started_at").fetchall()
    assert len(rows) == KEPT
    assert rows[0]["started_at"] == NOW + timedelta(days=3)


def test_an_examination_counts_its_hits_and_keeps_the_first_of_them(owner: Connection, tmp_path: Path) -> None:
    many = Check(
        name="many", sql="SELECT 1::bigint AS organization_id, n::text AS detail FROM generate_series(1, 40) n"
    )
    outcomes, made = examine_now(owner, Patient(checks=[many], storage=LocalFiles(tmp_path), home=tmp_path))
    (checked,) = [check for check in made.checks if check.hits]
    assert (checked.name, checked.hits, len(checked.details)) == ("many", 40, MOST_DETAILS)
    assert len(outcomes) == len(made.checks)
    assert made.seconds > 0
    assert store_report(owner, made), "the connection may write again afterwards"


def test_where_the_database_takes_no_report_that_is_no_fault(owner: Connection) -> None:
    owner.execute("SET default_transaction_read_only = on")
    assert not store_report(owner, report())
    owner.execute("SET default_transaction_read_only = off")
    owner.execute("DROP TABLE doctor_reports")
    assert not reports.store_report(owner, report())
