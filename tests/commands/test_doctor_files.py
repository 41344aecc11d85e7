"""`tranche doctor` and files: missing, cut, changed, left over, and room for more."""

import os
import time
from dataclasses import replace
from pathlib import Path

from tests.commands.examined import Body
from tests.commands.whole import SHA256
from tranche.kernel.doctor.domain import Finding
from tranche.kernel.doctor.files import full_disk


def test_a_missing_and_a_cut_file_are_found(body: Body) -> None:
    body.file.write_bytes(b"short")
    (cut,) = body.findings()["every registered file is there"]
    assert "has 5 bytes instead of 21" in cut.detail
    body.file.unlink()
    (missing,) = body.findings()["every registered file is there"]
    assert missing == Finding(body.organization.id, f"file {SHA256.hex()[:12]}... is missing")


def test_a_changed_file_is_found_when_all_are_read(body: Body) -> None:
    body.file.write_bytes(b"X" * body.file.stat().st_size)
    assert body.findings() == {}
    deep = Body(body.conn, replace(body.patient, deep=True), body.organization)
    assert "every registered file is there" in deep.findings()


def test_a_file_without_a_row_is_found_after_an_hour(body: Body) -> None:
    orphan = body.file.with_name("0" * 64)
    part = body.file.parents[1] / ".part-x"
    for path in (orphan, part):
        path.write_bytes(b"left over")
    assert body.findings() == {}
    for path in (orphan, part):
        os.utime(path, (time.time() - 3_700, time.time() - 3_700))
    assert len(body.findings()["every file is registered"]) == 2


def test_a_full_disk_is_found(home: Path) -> None:
    (found,) = full_disk(home / "not" / "there" / "yet", least=10**18)
    assert "make room for at least 1,000,000,000,000,000,000" in found.detail
    assert not full_disk(home, least=0)
