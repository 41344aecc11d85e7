"""`tranche migrate` and `tranche bootstrap`: a database made ready, and its first organization."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands.conftest import Ran
from tests.databases import DatabaseUrls
from tranche.commands.migrate import show_line
from tranche.kernel.db.embedded import OWNER_ROLE, EmbeddedPostgres
from tranche.kernel.db.migrate import MigrationReport, migrations
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.identity.service import authenticate

Call = Callable[..., Ran]
FIRST = ("bootstrap", "--organization", "Acme", "--email", "Ada@Acme.example")


def test_migrate_says_what_it_applied_and_prints_the_line_for_the_plain_role(
    tranche: Call, postgres: EmbeddedPostgres, database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{database_urls.name}_empty"
    postgres.create_database(name)
    try:
        monkeypatch.setenv("TRANCHE_OWNER_URL", postgres.url(OWNER_ROLE, database=name))
        ran = tranche("migrate")
        assert ran.code == 0
        assert re.findall(r"applied (\S+)", ran.err) == [migration.name for migration in migrations()]
        assert re.fullmatch(rf"DATABASE_URL=postgresql://tranche_app@/{name}\?host=\S+\n", ran.out)
        assert "The password was shown when the role was made" in ran.err
        assert "-c '\\password tranche_app'" in ran.err
        again = json.loads(tranche("migrate", "--json").out)
        assert again["applied"] == []
        assert again["databaseUrl"] in ran.out
    finally:
        postgres.drop_database(name)


@pytest.mark.parametrize(("is_new", "told"), [(True, "Keep this line"), (False, "The password was shown when")])
def test_the_line_comes_with_what_is_to_be_known_of_its_password(
    capsys: pytest.CaptureFixture[str],
    is_new: bool,  # noqa: FBT001  # a table
    told: str,
) -> None:
    show_line(MigrationReport(applied=(), app_role_made=is_new, app_url="postgresql://tranche_app@db/tranche"))
    said = capsys.readouterr()
    assert said.out == "DATABASE_URL=postgresql://tranche_app@db/tranche\n"
    assert said.err.startswith(told)
    assert len(said.err.splitlines()) == 1


def test_migrate_asks_for_the_owner_where_only_the_plain_role_is_named(
    tranche: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRANCHE_OWNER_URL")
    ran = tranche("migrate")
    assert ran.code == 2
    assert "Set TRANCHE_OWNER_URL" in ran.err


@pytest.mark.parametrize(
    ("url", "code"), [("postgresql://[nowhere", 2), ("postgresql://owner:hunter2@127.0.0.1:1/nowhere", 75)]
)
def test_migrate_says_in_a_sentence_that_it_cannot_reach_the_database(
    tranche: Call, monkeypatch: pytest.MonkeyPatch, url: str, code: int
) -> None:
    monkeypatch.setenv("TRANCHE_OWNER_URL", url)
    ran = tranche("migrate")
    assert ran.code == code
    assert ran.err.startswith("Error: ")
    assert "hunter2" not in ran.err


def test_a_home_that_cannot_be_made_is_a_sentence(
    tranche: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("TRANCHE_OWNER_URL")
    monkeypatch.setenv("TRANCHE_HOME", str(tmp_path / "file" / "home"))
    ran = tranche("migrate")
    assert ran.code == 1
    assert str(tmp_path / "file") in ran.err


def test_bootstrap_makes_an_organization_and_shows_its_key_once(tranche: Call, database: Database, home: Path) -> None:
    ran = tranche(*FIRST, "--json")
    made = json.loads(ran.out)
    assert ran.code == 0
    assert set(made) == {"organizationId", "branchId", "userId", "apiKey"}
    ctx = authenticate(database, made["apiKey"])
    assert ctx is not None
    assert (ctx.organization_id, ctx.user_id) == (made["organizationId"], made["userId"])
    assert not (home / "key").exists()  # the kept key is for the embedded database
    assert tranche(*FIRST, "--another").out.startswith("organizationId: 2\n")


def test_a_second_bootstrap_needs_another(tranche: Call, owner: Connection) -> None:
    assert tranche(*FIRST).code == 0
    ran = tranche(*FIRST)
    assert ran.code == 6
    assert "Add --another" in ran.err
    assert ran.out == ""
    assert owner.execute("SELECT FROM organizations").rowcount == 1


def test_bootstrap_names_every_fault(tranche: Call, owner: Connection) -> None:
    ran = tranche("bootstrap", "--organization", " ", "--email", "ada@acme.example", "--currency", "euro")
    assert ran.code == 2
    assert "name must have" in ran.err
    assert "currency must be" in ran.err
    assert owner.execute("SELECT FROM organizations").rowcount == 0


def test_bootstrap_needs_a_schema(tranche: Call, owner: Connection) -> None:
    owner.execute("DELETE FROM schema_migrations WHERE name = %(name)s", {"name": migrations()[-1].name})
    ran = tranche(*FIRST)
    assert ran.code == 6
    assert "tranche migrate" in ran.err
