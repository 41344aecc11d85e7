"""The register of files: one row for each file of an organization."""

from collections.abc import Callable
from pathlib import Path

from tests.factories import Organization
from tests.keeping import keep
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.storage import service
from tranche.kernel.storage.local import LocalFiles


def _rows(owner: Connection) -> list[tuple[int, bytes, int]]:
    rows = owner.execute("SELECT organization_id, sha256, size FROM files ORDER BY organization_id").fetchall()
    return [(row["organization_id"], bytes(row["sha256"]), row["size"]) for row in rows]


def test_a_stored_file_is_kept_and_registered_once(
    database: Database, organization: Callable[..., Organization], owner: Connection, tmp_path: Path
) -> None:
    files, acme = LocalFiles(tmp_path), organization()
    for _ in range(2):
        with database.transaction(acme.id) as conn:
            stored = keep(conn, files, acme.id, b"abc")
    assert _rows(owner) == [(acme.id, stored.sha256, 3)]
    assert files.exists(acme.id, stored.sha256)
    with database.transaction(acme.id) as conn:
        assert service.find(conn, sha256=stored.sha256) == stored


def test_another_organization_finds_nothing(
    database: Database, organization: Callable[..., Organization], tmp_path: Path
) -> None:
    acme, other = organization(), organization(name="Other")
    with database.transaction(acme.id) as conn:
        stored = keep(conn, LocalFiles(tmp_path), acme.id, b"abc")
    with database.transaction(other.id) as conn:
        assert service.find(conn, sha256=stored.sha256) is None
