"""Files without a row are cleared away, all others stay."""

import io
import os
import time
from pathlib import Path

import pytest

from tests.keeping import keep
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.storage.abandoned import clear_abandoned
from tranche.kernel.storage.local import LocalFiles

LIMIT = 1_000


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    return LocalFiles(tmp_path / "files")


def _age(path: Path, *, seconds: float = 7_200.0) -> None:
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


def test_an_old_file_that_nobody_registered_goes_and_a_registered_one_stays(
    database: Database, context: Context, files: LocalFiles
) -> None:
    org = context.organization_id
    with database.transaction(org) as conn:
        kept = keep(conn, files, org, b"kept")
    lost = files.put(org, io.BytesIO(b"lost"), limit=LIMIT)
    for stored in (kept, lost):
        _age(files.path(org, stored.sha256))
    assert clear_abandoned(database, files) == 1
    assert files.exists(org, kept.sha256)
    assert not files.exists(org, lost.sha256)


def test_a_file_that_has_just_come_is_left_alone(database: Database, context: Context, files: LocalFiles) -> None:
    fresh = files.put(context.organization_id, io.BytesIO(b"fresh"), limit=LIMIT)
    assert clear_abandoned(database, files) == 0
    assert files.exists(context.organization_id, fresh.sha256)


def test_a_file_put_again_at_that_moment_is_put_back(context: Context, files: LocalFiles) -> None:
    org = context.organization_id
    again = files.put(org, io.BytesIO(b"again"), limit=LIMIT)
    assert not files.discard(org, again.sha256, before=time.time() - 60)
    assert files.open(org, again.sha256).read() == b"again"


def test_parts_of_ended_uploads_go(database: Database, context: Context, files: LocalFiles, tmp_path: Path) -> None:
    files.put(context.organization_id, io.BytesIO(b"x"), limit=LIMIT)
    part = tmp_path / "files" / str(context.organization_id) / ".part-abc"
    part.write_bytes(b"half")
    _age(part)
    assert clear_abandoned(database, files) == 1
    assert not part.exists()
