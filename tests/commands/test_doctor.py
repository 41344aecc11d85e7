"""`tranche doctor`: green on a sound installation, and each check catches what it is there for."""

import json
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.commands.conftest import Ran
from tests.commands.examined import Body
from tests.commands.tampering import TAMPERING
from tests.databases import DatabaseUrls
from tranche.commands import doctor
from tranche.kernel.db.embedded import OWNER_ROLE, EmbeddedPostgres
from tranche.kernel.db.pool import Connection
from tranche.kernel.doctor import service
from tranche.kernel.doctor.catalogue import version_check
from tranche.kernel.doctor.queries.relations import relation_checks
from tranche.kernel.doctor.service import examine
from tranche.kernel.module import Check, Module

Call = Callable[..., Ran]

# These are tampered with in test_doctor_files and test_doctor_machine.
_ELSEWHERE = {
    "every registered file is there",
    "every file is registered",
    "there is room on the disk",
    "the storage takes files",
    "the clock agrees with the database's",
    "the fonts of invoices are installed",
    "the mail server lets us in",
    "the signing key is the one of all webhooks",
    "every channel can be used as it is set up",
    "the credentials of every source can be opened",
}


def test_a_sound_installation_has_no_findings(body: Body) -> None:
    assert body.findings() == {}


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_is_caught(body: Body, name: str) -> None:
    for statement in TAMPERING[name]:
        with body.conn.transaction(force_rollback=True):
            body.conn.execute(statement.encode())
            assert name in body.findings(), statement


def test_every_check_has_been_tampered_with(body: Body) -> None:
    names = {outcome.name for outcome in examine(body.conn, body.patient, now=time.time())}
    relations = {check.name for check in relation_checks(body.conn)}
    assert names - relations - _ELSEWHERE - {version_check().name} == set(TAMPERING)


def test_every_relation_is_checked_for_a_parent_that_is_missing(body: Body) -> None:
    checked = 0
    for check in relation_checks(body.conn):
        child, _, rest = check.name.partition(" (")
        columns = rest.partition(")")[0].split(", ")
        column = columns[-1]
        value = "'x'" if column in {"sha256", "data_hash"} else "999999"
        with body.conn.transaction(force_rollback=True):
            _drop_checks(body.conn, child)
            ours = f"organization_id = {body.organization.id} AND {column} IS NOT NULL"
            one = f"ctid = (SELECT ctid FROM {child} WHERE {ours} LIMIT 1)"
            changed = body.conn.execute(f"UPDATE {child} SET {column} = {value} WHERE {one}".encode()).rowcount
            if changed:
                assert service._ask(body.conn, check), check.name
                checked += 1
    assert checked >= 80


def _drop_checks(conn: Connection, table: str) -> None:
    """What a table's own CHECKs refuse, a restore may bring all the same."""
    rows = conn.execute(
        "SELECT conname AS name FROM pg_constraint WHERE contype = 'c' AND conrelid = %(table)s::regclass",
        {"table": table},
    ).fetchall()
    for row in rows:
        conn.execute(f"ALTER TABLE {table} DROP CONSTRAINT {row['name']}".encode())


def test_a_row_that_belongs_to_another_organization_is_said_to(body: Body) -> None:
    body.conn.execute("UPDATE customers SET organization_id = organization_id + 1")
    finding, *_ = body.findings()["orders (organization_id, customer_id) has its customers"]
    assert finding.organization_id == body.organization.id
    assert finding.detail.endswith("is a row of customers of another organization")


def test_an_old_server_is_found(body: Body) -> None:
    assert service._ask(body.conn, version_check(oldest=99))
    assert not service._ask(body.conn, version_check())


def test_a_check_that_cannot_be_asked_is_a_finding_and_the_others_are_asked(body: Body) -> None:
    broken = Check(name="broken", sql="SELECT 1 AS organization_id, nothing AS detail")
    found = Body(body.conn, replace(body.patient, checks=[broken, *body.patient.checks]), body.organization).findings()
    assert list(found) == ["broken"]
    assert "could not be asked" in found["broken"][0].detail


