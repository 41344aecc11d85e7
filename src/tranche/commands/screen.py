"""What a person sees: the terminals, and facts in two columns."""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text


def out() -> Console:
    """The terminal or file for data."""
    return Console(file=sys.stdout, highlight=False)


def err() -> Console:
    """The terminal or file for progress."""
    return Console(file=sys.stderr, highlight=False)


def show_facts(console: Console, pairs: Sequence[tuple[str, str | Text]]) -> None:
    """Names and values; the values are never broken, because an address or a path is there to be copied."""
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        console.print(Text.assemble("  ", (f"{name:<{width}}", "dim"), "   ", value), soft_wrap=True)
