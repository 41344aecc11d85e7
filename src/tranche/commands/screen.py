"""What a person sees: the terminals, and blocks of facts in two columns."""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

Facts = Sequence[tuple[str, str]]


def out() -> Console:
    """The terminal or file for data."""
    return Console(file=sys.stdout, highlight=False)


def err() -> Console:
    """The terminal or file for progress."""
    return Console(file=sys.stderr, highlight=False)


def facts(pairs: Facts) -> Table:
    """Names and values, the values never cut: an address or a path is there to be copied."""
    table = Table.grid(padding=(0, 3))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(f"  {name}", value)
    return table
