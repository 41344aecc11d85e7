"""What a person sees: the terminals, and facts in two columns."""

import os
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

_PAGE = 100


def out() -> Console:
    """The terminal for what a command shows; a file is a page of 100 columns."""
    console = Console(file=sys.stdout, highlight=False)
    return (
        console
        if console.is_terminal or "COLUMNS" in os.environ
        else Console(file=sys.stdout, highlight=False, width=_PAGE)
    )


def show_facts(console: Console, pairs: Sequence[tuple[str, str | Text]]) -> None:
    """Names and values; the values are never broken, because an address or a path is there to be copied."""
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        console.print(Text.assemble("  ", (f"{name:<{width}}", "dim"), "   ", value), soft_wrap=True)
