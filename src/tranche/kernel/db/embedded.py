"""A PostgreSQL of our own on this machine: one server per home, shared by every process that holds a lease."""

from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from tranche.kernel.db.account import server_account
from tranche.kernel.db.binaries import find_binaries
from tranche.kernel.db.cluster import RECOVERY_SECONDS, Cluster, server_url
from tranche.kernel.db.lease import Lease
from tranche.kernel.db.places import Places, settle_places

DATABASE = "tranche"
OWNER_ROLE = "tranche_owner"
APP_ROLE = "tranche_app"
_TURN_SECONDS = RECOVERY_SECONDS + 60


class EmbeddedPostgres:
    """A running server and our lease on it. The three addresses go over a socket that only we can reach."""

    def __init__(self, cluster: Cluster, lease: Lease) -> None:
        self._cluster = cluster
        self._lease = lease
        self.owner_url = self.url(OWNER_ROLE)
        self.app_url = self.url(APP_ROLE)
        self.superuser_url = self.url("postgres", database="postgres")
        self.version = ""

    @classmethod
    def start(cls, home: Path, *, pg_bin: Path | None, fsync: bool = True) -> Self:
        """Start the server of this home, or join it where it runs.

        Raises:
            Unavailable: there are no programs, or the server does not start; the message ends with its log.
            Conflict: the data are of another major version, or belong to another user.
        """
        account = server_account()
        binaries = find_binaries(pg_bin, account=account)
        places = settle_places(home, account=account)
        server = cls(Cluster(places, binaries, account, fsync=fsync), Lease(places.base))
        server._join()
        return server

    def stop(self) -> bool:
        """Give up the lease; the last one out stops the server. Answers whether that was us."""
        if not self._lease.held:
            return False
        with self._lease.turn(timeout=_TURN_SECONDS):
            return self._leave()

    @property
    def places(self) -> Places:
        """Where its data and its log are."""
        return self._cluster.places

    def is_alive(self) -> bool:
        """Whether its process is there; it may still be recovering."""
        return self._cluster.is_alive()

    def revive(self) -> None:
        """Start it again where it has died; data are recovered as after a loss of power.

        Raises:
            Unavailable: it does not start; the message ends with its log.
        """
        with self._lease.turn(timeout=_TURN_SECONDS):
            self._cluster.ensure_running()

    def url(self, role: str, *, database: str = DATABASE) -> str:
        """The libpq address of a database on this server for a role."""
        return server_url(self._cluster.places, user=role, database=database)

    def create_database(self, name: str) -> None:
        """Make an empty database of the owner's (about 40 ms)."""
        statement = sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER_ROLE))
        with psycopg.connect(self.superuser_url, autocommit=True) as conn:
            conn.execute(statement)

    def drop_database(self, name: str) -> None:
        """Drop a database, and whoever is still connected to it."""
        with psycopg.connect(self.superuser_url, autocommit=True) as conn:
            conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _join(self) -> None:
        with self._lease.turn(timeout=_TURN_SECONDS):
            self._lease.take()
            try:
                self._cluster.ensure_made()
                self._cluster.ensure_running()
                self._set_up()
            except BaseException:
                self._leave()
                raise

    def _leave(self) -> bool:
        last = self._lease.is_last()
        try:
            if last:
                self._cluster.stop()
        finally:
            self._lease.drop()
        return last

    def _set_up(self) -> None:
        """The superuser only makes the role that owns and migrates, and the plain role that serves."""
        with psycopg.connect(self.superuser_url, autocommit=True) as conn:
            self.version = conn.info.parameter_status("server_version") or ""
            for role in (OWNER_ROLE, APP_ROLE):
                if not conn.execute("SELECT FROM pg_roles WHERE rolname = %(role)s", {"role": role}).rowcount:
                    conn.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
            if not conn.execute("SELECT FROM pg_database WHERE datname = %(name)s", {"name": DATABASE}).rowcount:
                self.create_database(DATABASE)
