"""Where the embedded server keeps its data and its socket, and who can reach them."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.kernel.db.servers import needs_proc, needs_root, processes_of
from tranche.kernel.db.account import server_account
from tranche.kernel.db.embedded import EmbeddedPostgres
from tranche.kernel.db.places import UnusableFolder, has_cluster

# Put before a program, it gives up root's rights once all modules are loaded.
_AS_USER = "import os, socket, sys; os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))\n"


def test_it_listens_on_no_network_and_its_folders_are_private(postgres: EmbeddedPostgres, session_home: Path) -> None:
    with psycopg.connect(postgres.superuser_url) as conn:
        assert conn.execute("SELECT current_setting('listen_addresses')").fetchone() == ("",)
    for folder in ("", "socket", "data"):
        assert stat.S_IMODE((session_home / "postgres" / folder).stat().st_mode) == 0o700


@needs_root
def test_another_local_user_cannot_reach_the_socket(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.app_url) as conn:
        socket = f"{conn.info.host}/.s.PGSQL.5432"
    program = "socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    for user, told in ((12345, "PermissionError"), (0, "")):
        tried = subprocess.run(
            [sys.executable, "-c", _AS_USER + program, socket, str(user)], capture_output=True, text=True, check=False
        )
        assert told in tried.stderr
        assert (tried.returncode != 0) == bool(told)


@needs_root
@needs_proc
def test_the_server_does_not_run_as_root(postgres: EmbeddedPostgres, session_home: Path) -> None:
    assert postgres.version
    assert {Path(f"/proc/{pid}").stat().st_uid for pid in processes_of(session_home)}.isdisjoint({0})


@needs_root
def test_a_home_that_the_servers_user_cannot_enter_has_its_data_elsewhere(empty_home: Path) -> None:
    empty_home.chmod(0o700)
    folders = set()
    try:
        for _ in range(2):
            server = EmbeddedPostgres.start(empty_home, pg_bin=None, fsync=False)
            with server, psycopg.connect(server.owner_url) as conn:
                folders.add(Path(conn.info.host).parent)
            empty_home.chmod(0o711)  # the second start finds the data where they are, although the home is open by then
        assert len(folders) == 1
        assert {folder.parent for folder in folders} == {Path("/var/lib/tranche")}
        assert not (empty_home / "postgres").exists()
        assert has_cluster(empty_home, account=server_account())
    finally:
        for folder in folders:
            shutil.rmtree(folder)


def test_whether_there_is_a_cluster_is_told_without_making_one(empty_home: Path) -> None:
    account = server_account()
    assert not has_cluster(empty_home / "none", account=account)
    assert not (empty_home / "none").exists()
    EmbeddedPostgres.start(empty_home, pg_bin=None, fsync=False).stop()
    assert has_cluster(empty_home, account=account)


@needs_root
def test_data_that_cannot_be_reached_any_more_are_never_replaced_by_an_empty_database(
    start: Callable[[], EmbeddedPostgres], home: Path
) -> None:
    start().stop()
    home.chmod(0o700)
    try:
        with pytest.raises(UnusableFolder, match="may not pass through"):
            start()
    finally:
        home.chmod(0o711)


@needs_root
def test_a_folder_of_another_user_is_refused(empty_home: Path) -> None:
    (empty_home / "postgres").mkdir()
    os.chown(empty_home / "postgres", 12345, 12345)
    with pytest.raises(UnusableFolder, match="must be a folder of the user"):
        EmbeddedPostgres.start(empty_home, pg_bin=None, fsync=False)


def test_a_long_path_has_its_socket_in_a_short_private_folder(empty_home: Path) -> None:
    deep = empty_home / ("d" * 60) / ("e" * 60)
    with EmbeddedPostgres.start(deep, pg_bin=None, fsync=False) as server, psycopg.connect(server.app_url) as conn:
        folder = Path(conn.info.host)
        assert len(str(folder / ".s.PGSQL.5432").encode()) <= 107
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.rmdir()


def test_a_path_with_spaces_and_signs_works(empty_home: Path) -> None:
    server = EmbeddedPostgres.start(empty_home / "a b&c%20=é'", pg_bin=None, fsync=False)
    with server, psycopg.connect(server.app_url) as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)
