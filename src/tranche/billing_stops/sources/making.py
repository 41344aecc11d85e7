"""From how a source is set up to a reader: host resolved and allowed, credentials opened, file in its folder."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import oracledb

from tranche.billing_stops.domain import Source, SourceFault, SourceKind, SourceRefused
from tranche.billing_stops.sources.csv_file import CsvReader
from tranche.billing_stops.sources.oracle import Driver, OracleAddress, OracleReader
from tranche.billing_stops.sources.port import Reader
from tranche.billing_stops.sources.queries import PostgresReader
from tranche.kernel.errors import TrancheError
from tranche.kernel.notify.addresses import Resolve, find_addresses, resolve_by_system
from tranche.kernel.secrets import SecretBox

PURPOSE: Final = "snapshot source"

_MAKE_THE_SAMPLE: Final = "The sample is made by tranche bill-stop sample, on the machine of the database."
_MOST_FILES: Final = 200
_FILE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """What makes readers in one process.

    `database_url` leads to our own database, on whose server the sample lies. With `allow_private` sources may lie in
    private networks; link-local and metadata addresses never.
    """

    box: Callable[[], SecretBox]
    home: Path
    database_url: str = field(repr=False)
    sample_database: str
    allow_private: bool
    resolve: Resolve = resolve_by_system
    driver: Driver = oracledb

    def make(self, source: Source, *, organization_id: int) -> Reader:
        """A reader of this source.

        Raises:
            SourceRefused: it is not set up as it must be, or its host may not be called.
            SourceFault: its host is not found.
        """
        settings = source.settings
        match source.kind:
            case SourceKind.SAMPLE:
                return PostgresReader(
                    {"conninfo": self.database_url, "dbname": self.sample_database},
                    timeout_seconds=settings.timeout_seconds,
                    way_out=_MAKE_THE_SAMPLE,
                )
            case SourceKind.CSV:
                return CsvReader(self._file(settings.file, organization_id))
        secrets = self._secrets(source, organization_id)
        address = self._address(settings.host, settings.port)
        if source.kind is SourceKind.POSTGRESQL:
            words = {
                "host": settings.host,
                "hostaddr": address,
                "port": settings.port,
                "dbname": settings.database,
                "user": secrets["user"],
                "password": secrets["password"],
            }
            return PostgresReader(words, timeout_seconds=settings.timeout_seconds)
        oracle = OracleAddress(
            host=address,
            port=settings.port,
            service=settings.database,
            user=secrets["user"],
            password=secrets["password"],
        )
        return OracleReader(self.driver, oracle, timeout_seconds=settings.timeout_seconds)

    def list_files(self, organization_id: int) -> list[str]:
        """The names of the files that a CSV source of this organization may be, the first of them."""
        folder = self.home / "sources" / str(organization_id)
        found = folder.iterdir() if folder.is_dir() else ()
        return sorted(file.name for file in found if _FILE.fullmatch(file.name) and not file.is_symlink())[:_MOST_FILES]

    def _secrets(self, source: Source, organization_id: int) -> dict[str, str]:
        if source.sealed is None:
            raise SourceRefused("The source has no credentials; set its user and password.")
        try:
            return self.box().open(source.sealed, organization_id=organization_id, purpose=PURPOSE)
        except TrancheError as error:
            raise SourceRefused(error.message, code=error.error_code) from error

    def _address(self, host: str, port: int) -> str:
        """The address that is connected to is the very one that was looked at: no name is asked twice."""
        try:
            return find_addresses(host, port, allow_private=self.allow_private, resolve=self.resolve)[0]
        except TrancheError as error:
            kind = SourceFault if error.error_code == "unknown_host" else SourceRefused
            raise kind(error.message, code=error.error_code) from error

    def _file(self, name: str, organization_id: int) -> Path:
        folder = self.home / "sources" / str(organization_id)
        if not _FILE.fullmatch(name) or (folder / name).is_symlink():
            raise SourceRefused(f"{name!r} is not the name of a file in the folder sources/{organization_id}.")
        return folder / name
