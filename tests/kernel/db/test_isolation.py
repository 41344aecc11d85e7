"""The tenant walls of every table, as the plain role: nothing of another organization is seen or written."""

from collections.abc import Callable
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.factories import Organization
from tests.kernel.db.tenants import fill_every_table, list_tenant_tables
from tranche.kernel.db.pool import Connection, Database, Row

_APPEND_ONLY = {"audit_entries"}


@pytest.fixture
def ours(organization: Callable[..., Organization], owner: Connection) -> Organization:
    made = organization(name="Ours")
    fill_every_table(owner, made)
    return made


@pytest.fixture
def theirs(organization: Callable[..., Organization], owner: Connection) -> Organization:
    made = organization(name="Theirs")
    fill_every_table(owner, made)
    return made


@pytest.fixture
def tables(owner: Connection) -> list[str]:
    return list_tenant_tables(owner)


def test_every_table_has_a_row_of_both_to_be_tested_with(
    owner: Connection, tables: list[str], ours: Organization, theirs: Organization
) -> None:
    assert len(tables) >= 16
    for table in tables:
        rows = owner.execute(_statement("SELECT organization_id AS id FROM {table}", table)).fetchall()
        assert {row["id"] for row in rows} == {ours.id, theirs.id}, f"{table} needs a line in tenants.py"


@pytest.mark.usefixtures("ours")
def test_without_an_organization_no_row_is_seen(database: Database, tables: list[str]) -> None:
    with database.transaction(None) as conn:
        for table in [*tables, "organizations"]:
            assert _count(conn, table) == 0, table


@pytest.mark.usefixtures("ours")
def test_an_emptied_setting_shows_no_row_either(database: Database, tables: list[str]) -> None:
    with database.transaction(None) as conn:
        conn.execute("SELECT set_config('app.organization_id', '1', true)")
        conn.execute("RESET app.organization_id")
        for table in tables:
            assert _count(conn, table) == 0, table


def test_only_our_own_rows_are_seen(
    database: Database, tables: list[str], ours: Organization, theirs: Organization
) -> None:
    with database.transaction(ours.id) as conn:
        for table in tables:
            rows = conn.execute(_statement("SELECT organization_id AS id FROM {table}", table)).fetchall()
            assert {row["id"] for row in rows} == {ours.id}, table
            their_rows = _statement("SELECT FROM {table} WHERE organization_id = %(id)s", table)
            assert conn.execute(their_rows, {"id": theirs.id}).rowcount == 0, table
        rows = conn.execute("SELECT id FROM organizations").fetchall()
        assert [row["id"] for row in rows] == [ours.id]


@pytest.mark.usefixtures("ours")
def test_another_organizations_rows_are_neither_changed_nor_deleted(
    database: Database, owner: Connection, tables: list[str], ours: Organization, theirs: Organization
) -> None:
    before = {table: _rows(owner, table, theirs) for table in tables}
    for table in tables:
        for verb in (
            "UPDATE {table} SET organization_id = organization_id WHERE organization_id = %(id)s",
            "DELETE FROM {table} WHERE organization_id = %(id)s",
        ):
            wanted = "forbidden" if table in _APPEND_ONLY else 0
            assert _attempt(database, ours, _statement(verb, table), {"id": theirs.id}) == wanted, table
    assert {table: _rows(owner, table, theirs) for table in tables} == before


def test_no_row_can_be_written_for_another_organization(
    database: Database, owner: Connection, tables: list[str], ours: Organization, theirs: Organization
) -> None:
    copy = "INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_record(null::{table}, %(row)s)"
    for table in tables:
        row = Jsonb(_rows(owner, table, theirs)[0])
        assert _attempt(database, ours, _statement(copy, table), {"row": row}) == "wall", table


def test_no_row_can_be_handed_to_another_organization(
    database: Database, tables: list[str], ours: Organization, theirs: Organization
) -> None:
    for table in tables:
        statement = _statement("UPDATE {table} SET organization_id = %(id)s", table)
        wanted = "forbidden" if table in _APPEND_ONLY else "wall"
        assert _attempt(database, ours, statement, {"id": theirs.id}) == wanted, table


def test_another_organization_is_neither_renamed_nor_made_by_us(
    database: Database, ours: Organization, theirs: Organization
) -> None:
    rename = sql.SQL("UPDATE organizations SET name = 'Mine' WHERE id = %(id)s")
    assert _attempt(database, ours, rename, {"id": theirs.id}) == 0
    make = sql.SQL("INSERT INTO organizations (id, name) VALUES (%(id)s, 'New')")
    assert _attempt(database, ours, make, {"id": 999_999}) == "wall"


def _statement(text: LiteralString, table: str) -> sql.Composed:
    return sql.SQL(text).format(table=sql.Identifier(table))


def _count(conn: Connection, table: str) -> int:
    return conn.execute(_statement("SELECT FROM {table}", table)).rowcount


def _rows(owner: Connection, table: str, organization: Organization) -> list[Row]:
    statement = _statement(
        "SELECT to_jsonb(t) AS row FROM {table} t WHERE organization_id = %(id)s ORDER BY to_jsonb(t)::text", table
    )
    return [row["row"] for row in owner.execute(statement, {"id": organization.id}).fetchall()]


def _attempt(
    database: Database, organization: Organization, statement: sql.Composed | sql.SQL, values: dict[str, object]
) -> int | str:
    """How many rows it touched, or what stopped it: the wall, or a missing right."""
    try:
        with database.transaction(organization.id) as conn:
            return conn.execute(statement, values).rowcount
    except psycopg.errors.InsufficientPrivilege as error:
        return "wall" if "row-level security" in str(error) else "forbidden"
