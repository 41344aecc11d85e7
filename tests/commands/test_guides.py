"""What the guides say to type exists: every command, with its options."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tranche.cli import Commands
from tranche.commands.lazy import load

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"))
_LINE = re.compile(r"(?<![\w./-])tranche ((?:[a-z][a-z-]*)(?: [^\n`#|]*)?)")
_OPTION = re.compile(r"(?<!\S)--[a-z][a-z-]*")


@cache
def _commands() -> dict[str, set[str] | None]:
    """Every command with its options; None of a group of commands, which takes none."""
    return {
        " ".join(words): options
        for name, entry in Commands.entries.items()
        for words, options in _walk(load(name, entry), (name,))
    }


def _walk(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], set[str] | None]]:
    below = getattr(command, "commands", {})
    own = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    yield words, None if below and not getattr(command, "invoke_without_command", False) else own
    for name, sub in below.items():
        yield from _walk(sub, (*words, name))


@cache
def _typed() -> list[tuple[str, str, str]]:
    """What pages say to type: the page, the longest command that there is, and what stands behind it."""
    found = []
    for page in PAGES:
        for line in _LINE.findall(page.read_text().replace("\\|", " | ")):
            command, rest = "", line
            for word in line.split():
                if f"{command} {word}".strip() not in _commands():
                    break
                command, rest = f"{command} {word}".strip(), rest.partition(word)[2]
            found.append((page.name, command, rest))
    return found


def test_guides_name_only_commands_and_options_that_exist() -> None:
    wrong = []
    for page, command, rest in _typed():
        options = _commands().get(command)
        if options is None and re.match(r" ?[a-z]", rest):
            wrong.append(f"{page}: tranche {command}{rest}")
        known = {"--help", *(options or ())}
        wrong += [f"{page}: tranche {command} {option}" for option in _OPTION.findall(rest) if option not in known]
    assert _typed()
    assert wrong == []
