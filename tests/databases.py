"""Databases for tests: copies of one that is there, dropped afterwards, and one that a module fills for all to read."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg import sql

from tests.factories import make_organization
from tranche.kernel.context import Context
from tranche.kernel.db.embedded import APP_ROLE, OWNER_ROLE, EmbeddedPostgres
from tranche.kernel.db.pool import Connection, Database, connect


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """The addresses of one database, for the owner and for the plain role."""

    name: str
    owner: str
    app: str


@dataclass(frozen=True, slots=True)
class Copier:
    """Makes and drops copies of databases; its connection of the superuser lasts as long as the session."""

    postgres: EmbeddedPostgres
    conn: Connection

    @contextmanager
    def copy(self, template: str) -> Iterator[DatabaseUrls]:
        """A copy of a database (about 30 ms), with the settings of its roles."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.conn.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(name), sql.Identifier(OWNER_ROLE), sql.Identifier(template)
            )
        )
        try:
            # What settle_role() has set there: to set it anew would take a third of the time of the copy.
            self.conn.execute(
                """
                INSERT INTO pg_db_role_setting
                SELECT own.oid, s.setrole, s.setconfig
                FROM pg_db_role_setting s
                JOIN pg_database t ON t.oid = s.setdatabase AND t.datname = %(template)s
                JOIN pg_database own ON own.datname = %(name)s
                """,
                {"template": template, "name": name},
            )
            yield DatabaseUrls(
                name=name,
                owner=self.postgres.url(OWNER_ROLE, database=name),
                app=self.postgres.url(APP_ROLE, database=name),
            )
        finally:
            self.conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def copier(postgres: EmbeddedPostgres) -> Iterator[Copier]:
    """Copies on this server."""
    with connect(postgres.superuser_url, name="tests copier") as conn:
        yield Copier(postgres, conn)


@contextmanager
def pool(urls: DatabaseUrls) -> Iterator[Database]:
    """The pool that the product uses, as the plain role."""
    opened = Database(urls.app, size=5, name="tests").open()
    try:
        yield opened
    finally:
        opened.close()


@dataclass(frozen=True, slots=True)
class Shared:
    """A database that one organization's rows fill once, for all tests of a module to read."""

    database: Database
    owner: Connection
    context: Context

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction of the plain role in the organization; what it changes nobody else sees."""
        with self.database.transaction(self.context.organization_id) as conn, conn.transaction(force_rollback=True):
            yield conn


@contextmanager
def sharing(urls: DatabaseUrls) -> Iterator[Shared]:
    """That database, with a new organization in it; its connections are closed afterwards."""
    with pool(urls) as database, connect(urls.owner, name="tests owner") as owner:
        yield Shared(database, owner, make_organization(owner).context())
