"""While a snapshot is loaded its part is no hole in the wall, tried by raw SQL as the plain role."""

from collections.abc import Callable
from typing import Final

import psycopg
import pytest

from tests.factories import Organization
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.doctor import catalogue

_ROW: Final = "CRP1\tCPC1\tActive Billing\n"
_COLUMNS: Final = "(crp_account_no, cpc_customer_no, billing_status)"
_WALLS: Final = next(
    check for check in catalogue.WALL_CHECKS if check.name.startswith("every table of organizations has its wall")
)


@pytest.fixture
def ours(organization: Callable[..., Organization], owner: Connection) -> Organization:
    made = organization(name="Ours")
    owner.execute(
        "INSERT INTO snapshot_sources (organization_id, data_set, kind) VALUES (%(id)s, 'bill_stop', 'sample')",
        {"id": made.id},
    )
    owner.execute(
        "INSERT INTO snapshots (organization_id, id, data_set, batch_date) "
        "VALUES (%(id)s, 7, 'bill_stop', '2026-11-28')",
        {"id": made.id},
    )
    return made


@pytest.fixture
def theirs(organization: Callable[..., Organization]) -> Organization:
    return organization(name="Theirs")


def _open(database: Database, ours: Organization, part: str = "detail") -> None:
    with database.transaction(ours.id) as conn:
        conn.execute("SELECT open_snapshot_part(7, %(part)s)", {"part": part})


def _load(conn: Connection) -> None:
    with conn.cursor() as cursor, cursor.copy(f"COPY snapshot_7_detail {_COLUMNS} FROM STDIN".encode()) as copy:
        copy.write(_ROW)


def _close(database: Database, ours: Organization) -> None:
    with database.transaction(ours.id) as conn:
        _load(conn)
        conn.execute("SELECT close_snapshot_part(7, 'detail')")


def _count(database: Database, organization_id: int | None, table: str) -> int:
    with database.transaction(organization_id) as conn:
        return int(conn.execute(f"SELECT count(*) AS n FROM {table}".encode()).fetchall()[0]["n"])


def _is_refused(database: Database, organization_id: int | None, statement: str) -> bool:
    try:
        with database.transaction(organization_id) as conn:
            conn.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False


def test_what_is_loaded_is_read_by_nobody_until_it_is_whole(
    database: Database, ours: Organization, theirs: Organization
) -> None:
    _open(database, ours)
    with database.transaction(ours.id) as conn:
        _load(conn)
    for organization_id in (ours.id, theirs.id, None):
        for verb in ("SELECT * FROM", "DELETE FROM", "TRUNCATE", "UPDATE", "COPY"):
            ending = {"UPDATE": " SET address = NULL", "COPY": " TO STDOUT"}.get(verb, "")
            assert _is_refused(database, organization_id, f"{verb} snapshot_7_detail{ending}"), verb
    _close(database, ours)
    assert _count(database, ours.id, "snapshot_7_detail") == 2


def test_another_organization_writes_nothing_into_it(
    database: Database, owner: Connection, ours: Organization, theirs: Organization
) -> None:
    _open(database, ours)
    for organization_id in (theirs.id, None):
        insert = f"INSERT INTO snapshot_7_detail {_COLUMNS} VALUES ('CRP1', 'CPC1', 'Active Billing')"
        assert _is_refused(database, organization_id, insert)
        with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction(organization_id) as conn:
            _load(conn)
        for verb in ("open", "close", "index", "attach"):
            with (
                database.transaction(organization_id) as conn,
                pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState),
            ):
                conn.execute(f"SELECT {verb}_snapshot_part(7, 'detail')".encode())
    assert owner.execute("SELECT FROM snapshot_7_detail").rowcount == 0


@pytest.mark.parametrize("part", ["detail", "summary"])
def test_what_is_whole_is_seen_by_its_organization_alone(
    database: Database, owner: Connection, ours: Organization, theirs: Organization, part: str
) -> None:
    _open(database, ours, part)
    if part == "detail":
        _close(database, ours)
        insert = f"INSERT INTO snapshot_7_detail {_COLUMNS} VALUES ('CRP1', 'CPC2', 'Active Billing')"
        assert _is_refused(database, ours.id, insert), "what is whole is written no more"
    else:
        values = "(crp_account_no, total_cpc_count, bill_stop_count, active_billing_count, bill_stop_percentage, "
        values += "bill_stop_balance, total_balance) VALUES ('CRP1', 1, 0, 1, 0, 0, 0)"
        assert _is_refused(database, theirs.id, f"INSERT INTO snapshot_7_summary {values}")
        assert not _is_refused(database, ours.id, f"INSERT INTO snapshot_7_summary {values}")
    for organization_id in (theirs.id, None):
        assert _count(database, organization_id, f"snapshot_7_{part}") == 0
    assert _count(database, ours.id, f"snapshot_7_{part}") == 1
    assert owner.execute(_WALLS.sql.encode()).fetchall() == []
    with database.transaction(ours.id) as conn:
        conn.execute("SELECT attach_snapshot_part(7, %(part)s)", {"part": part})
    assert _count(database, ours.id, f"bill_stop_{part}_rows") == 1
    assert _count(database, theirs.id, f"bill_stop_{part}_rows") == 0
    assert _is_refused(database, ours.id, f"SELECT FROM snapshot_7_{part}")


def test_the_doctor_finds_no_fault_with_what_is_being_loaded(
    database: Database, owner: Connection, ours: Organization
) -> None:
    _open(database, ours)
    assert owner.execute(_WALLS.sql.encode()).fetchall() == []
