"""The embedded server: made once, shared, stopped by the last one out, and safe against any death."""

import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.kernel.db.servers import kill_all, needs_proc, processes_of, somebody, start_holder, start_writer
from tranche.kernel.db.account import server_account
from tranche.kernel.db.binaries import find_binaries
from tranche.kernel.db.cluster import RECOVERY_SECONDS, ForeignCluster, ServerFailed
from tranche.kernel.db.embedded import EmbeddedPostgres
from tranche.kernel.db.lease import Lease, StillBusy


@needs_proc
def test_eight_processes_that_start_at_once_make_one_cluster_and_the_last_one_out_stops_it(empty_home: Path) -> None:
    holders = [start_holder(empty_home) for _ in range(8)]
    answers = {_line(holder) for holder in holders}
    assert len(answers) == 1
    assert processes_of(empty_home)
    said = []
    for holder in holders:
        assert holder.stdin is not None
        holder.stdin.close()
        said.append(_line(holder))
        holder.wait(10)
    assert said == ["False"] * 7 + ["True"]
    assert processes_of(empty_home) == []


@needs_proc
@pytest.mark.chaos
def test_killing_everything_three_times_loses_no_acknowledged_row(empty_home: Path) -> None:
    acknowledged: set[int] = set()
    for round_number in range(3):
        writer = start_writer(empty_home)
        assert writer.stdout is not None
        for _ in range(50 + 70 * round_number):
            acknowledged.add(int(writer.stdout.readline()))
        kill_all([writer.pid, *processes_of(empty_home)])
        acknowledged.update(int(line) for line in writer.stdout if line.endswith("\n"))
        writer.wait()
    with EmbeddedPostgres.start(empty_home, pg_bin=None) as server, psycopg.connect(server.owner_url) as conn:
        kept = {row[0] for row in conn.execute("SELECT id FROM kept")}
    assert len(acknowledged) >= 3 * 50
    assert acknowledged <= kept


@needs_proc
def test_a_killed_holder_leaves_the_server_to_the_next_one(home: Path) -> None:
    holder = start_holder(home)
    first = _line(holder)
    kill_all([holder.pid])
    holder.wait()
    assert processes_of(home)
    second = start_holder(home)
    assert _line(second) == first
    assert second.stdin is not None
    second.stdin.close()
    assert _line(second) == "True"
    second.wait(10)
    assert processes_of(home) == []


def test_stopping_twice_is_harmless(start: Callable[[], EmbeddedPostgres]) -> None:
    server = start()
    assert server.stop() is True
    assert server.stop() is False


def test_a_second_lease_in_the_same_process_keeps_the_server(start: Callable[[], EmbeddedPostgres]) -> None:
    first, second = start(), start()
    assert first.stop() is False
    with psycopg.connect(second.app_url) as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)
    assert second.stop() is True


def test_rows_survive_a_stop_and_a_start(start: Callable[[], EmbeddedPostgres]) -> None:
    first = start()
    with psycopg.connect(first.owner_url) as conn:
        conn.execute("CREATE TABLE stays AS SELECT 7 AS id")
    first.stop()
    with psycopg.connect(start().owner_url) as conn:
        assert conn.execute("SELECT id FROM stays").fetchone() == (7,)


def test_the_roles_have_no_more_rights_than_they_need(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.owner_url) as conn:
        roles = conn.execute("""
            SELECT rolname, rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication
            FROM pg_roles WHERE rolname IN ('tranche_app', 'tranche_owner') ORDER BY 1
        """).fetchall()
        assert roles == [("tranche_app", False), ("tranche_owner", False)]
        owner = conn.execute("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'tranche'").fetchone()
        assert owner == ("tranche_owner",)


def test_text_folds_beyond_ascii(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.owner_url) as conn:
        assert conn.execute("SELECT lower('ÄÉ'), current_setting('server_encoding')").fetchone() == ("äé", "UTF8")


def test_data_of_another_major_version_are_refused_and_left_alone(
    start: Callable[[], EmbeddedPostgres], home: Path
) -> None:
    start().stop()
    version = home / "postgres" / "data" / "PG_VERSION"
    kept = version.read_text()
    version.write_text("14\n")
    with pytest.raises(ForeignCluster, match="are of PostgreSQL 14") as caught:
        start()
    assert "pg_dump" in caught.value.message
    version.write_text(kept)
    assert start().version


