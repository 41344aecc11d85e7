"""Words of the HTTP interface in a server's sentences, and the options that stand for them on the command line."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from tranche.kernel.errors import TrancheError

OPTIONS: Final[Mapping[str, str]] = {
    "allowDuplicate=true": "--allow-duplicate",
    "onDuplicate=skip to leave it": "--skip-existing",
    "onDuplicate=skip": "--on-duplicate skip",
    "onDuplicate=update": "--on-duplicate update",
    "mode=atomic": "--mode atomic",
    "force=void": "--force-void",
    "This branch is not one of yours": "--branch or TRANCHE_BRANCH",
}
_BRANCH: Final = "x-branch-id"  # the header that the option is


def with_options(message: str) -> str:
    """A server's sentence, and behind it the options of the command line that it speaks of and does not name."""
    message = message.replace(_BRANCH, "--branch")
    hint = hint_for([message])
    return f"{message} ({hint})" if hint else message


def hint_for(messages: Iterable[str]) -> str:
    """The options that sentences speak of and do not name, each once; nothing where there are none."""
    found = dict.fromkeys(option for message in messages for option in _missing(message))
    return f"at the command line: {', '.join(found)}" if found else ""


@contextmanager
def naming(names: Mapping[str, str]) -> Iterator[None]:
    """What is refused in this block speaks of options and arguments where the server names members of a body.

    `names` has the words of the command line by the members' paths, such as `parts/0/amount`.
    """
    try:
        yield
    except TrancheError as refusal:
        refusal.message = renamed(refusal.message, names)
        refusal.args = (refusal.message,)
        raise


def renamed(message: str, names: Mapping[str, str]) -> str:
    """The sentence in words of the command line; a path may be written `/parts/0/amount` or `data.parts[0].amount`."""
    by_path = {path: words for one, words in names.items() for path in (one, _dotted(one))}
    longest_first = "|".join(re.escape(path) for path in sorted(by_path, key=len, reverse=True))
    found = re.compile(rf"(?<![\w./-])(?<!Insufficient )(?:/?data[./])?(?:{longest_first})(?![\w/\[])")
    return found.sub(lambda match: by_path[re.sub(r"^/?data[./]", "", match[0])], message)


def _dotted(path: str) -> str:
    return re.sub(r"/(\d+)/", r"[\1].", path)


def _missing(message: str) -> Iterator[str]:
    left = message
    for word, option in OPTIONS.items():
        if word in left:
            left = left.replace(word, "")
            if option not in message:
                yield option
