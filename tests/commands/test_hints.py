"""What the hints promise holds: the options are there, and the server still speaks of them by these words."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from tranche.cli import Commands
from tranche.commands.lazy import load
from tranche.kernel.client.hints import OPTIONS, hint_for, with_options
from tranche.kernel.client.options import BRANCH

SOURCES = Path(__file__).parents[2] / "src" / "tranche"


def test_every_option_of_a_hint_is_there_and_takes_its_value() -> None:
    known = _options()
    for option in OPTIONS.values():
        name, _, value = option.removesuffix(f" or {BRANCH}").partition(" ")
        assert name in known, option
        assert not value or value in known[name], option


@pytest.mark.parametrize("word", OPTIONS)
def test_every_word_of_a_hint_stands_in_a_sentence_of_the_server(word: str) -> None:
    files = [path for path in SOURCES.rglob("*.py") if path.name != "hints.py"]
    assert any(word in path.read_text(encoding="utf-8") for path in files)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "Upload with allowDuplicate=true.",
            "Upload with allowDuplicate=true. (at the command line: --allow-duplicate)",
        ),
        ("x-branch-id is missing: such as 1 (Main).", "--branch is missing: such as 1 (Main)."),
        ("There is no such batch.", None),
    ],
)
def test_a_sentence_gets_the_options_that_it_does_not_name(message: str, told: str | None) -> None:
    assert with_options(message) == (told or message)


def test_several_sentences_get_each_option_once() -> None:
    order = "Order A1 exists already; choose onDuplicate=skip or onDuplicate=update to take it"
    assert hint_for([order, order]) == "at the command line: --on-duplicate skip, --on-duplicate update"
    stock = "Lot L-1 has had stock in this branch before; choose onDuplicate=skip to leave it, or correct it"
    assert hint_for([stock]) == "at the command line: --skip-existing"


def _options() -> dict[str, set[str]]:
    """Every option of every command, with the values that it chooses from."""
    found: dict[str, set[str]] = {}
    for name, entry in Commands.entries.items():
        for command in _walk(load(name, entry)):
            for parameter in command.params:
                kind = parameter.type_descriptor.annotation
                values = set(map(str, kind)) if issubclass(kind, StrEnum) else set()
                for option in parameter.opts:
                    found.setdefault(option, set()).update(values)
    return found


def _walk(command: Any) -> Iterator[Any]:
    """A command and all below it; the types are private to Typer."""
    yield command
    for below in getattr(command, "commands", {}).values():
        yield from _walk(below)