def test_stopped_on_purpose_work_may_wait(body: Body) -> None:
    for statement in TAMPERING["no operation stands still"]:
        body.conn.execute(statement.encode())
    stopped = Body(body.conn, replace(body.patient, is_stopped=True), body.organization)
    assert "no operation stands still" not in stopped.findings()


def test_a_combined_file_may_wait_for_its_run_to_gather_it_again(body: Body) -> None:
    body.conn.execute("UPDATE operation_files SET pages = 1 WHERE kind = 'combined'")
    body.conn.execute("UPDATE operations SET status = 'processing', finished_at = NULL WHERE id = 8")
    assert body.findings() == {}


def test_the_command_reports_and_exits_by_what_it_found(tranche: Call, owner: Connection) -> None:
    ran = tranche("doctor")
    assert ran.code == 0, ran.out
    assert "checks are fine" in ran.out
    owner.execute("ALTER TABLE orders DISABLE ROW LEVEL SECURITY")
    ran = tranche("doctor")
    assert ran.code == 1
    assert "✗ every table of organizations has its wall" in ran.out
    assert "table orders has no row security" in ran.out
    report = json.loads(tranche("doctor", "--json").out)
    assert report["ok"] is False
    (bad,) = [check for check in report["checks"] if not check["ok"]]
    assert bad["findings"] == [{"organizationId": None, "detail": "table orders has no row security"}]


def test_the_command_keeps_its_report(tranche: Call, owner: Connection) -> None:
    tranche("doctor")
    owner.execute("ALTER TABLE orders DISABLE ROW LEVEL SECURITY")
    tranche("doctor", "--json")
    rows = owner.execute("SELECT ok, checks FROM doctor_reports ORDER BY id").fetchall()
    assert [row["ok"] for row in rows] == [True, False]
    assert [check["details"] for check in rows[1]["checks"] if check["hits"]] == [
        [[None, "table orders has no row security"]]
    ]


def test_a_report_that_cannot_be_kept_is_shown_all_the_same(tranche: Call, owner: Connection) -> None:
    owner.execute(
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END$$;
        CREATE TRIGGER refuse BEFORE INSERT ON doctor_reports FOR EACH ROW EXECUTE FUNCTION refuse();
        """
    )
    ran = tranche("doctor")
    assert ran.code == 1
    assert "the report could not be kept: could not extend file" in ran.out
    assert "✓ every table of organizations has its wall" in ran.out


def test_a_database_that_does_not_answer_is_a_finding_and_the_rest_is_examined(
    tranche: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANCHE_OWNER_URL", "postgresql://127.0.0.1:1/x")
    ran = tranche("doctor")
    assert ran.code == 1
    assert "The database of TRANCHE_OWNER_URL does not answer: " in ran.out
    assert "what asks the database was not examined" in ran.out
    assert "✓ there is room on the disk" in ran.out


def test_a_mistyped_setting_is_told_and_no_finding(tranche: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANCHE_WORKRES", "4")
    ran = tranche("doctor", "--json")
    assert ran.code == 0
    assert (
        "TRANCHE_WORKRES: there is no such setting, so it is ignored; TRANCHE_WORKER_SLOTS is the nearest." in ran.err
    )
    assert json.loads(ran.out)["ok"]


def test_the_command_needs_the_owner(tranche: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRANCHE_OWNER_URL")
    assert tranche("doctor").code == 2


def test_no_check_can_write(tranche: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    writing = Check(name="writing", sql="SELECT nextval('orders_id_seq') AS organization_id, 'x' AS detail")
    monkeypatch.setattr(doctor, "make_modules", lambda *_, **__: [Module(name="bad", checks=[writing])])
    ran = tranche("doctor")
    assert ran.code == 1
    assert "could not be asked: cannot execute nextval() in a read-only transaction" in ran.out


def test_on_an_empty_database_it_names_the_migrations(
    tranche: Call, database_urls: DatabaseUrls, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{database_urls.name}_empty"
    postgres.create_database(name)
    try:
        monkeypatch.setenv("TRANCHE_OWNER_URL", postgres.url(OWNER_ROLE, database=name))
        ran = tranche("doctor")
        assert ran.code == 1
        assert "0001_identity is missing" in ran.out
    finally:
        postgres.drop_database(name)
