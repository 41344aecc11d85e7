"""Words of the HTTP interface in a server's sentences, and the options that stand for them on the command line."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

OPTIONS: Final[Mapping[str, str]] = {
    "allowDuplicate=true": "--allow-duplicate",
    "onDuplicate=skip to leave it": "--skip-existing",
    "onDuplicate=skip": "--on-duplicate skip",
    "onDuplicate=update": "--on-duplicate update",
    "mode=atomic": "--mode atomic",
    "force=void": "--force-void",
    "x-branch-id": "--branch",
}


def with_options(message: str) -> str:
    """A server's sentence, and behind it the options of the command line that it speaks of and does not name."""
    hint = hint_for([message])
    return f"{message} ({hint})" if hint else message


def hint_for(messages: Iterable[str]) -> str:
    """The options that sentences speak of and do not name, each once; nothing where there are none."""
    found = dict.fromkeys(option for message in messages for option in _missing(message))
    return f"at the command line: {', '.join(found)}" if found else ""


def _missing(message: str) -> Iterator[str]:
    left = message
    for word, option in OPTIONS.items():
        if word in left:
            left = left.replace(word, "")
            if option not in message:
                yield option
