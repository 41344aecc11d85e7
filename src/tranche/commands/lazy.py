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

_OF_A_NUMBER: Final = "Input should be "
_NUMBERS: Final = (int, list[int])
_OF_A_VALUE: Final = "Value error, "
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
        """Run the command; what it cannot take is told in our words."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = _in_our_words(error)
            raise


def load(name: str, entry: Entry) -> Any:  # noqa: ANN401  # as above
    """The real command, or group of commands, of an entry."""
    with uncollected():
        command = typer.main.get_command(import_module(entry.module).app)
    command.name = name
    _unwrap(command)
    return command


def _in_our_words(error: typer.BadParameter) -> str:
    """What is expected of a number; of other values the sentence without what the library that reads them adds."""
    param: Any = error.param
    if not error.message.startswith(_OF_A_NUMBER) or param.type_descriptor.annotation not in _NUMBERS:
        return error.message.removeprefix(_OF_A_VALUE)
    return f"must be a whole number{_between(param.min, param.max)}"


def _between(least: int | None, most: int | None) -> str:
    if least is None:
        return "" if most is None else f" of {most} or less"
    return f" of {least} or more" if most is None else f" from {least} to {most}"


def _unwrap(command: Any) -> None:  # noqa: ANN401  # as above
    """Lines are broken by the terminal: not again where the docstring broke them, and between words of a choice."""
    command.help = _IN_PARAGRAPH.sub(" ", inspect.cleandoc(command.help or ""))
    for param in command.params:
        if param.param_type_name == "option" and param.metavar is None and param.type_descriptor.is_choice:
            param.metavar = param.display_type(None).replace("|", " | ")
    for one in getattr(command, "commands", {}).values():
        _unwrap(one)
