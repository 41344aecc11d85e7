"""Commands of an operator on a disk that has no room left: they say so, and what can be looked at is looked at."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.commands.conftest import Ran
from tests.disks import fill, small_disk
from tranche.kernel.db.embedded import EmbeddedPostgres
from tranche.kernel.db.migrate import migrate

Call = Callable[..., Ran]

_FREE = "bytes are free on the disk of"


@pytest.fixture
def disk(home: Path) -> Iterator[Path]:
    """A home on a disk of its own, with an embedded database on it that does not run."""
    with small_disk(home, megabytes=400) as is_real:
        if not is_real:
            pytest.skip("no disk may be mounted here")
        home.chmod(0o711)  # the database's user must pass through
        with EmbeddedPostgres.start(home, pg_bin=None, fsync=False) as server:
            migrate(server.owner_url)
        yield home


def test_doctor_says_why_the_database_does_not_start_and_checks_what_needs_none(embedded: Call, disk: Path) -> None:
    fill(disk)
    ran = embedded("doctor", "--json")
    assert ran.code == 1
    checks = {check["name"]: check for check in json.loads(ran.out)["checks"]}
    why = checks["the database answers"]["findings"][0]["detail"]
    assert "did not start" in why
    assert f"{_FREE} {disk / 'postgres'}" in why
    assert f"Its log, {disk / 'postgres' / 'server.log'}, says: " in why
    assert not checks["there is room on the disk"]["ok"]
    assert "the storage takes files" in checks
    assert checks["the fonts of invoices are installed"]["ok"]
    assert "TRANCHE_OWNER_URL" not in ran.out


def test_backup_says_why_the_database_does_not_start(embedded: Call, disk: Path, tmp_path: Path) -> None:
    fill(disk)
    ran = embedded("backup", tmp_path / "saved")
    assert ran.code == 75
    assert f"{_FREE} {disk / 'postgres'}" in ran.err
    assert "TRANCHE_OWNER_URL" not in ran.err


def test_a_database_that_runs_and_cannot_write_says_so(embedded: Call, disk: Path, tmp_path: Path) -> None:
    with EmbeddedPostgres.start(disk, pg_bin=None, fsync=False):
        fill(disk)
        ran = embedded("doctor")
        assert ran.code == 1
        assert "No space left on device" in ran.out
        assert "✗ there is room on the disk" in ran.out
        assert "TRANCHE_OWNER_URL" not in ran.out
        ran = embedded("backup", tmp_path / "saved")
        assert ran.code == 75
        assert "No space left on device" in ran.err
        assert _FREE in ran.err
        assert "TRANCHE_OWNER_URL" not in ran.err


def test_a_backup_that_finds_no_room_where_it_is_written_names_the_place(
    embedded: Call, disk: Path, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "small", megabytes=1):
        fill(tmp_path / "small", left=20_000)
        ran = embedded("backup", tmp_path / "small" / "saved")
    assert ran.code == 75
    assert f"The disk of {tmp_path / 'small' / 'saved'} has no room for the backup: " in ran.err
    assert f"bytes are free in {tmp_path / 'small'}" in ran.err
    assert str(disk) not in ran.err
