"""A command group that loads a command's module only when that command is called.

`tranche --help` would otherwise import the web framework, the database driver and the spreadsheet reader. This is
the one place that imports by name; a test loads every entry.
"""

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, Final

import typer.main
from typer.core import TyperCommand, TyperGroup

from tranche.kernel.garbage import uncollected

_NO_NUMBER: Final = "Input should be a valid integer"
_IN_PARAGRAPH: Final = re.compile(r"(?<!\n)\n(?!\n)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One command: the module that holds its Typer app named `app`, its line in the help and its group there."""

    module: str
    help: str
    panel: str


class LazyGroup(TyperGroup):
    """Shows its entries from the table, and loads the one that is called."""

    entries: ClassVar[Mapping[str, Entry]] = {}

    def __init__(self, **given: Any) -> None:  # noqa: ANN401  # handed on as it comes from Typer
        super().__init__(**given)
        for name, entry in self.entries.items():
            self.add_command(TyperCommand(name, help=entry.help, rich_help_panel=entry.panel))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401  # the types are private to Typer
        """Put the real command in the place of its line in the help, then find it."""
        name = args[0]
        if name in self.entries:
            self.add_command(load(name, self.entries[name]))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  # as above
        """Say what must be a number in words of the command line; Typer's own speak of parsing strings."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as refusal:
            if refusal.message.startswith(_NO_NUMBER):
                is_branch = refusal.param is not None and "--branch" in refusal.param.opts
                what = "the number of a branch, not its name" if is_branch else "a whole number"
                refusal.message = f"It must be {what}, such as 1."
            raise


def load(name: str, entry: Entry) -> Any:  # noqa: ANN401  # as above
    """The real command, or group of commands, of an entry."""
    with uncollected():
        command = typer.main.get_command(import_module(entry.module).app)
    command.name = name
    _unwrap(command)
    return command


def _unwrap(command: Any) -> None:  # noqa: ANN401  # as above
    """Lines of a paragraph are broken by the terminal, and not again where the docstring broke them."""
    command.help = _IN_PARAGRAPH.sub(" ", inspect.cleandoc(command.help or ""))
    for one in getattr(command, "commands", {}).values():
        _unwrap(one)