def test_a_death_in_the_middle_of_making_leaves_nothing_in_the_way(
    empty_home: Path,
) -> None:
    (empty_home / "postgres").mkdir(mode=0o700)
    (empty_home / "postgres" / "data.new").mkdir()
    (empty_home / "postgres" / "data.new" / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres.start(empty_home, pg_bin=None, fsync=False) as server:
        assert server.version


@needs_proc
@pytest.mark.parametrize("dead", [True, False], ids=["zombie", "recycled"])
def test_a_pid_file_that_names_somebody_else_does_not_hinder_a_start(
    start: Callable[[], EmbeddedPostgres], home: Path, *, dead: bool
) -> None:
    start().stop()
    with somebody(dead=dead) as pid:
        for file in _pid_files(home):
            file.write_text(f"{pid}\n")
        assert start().version


@needs_proc
def test_an_empty_pid_file_does_not_hinder_a_start(start: Callable[[], EmbeddedPostgres], home: Path) -> None:
    start().stop()
    for file in _pid_files(home):
        file.write_text("")
    assert start().version


@needs_proc
def test_a_killed_server_is_recovered_by_whoever_starts_next_while_others_hold_leases(
    start: Callable[[], EmbeddedPostgres], home: Path
) -> None:
    start()
    kill_all(processes_of(home))
    with psycopg.connect(start().app_url) as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)


@needs_proc
def test_backends_that_outlive_their_postmaster_are_ended_before_a_new_one_starts(
    start: Callable[[], EmbeddedPostgres], home: Path
) -> None:
    server = start()
    with psycopg.connect(server.owner_url, autocommit=True) as conn:
        busy = threading.Thread(target=_count_for_ever, args=(conn,))
        busy.start()
        time.sleep(0.2)
        kill_all([int((home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])])
        assert conn.info.backend_pid in processes_of(home)
        start()
        assert conn.info.backend_pid not in processes_of(home)
        busy.join()


def test_a_server_that_ends_at_once_is_refused_with_the_end_of_its_log(home: Path, tmp_programs: Path) -> None:
    programs = _wrapped(tmp_programs, "echo 'no room at all' >&2; exit 1")
    with pytest.raises(ServerFailed, match="no room at all"):
        EmbeddedPostgres.start(home, pg_bin=programs, fsync=False)
    assert Lease(home / "postgres").is_last() is False  # no lease was left behind
    with EmbeddedPostgres.start(home, pg_bin=None, fsync=False) as server:
        assert server.version


def test_why_it_did_not_start_is_told_of_this_start_alone_with_the_place_of_its_log(
    home: Path, tmp_programs: Path
) -> None:
    with pytest.raises(ServerFailed, match="of yesterday"):
        EmbeddedPostgres.start(home, pg_bin=_wrapped(tmp_programs, "echo 'of yesterday' >&2; exit 1"), fsync=False)
    said = "echo '2026 [7] LOG:  listening' >&2; echo '2026 [7] FATAL:  no space left' >&2; exit 1"
    with pytest.raises(ServerFailed) as caught:
        EmbeddedPostgres.start(home, pg_bin=_wrapped(tmp_programs, said), fsync=False)
    assert str(caught.value).startswith("The embedded PostgreSQL did not start. Its log, ")
    assert str(home / "postgres") in str(caught.value)
    assert str(caught.value).endswith(" says: FATAL:  no space left")


def test_a_server_that_takes_its_time_is_waited_for(home: Path, tmp_programs: Path) -> None:
    programs = _wrapped(tmp_programs, "sleep 1")
    with EmbeddedPostgres.start(home, pg_bin=programs, fsync=False) as server:
        assert server.version
    assert RECOVERY_SECONDS >= 300, "a recovery after a crash may take minutes"


def test_a_turn_that_does_not_come_is_refused(empty_home: Path) -> None:
    with Lease(empty_home).turn(timeout=1), pytest.raises(StillBusy), Lease(empty_home).turn(timeout=0.1):
        pass


def test_databases_are_made_and_dropped(start: Callable[[], EmbeddedPostgres]) -> None:
    server = start()
    server.create_database("another")
    conn = psycopg.connect(server.url("tranche_owner", database="another"))
    conn.execute("CREATE TABLE numbers AS SELECT 7 AS id")  # its owner's
    server.drop_database("another")  # although somebody is connected
    conn.close()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(server.url("tranche_owner", database="another"))


def _line(holder: subprocess.Popen[str]) -> str:
    assert holder.stdout is not None
    return holder.stdout.readline().strip()


def _pid_files(home: Path) -> list[Path]:
    return [home / "postgres" / "data" / "postmaster.pid", home / "postgres" / "socket" / ".s.PGSQL.5432.lock"]


def _count_for_ever(conn: psycopg.Connection[tuple[object, ...]]) -> None:
    with pytest.raises(psycopg.OperationalError):
        conn.execute("SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b")


def _wrapped(folder: Path, before: str) -> Path:
    """Fill a folder with programs whose `postgres` does something first when it is started as a server."""
    from_wheel = find_binaries(None, account=server_account()).folder
    for name in ("initdb", "postgres"):
        first = f'case "$1" in -D) {before};; esac\n' if name == "postgres" else ""
        (folder / name).write_text(f'#!/bin/sh\n{first}exec {from_wheel}/{name} "$@"\n')
        (folder / name).chmod(0o755)
    return folder
