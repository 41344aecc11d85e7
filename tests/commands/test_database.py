"""Which database a command works on, and which commands may make one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.conftest import Ran
from tranche.kernel.db.embedded import EmbeddedPostgres

Call = Callable[..., Ran]


@pytest.mark.parametrize(
    "words",
    [
        "doctor",
        "backup saved.tar",
        "sql -o 1 SELECT",
        "users password-link a@acme.example",
        "users end-sessions a@acme.example",
        "upkeep list",
        "upkeep run retention",
        "audit heads",
        "audit verify",
        "audit renew-anchor 1 --yes",
    ],
)
def test_a_home_in_which_nothing_was_started_is_named_and_nothing_is_made(
    embedded: Call, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = embedded(*words.split())
    assert ran.code == 4
    assert f"Nothing was ever started in {home}; is TRANCHE_HOME right? `tranche up` starts there." in ran.err
    assert not home.exists()
    assert list(tmp_path.iterdir()) == []


def test_an_embedded_database_without_a_schema_asks_for_no_owner_and_names_three(embedded: Call, home: Path) -> None:
    EmbeddedPostgres.start(home, pg_bin=None, fsync=False).stop()
    for words in ("audit heads", "sql -o 1 SELECT"):
        ran = embedded(*words.split())
        assert ran.code == 6
        assert "lacks 0001_identity, 0002_operations, 0003_orders and " in ran.err
        assert "more. Run `tranche migrate`, then" in ran.err
        assert "TRANCHE_OWNER_URL" not in ran.err
