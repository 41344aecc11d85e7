"""Which database a command works on, and which commands may make one."""

from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Ran
from tranche.cli import Commands
from tranche.commands.lazy import load
from tranche.kernel.db.embedded import EmbeddedPostgres

Call = Callable[..., Ran]


# What begins an installation, or makes one of its own to be thrown away.
_BEGINNERS = {"up", "demo", "migrate", "restore"}

_ONE_OF_SEVERAL = {
    "invoices create": ("--all-open",),
    "lots adjust": ("--by", "1"),
    "orders errors": ("1",),
    "orders import": ("--import", "1"),
    "orders judge": ("1",),
    "orders fix": ("--row", "2"),
    "pdfs": ("1",),
    "send": ("1",),
    "schedules edit": ("--cron", "0 2 * * *"),
    "upkeep edit": ("--cron", "0 2 * * *"),
}


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
        "bootstrap --organization Acme --email a@acme.example",
        "bill-stop sample",
        "bill-stop sample --changes 5",
        "serve --port 0",
        "worker",
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


def test_no_command_makes_anything_in_a_home_in_which_nothing_was_started(
    embedded: Call, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = tmp_path / "given.csv"
    given.write_text("{}")
    for name in set(Commands.entries) - _BEGINNERS:
        for words in _words_of(load(name, Commands.entries[name]), (name,), given=given):
            ran = embedded(*words)
            assert ran.code in {4, 5, 6, 75}, (words, ran)
            assert not home.exists(), words
    assert list(tmp_path.iterdir()) == [given]


def _words_of(command: Any, words: tuple[str, ...], *, given: Path) -> Iterator[tuple[str, ...]]:
    """Every command below this one, each with all that it needs."""
    for name, below in getattr(command, "commands", {}).items():
        yield from _words_of(below, (*words, name), given=given)
    if not hasattr(command, "commands"):
        needed = [part for part in command.params if part.required or part.name == "yes"]
        more = _ONE_OF_SEVERAL.get(" ".join(words), ())
        yield (*words, *(word for part in needed for word in _filled(part, given=given)), *more)


def _filled(part: Any, *, given: Path) -> list[str]:
    """An argument, or an option with its name, of the kind that it wants."""
    names = [part.opts[0]] if part.param_type_name == "option" else []
    if part.name == "yes":
        return names
    kind = part.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [*names, next(iter(kind)).value]
    return [*names, str(given) if kind is Path else "1" if kind is int else "email=1"]


def test_an_embedded_database_without_a_schema_asks_for_no_owner_and_names_three(embedded: Call, home: Path) -> None:
    EmbeddedPostgres.start(home, pg_bin=None, fsync=False).stop()
    for words in ("audit heads", "sql -o 1 SELECT"):
        ran = embedded(*words.split())
        assert ran.code == 6
        assert "lacks 0001_identity, 0002_operations, 0003_orders and " in ran.err
        assert "more. Run `tranche migrate`, then" in ran.err
        assert "TRANCHE_OWNER_URL" not in ran.err
