"""Which database a command works on: the one that is named, or the embedded one of TRANCHE_HOME."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tranche.commands.queries import DatabaseAway
from tranche.kernel.db.account import server_account
from tranche.kernel.db.embedded import EmbeddedPostgres
from tranche.kernel.db.keeping import keeping
from tranche.kernel.db.migrate import SchemaLacks
from tranche.kernel.db.places import has_cluster
from tranche.kernel.errors import Invalid, NotFound
from tranche.kernel.settings import Settings, variable

_SCHEMES: Final = ("postgresql://", "postgres://")


class NothingStarted(NotFound):
    """A home in which no database was ever made."""

    code = "nothing_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The plain role's address and the owner's, as far as they are known; `version` of an embedded server."""

    app: str | None
    owner: str | None
    version: str | None = None

    @property
    def is_embedded(self) -> bool:
        """Whether the database runs on this machine only as long as somebody uses it."""
        return self.version is not None

    def require_app(self) -> str:
        """The plain role's address.

        Raises:
            Invalid: only the owner's is known.
        """
        if self.app is None:
            raise Invalid(
                "TRANCHE_OWNER_URL is set and DATABASE_URL is not. Set DATABASE_URL to the plain role's address, which "
                "`tranche migrate` prints.",
                code="setting",
            )
        return self.app

    def require_owner(self) -> str:
        """The owner's address.

        Raises:
            Invalid: only the plain role's is known.
        """
        if self.owner is None:
            raise Invalid(
                "DATABASE_URL is set and TRANCHE_OWNER_URL is not. Set TRANCHE_OWNER_URL to the address of the role "
                "that owns the database.",
                code="setting",
            )
        return self.owner


@contextmanager
def use_database(settings: Settings) -> Iterator[Addresses]:
    """The named database; where none is named, the embedded one, started if need be and kept up in the block.

    Raises:
        Invalid: a setting is no address.
    """
    _check_settings(settings)
    if settings.database_url or settings.owner_url:
        yield Addresses(app=settings.database_url, owner=settings.owner_url)
        return
    with (
        EmbeddedPostgres.start(settings.home, pg_bin=settings.pg_bin) as server,
        keeping(server),
        _as_embedded(server, settings.home),
    ):
        yield Addresses(app=server.app_url, owner=server.owner_url, version=server.version)


@contextmanager
def find_database(settings: Settings) -> Iterator[Addresses]:
    """As `use_database`, for what only makes sense on data that are there: makes no database.

    Raises:
        NothingStarted: none is named, and there is no embedded one either.
    """
    require_started(settings)
    with use_database(settings) as addresses:
        yield addresses


def require_started(settings: Settings) -> None:
    """Refuse a home without an embedded database where no other one is named; makes nothing.

    Raises:
        NothingStarted: says how to start there.
    """
    is_named = settings.database_url or settings.owner_url
    if not is_named and not has_cluster(settings.home, account=server_account()):
        raise NothingStarted(
            f"Nothing was ever started in {settings.home}; is TRANCHE_HOME right? `tranche up` starts there."
        )


def _check_settings(settings: Settings) -> None:
    for name in ("database_url", "owner_url", "listen_url"):
        url: str | None = getattr(settings, name)
        if url is not None and not url.startswith(_SCHEMES):
            raise Invalid(f"{variable(name)} must begin with postgresql:// or postgres://.", code="setting")


@contextmanager
def _as_embedded(server: EmbeddedPostgres, home: Path) -> Iterator[None]:
    """The embedded database is found without any setting: nobody is asked for one, but shown where it lies."""
    try:
        yield
    except SchemaLacks as error:
        raise SchemaLacks(error.missing, way_out="Run `tranche migrate`") from error
    except DatabaseAway as error:
        places = server.places
        way_out = f"{places.little_room()}Its log is {places.log}."
        raise DatabaseAway(error.cause, whose=f"The embedded PostgreSQL of {home} failed", way_out=way_out) from error
