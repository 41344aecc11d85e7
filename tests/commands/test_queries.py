"""Why a database cannot be had: it does not answer, or the setting is wrong."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.conftest import Ran
from tests.kernel.db.servers import reload_rules
from tranche.commands.queries import reaching
from tranche.kernel.db.embedded import EmbeddedPostgres
from tranche.kernel.db.pool import KEEPALIVES, connect
from tranche.kernel.errors import Invalid, Unavailable

Call = Callable[..., Ran]


def _refused(url: str) -> str:
    with pytest.raises(Invalid) as refused, reaching("DATABASE_URL"), connect(url):
        pass
    assert refused.value.error_code == "setting"
    assert "\n" not in refused.value.message
    return refused.value.message


def test_a_database_or_a_role_that_is_not_there_is_a_wrong_setting(postgres: EmbeddedPostgres) -> None:
    said = _refused(postgres.url("tranche_app", database="nowhere"))
    assert 'database "nowhere" does not exist. Correct DATABASE_URL' in said
    assert 'role "nobody_here" does not exist. Correct DATABASE_URL' in _refused(postgres.url("nobody_here"))


def test_a_wrong_password_is_a_wrong_setting_and_is_not_shown(home: Path) -> None:
    with EmbeddedPostgres.start(home, pg_bin=None, fsync=False) as server:
        with connect(server.superuser_url) as conn:
            conn.execute("CREATE ROLE clerk LOGIN PASSWORD 'right'")
        reload_rules(home, server.superuser_url, "local all clerk scram-sha-256")
        said = _refused(server.url("clerk:hunter2"))
        assert 'password authentication failed for user "clerk". Correct DATABASE_URL' in said
        assert "hunter2" not in said
        assert "no password supplied" in _refused(server.url("clerk"))


def test_a_server_that_is_silent_is_named_with_its_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tranche.kernel.db.pool.KEEPALIVES", {**KEEPALIVES, "connect_timeout": 2})
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        port = silent.getsockname()[1]
        with pytest.raises(Unavailable) as away, reaching("DATABASE_URL"), connect(f"postgresql://127.0.0.1:{port}/x"):
            pass
    assert f'connection to server at "127.0.0.1", port {port} failed: connection timeout expired' in away.value.message


def test_a_server_that_takes_no_more_connections_is_not_asked_whether_it_runs(home: Path) -> None:
    with EmbeddedPostgres.start(home, pg_bin=None, fsync=False) as server:
        with connect(server.superuser_url) as conn:
            conn.execute("CREATE ROLE clerk LOGIN CONNECTION LIMIT 0")
        url = server.url("clerk")
        with pytest.raises(Unavailable) as away, reaching("DATABASE_URL"), connect(url):
            pass
    assert "too many connections for role" in away.value.message
    assert "Raise the limit of the role or the database, or lower TRANCHE_POOL_SIZE." in away.value.message
    assert "is DATABASE_URL right" not in away.value.message


def test_of_several_servers_one_line_is_told() -> None:
    url = "postgresql://clerk:hunter2@127.0.0.1:1,127.0.0.1:2/x"
    with pytest.raises(Unavailable) as away, reaching("DATABASE_URL"), connect(url):
        pass
    assert "port 2 failed: Connection refused. Does it run, and is DATABASE_URL right?" in away.value.message
    assert "\n" not in away.value.message


def test_a_name_that_is_unknown_is_told_with_its_port() -> None:
    with pytest.raises(Unavailable) as away, reaching("DATABASE_URL"), connect("postgresql://nowhere.invalid:77/x"):
        pass
    assert '"nowhere.invalid", port 77 failed: failed to resolve host' in away.value.message


@pytest.mark.parametrize("url", ["postgresql://clerk:hun%zz@db/hunter2", "mysql://clerk:hunter2@db/x"])
def test_an_address_that_cannot_be_read_shows_no_password(url: str) -> None:
    said = _refused(url)
    assert said.startswith("DATABASE_URL cannot be read as an address")
    assert "hun" not in said


@pytest.mark.parametrize("name", ["DATABASE_URL", "TRANCHE_OWNER_URL", "TRANCHE_LISTEN_URL"])
@pytest.mark.parametrize("url", ["mysql://clerk:hunter2@db/x", "host=db password=hunter2", "db/x"])
def test_an_address_of_another_kind_is_refused_in_a_sentence(
    tranche: Call, monkeypatch: pytest.MonkeyPatch, name: str, url: str
) -> None:
    monkeypatch.setenv(name, url)
    ran = tranche("doctor")
    assert (ran.code, ran.err) == (2, f"Error: {name} must begin with postgresql:// or postgres://.\n")
