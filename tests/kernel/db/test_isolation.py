"""The tenant walls of every table, as the plain role: nothing of another organization is seen or written."""

from collections.abc import Callable
from typing import Final, LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.factories import Organization
from tests.kernel.db.tenants import fill_every_table, list_tenant_tables
from tranche.kernel.db.pool import Connection, Database, Row

_APPEND_ONLY = {"audit_entries", "audit_seals"}
# A trigger refuses to change these at all, and speaks before the wall is asked; INSERT it refuses for balances only.
_STOCK: Final = ("lot_balances", "lot_movements")
_REFUSAL: Final = "stock changes by new rows of lot_movements only"
_CHANGES: Final[tuple[LiteralString, ...]] = (
    "UPDATE {table} SET organization_id = organization_id WHERE organization_id = %(id)s",
    "DELETE FROM {table} WHERE organization_id = %(id)s",
)
_HAND_OVER: Final[LiteralString] = "UPDATE {table} SET organization_id = %(id)s"


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
        for change in _CHANGES:
            wanted = _stopped_before_the_wall(table) or 0
            assert _attempt(database, ours, _statement(change, table), {"id": theirs.id}) == wanted, table
    assert {table: _rows(owner, table, theirs) for table in tables} == before


def test_no_row_can_be_written_for_another_organization(
    database: Database, owner: Connection, tables: list[str], ours: Organization, theirs: Organization
) -> None:
    for table in tables:
        row = Jsonb(_rows(owner, table, theirs)[0])
        wanted = "ledger" if table == "lot_balances" else "wall"
        assert _attempt(database, ours, _copy(owner, table), {"row": row}) == wanted, table


def test_no_row_can_be_handed_to_another_organization(
    database: Database, tables: list[str], ours: Organization, theirs: Organization
) -> None:
    for table in tables:
        wanted = _stopped_before_the_wall(table) or "wall"
        assert _attempt(database, ours, _statement(_HAND_OVER, table), {"id": theirs.id}) == wanted, table


@pytest.mark.parametrize("table", _STOCK)
def test_our_own_stock_is_changed_by_movements_alone(
    database: Database, owner: Connection, ours: Organization, table: str
) -> None:
    before = _rows(owner, table, ours)
    for change in _CHANGES:
        assert _attempt(database, ours, _statement(change, table), {"id": ours.id}) == "ledger"
    assert _rows(owner, table, ours) == before != []


@pytest.mark.parametrize("table", _STOCK)
def test_without_its_trigger_stock_has_its_wall_like_every_table(
    database: Database, owner: Connection, ours: Organization, theirs: Organization, table: str
) -> None:
    before = _rows(owner, table, theirs)
    owner.execute(_statement("ALTER TABLE {table} DISABLE TRIGGER USER", table))
    for change in _CHANGES:
        assert _attempt(database, ours, _statement(change, table), {"id": theirs.id}) == 0
    assert _attempt(database, ours, _statement(_HAND_OVER, table), {"id": theirs.id}) == "wall"
    assert _attempt(database, ours, _copy(owner, table), {"row": Jsonb(before[0])}) == "wall"
    assert _rows(owner, table, theirs) == before
    for change in _CHANGES:
        assert _attempt(database, ours, _statement(change, table), {"id": ours.id}) == 1


@pytest.mark.parametrize("part", ["detail", "summary"])
def test_a_part_of_a_snapshot_is_reached_through_its_parent_alone(
    database: Database, ours: Organization, part: str
) -> None:
    with database.transaction(ours.id) as conn:
        conn.execute("SELECT open_snapshot_part(%(id)s, %(part)s)", {"id": ours.id, "part": part})
        conn.execute("SELECT attach_snapshot_part(%(id)s, %(part)s)", {"id": ours.id, "part": part})
    for text in ("SELECT FROM {table}", "INSERT INTO {table} DEFAULT VALUES", *_CHANGES):
        statement = _statement(text, f"snapshot_{ours.id}_{part}")
        assert _attempt(database, ours, statement, {"id": ours.id}) == "forbidden", text


def test_another_organization_is_neither_renamed_nor_made_by_us(
    database: Database, ours: Organization, theirs: Organization
) -> None:
    rename = sql.SQL("UPDATE organizations SET name = 'Mine' WHERE id = %(id)s")
    assert _attempt(database, ours, rename, {"id": theirs.id}) == 0
    make = sql.SQL("INSERT INTO organizations (id, name) VALUES (%(id)s, 'New')")
    assert _attempt(database, ours, make, {"id": 999_999}) == "wall"


def _stopped_before_the_wall(table: str) -> str | None:
    """What stops every UPDATE and DELETE of the table, whosever the rows are."""
    if table in _APPEND_ONLY:
        return "forbidden"
    return "ledger" if table in _STOCK else None


def _statement(text: LiteralString, table: str) -> sql.Composed:
    return sql.SQL(text).format(table=sql.Identifier(table))


def _copy(owner: Connection, table: str) -> sql.Composed:
    """Insert a given row whole, but for what the table computes itself."""
    columns = owner.execute(
        """
        SELECT attname::text AS name FROM pg_attribute
        WHERE attrelid = %(table)s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
        ORDER BY attnum
        """,
        {"table": table},
    ).fetchall()
    return sql.SQL(
        "INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE "
        "SELECT {columns} FROM jsonb_populate_record(null::{table}, %(row)s)"
    ).format(
        table=sql.Identifier(table), columns=sql.SQL(", ").join(sql.Identifier(column["name"]) for column in columns)
    )


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
    """How many rows it touched, or what stopped it: the wall, a missing right, or the ledger of stock."""
    try:
        with database.transaction(organization.id) as conn:
            return conn.execute(statement, values).rowcount
    except psycopg.errors.InsufficientPrivilege as error:
        return "wall" if "row-level security" in str(error) else "forbidden"
    except psycopg.errors.IntegrityConstraintViolation as error:
        if _REFUSAL not in str(error):
            raise
        return "ledger"
