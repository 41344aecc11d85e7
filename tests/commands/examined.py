"""An installation under examination, in which accidents may happen."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.commands.whole import SHA256, fill
from tests.databases import DatabaseUrls
from tests.factories import Organization
from tranche.examination import make_patient
from tranche.kernel.db.embedded import EmbeddedPostgres
from tranche.kernel.db.pool import Connection, connect
from tranche.kernel.doctor.domain import Finding
from tranche.kernel.doctor.service import Patient, examine
from tranche.kernel.settings import Settings
from tranche.kernel.storage.local import LocalFiles
from tranche.modules import make_modules


@dataclass(frozen=True, slots=True)
class Body:
    """An installation under examination: in a transaction of the superuser, which is rolled back afterwards."""

    conn: Connection
    patient: Patient
    organization: Organization

    @property
    def file(self) -> Path:
        name = SHA256.hex()
        return self.patient.home / "files" / str(self.organization.id) / name[:2] / name

    def findings(self) -> dict[str, tuple[Finding, ...]]:
        """What each check finds now, only those that find something."""
        found = examine(self.conn, self.patient, now=time.time())
        return {outcome.name: outcome.findings for outcome in found if not outcome.is_ok}


@pytest.fixture
def body(
    database_urls: DatabaseUrls,
    postgres: EmbeddedPostgres,
    owner: Connection,
    organization: Callable[..., Organization],
    home: Path,
) -> Iterator[Body]:
    acme = organization()
    organization(name="Other")
    fill(owner, acme, home)
    settings, files = Settings(home=home), LocalFiles(home / "files")
    checks = [check for module in make_modules(settings, files=files) for check in module.checks]
    patient = make_patient(settings, checks, files=files)
    with connect(postgres.url("postgres", database=database_urls.name)) as conn, conn.transaction(force_rollback=True):
        # Triggers off: what the database itself would refuse is what a restore may bring.
        conn.execute("SET LOCAL session_replication_role = replica")
        yield Body(conn, patient, acme)
