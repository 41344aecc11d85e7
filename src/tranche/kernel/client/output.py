"""What a command gives back: tables or JSON on stdout, sentences on stderr, an exit code that scripts can read."""

import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any, Final

import msgspec
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tranche.kernel import errors
from tranche.kernel.client.hints import with_options
from tranche.kernel.errors import TrancheError


class ExitCode(IntEnum):
    """The exit codes of every command."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    COMPLETED_WITH_ERRORS = 3
    NOT_FOUND = 4
    AUTH = 5
    CONFLICT = 6
    TRY_AGAIN = 75
    INTERRUPTED = 130


_CODES: Final[Mapping[type[TrancheError], ExitCode]] = {
    errors.Invalid: ExitCode.USAGE,
    errors.Unauthorized: ExitCode.AUTH,
    errors.Forbidden: ExitCode.AUTH,
    errors.NotFound: ExitCode.NOT_FOUND,
    errors.Gone: ExitCode.NOT_FOUND,
    errors.Conflict: ExitCode.CONFLICT,
    errors.TooMany: ExitCode.TRY_AGAIN,
    errors.Unavailable: ExitCode.TRY_AGAIN,
}


_LONGEST_WORD: Final = 24
_BETWEEN: Final = 2  # blanks that a table has for each of its columns
_SPACES: Final = frozenset("\n\t\u2028\u2029")


class Kind(StrEnum):
    """How the values of a column are shown."""

    TEXT = "text"
    WORD = "word"  # to be typed again as it stands, so it is not broken while anything else can be
    NUMBER = "number"
    COUNT = "count"
    MOMENT = "moment"
    DAY = "day"  # sent as a moment that is midnight UTC, or as the day itself


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its heading, and the key of its value in each row."""

    heading: str
    key: str
    kind: Kind = Kind.TEXT


def exit_code(error: TrancheError) -> ExitCode:
    """The code that tells a script which kind of refusal it met."""
    return next((_CODES[kind] for kind in type(error).__mro__ if kind in _CODES), ExitCode.FAILURE)


def complain(error: TrancheError) -> None:
    """Say what was refused, and the single faults where the sentence does not hold them."""
    say(f"Error: {with_options(error.message)}")
    for fault in error.errors:
        if fault.detail not in error.message:
            say(f"  {fault.pointer} {fault.detail}")


def say(text: str) -> None:
    """One line for the person, never for the program that reads stdout."""
    messages().print(Text(clean(text)), soft_wrap=True)


def say_notices(notices: Iterable[str]) -> None:
    """What was decided on the way and deserves a look, each on its line."""
    for notice in notices:
        say(f"! {notice}")


def ask(question: str) -> bool:
    """Whether the person says yes, on stdin, to a question on stderr; the end of stdin is a no.

    What stdout has got so far stands before the question: it may be what is asked about.
    """
    sys.stdout.flush()
    messages().print(Text(f"{clean(question)} [y/N] "), end="", soft_wrap=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def say_page(*, page: int, pages: int, total: int, what: str) -> None:
    """Where in a list one is, and how to go on; nothing where the list is whole."""
    if not total:
        say(f"There are no {what}.")
    elif pages > 1:
        following = f" Go on with --page {page + 1}." if page < pages else ""
        say(f"Page {page:,} of {pages:,}, {total:,} {what} in all.{following}")


def messages() -> Console:
    """Where sentences and progress go: stderr."""
    return Console(stderr=True)


def show_json(value: Mapping[str, Any]) -> None:
    """The server's answer as it came, indented; numbers are exact."""
    body = msgspec.json.Encoder(decimal_format="number").encode(value)
    sys.stdout.write(msgspec.json.format(body, indent=2).decode() + "\n")


def show_table(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], *, console: Console | None = None) -> None:
    """A table for a person; where stdout is no terminal, lines with tabs under one line of headings.

    No word or number is cut: columns for which a narrow terminal has no room are left out from the right, and named.
    """
    out = console or Console()
    if not out.is_terminal:
        lines = [[column.heading for column in columns]]
        lines += [[_plain(row.get(column.key)) for column in columns] for row in rows]
        sys.stdout.write("".join("\t".join(line) + "\n" for line in lines))
        return
    cells = [[_pretty(row.get(column.key), column.kind) for row in rows] for column in columns]
    widths = _fit(columns, cells, room=out.width)
    count = len(widths)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for column, width in zip(columns[:count], widths, strict=True):
        is_right = column.kind in {Kind.NUMBER, Kind.COUNT}
        table.add_column(
            column.heading,
            justify="right" if is_right else "left",
            no_wrap=column.kind is not Kind.TEXT,
            width=width,
            overflow="fold",
        )
    for texts in zip(*cells[:count], strict=True):
        table.add_row(*map(Text, texts))
    out.print(table)
    if count < len(columns):
        left_out = ", ".join(column.heading for column in columns[count:])
        say(f"Not shown, for want of room: {left_out}. A wider terminal has them, and so has --json.")


def show_fields(columns: Sequence[Column], row: Mapping[str, Any], *, console: Console | None = None) -> None:
    """One thing, a line for each of its values."""
    out = console or Console()
    width = max(len(column.heading) for column in columns)
    for column in columns:
        value = _pretty(row.get(column.key), column.kind) if out.is_terminal else _plain(row.get(column.key))
        out.print(Text.assemble((f"{column.heading:<{width}}  ", "dim"), value), soft_wrap=True)


def clean(text: str) -> str:
    """Text from files and servers without what a terminal would obey."""
    return "".join(
        " " if char in _SPACES else "\ufffd" if unicodedata.category(char) in {"Cc", "Cs"} else char for char in text
    )


def _fit(columns: Sequence[Column], cells: Sequence[Sequence[str]], *, room: int) -> list[int]:
    """The widths of as many columns, from the left, as fit: no less than the longest word, no more than they hold."""
    whole = [max(map(cell_len, (column.heading, *texts))) for column, texts in zip(columns, cells, strict=True)]
    widths = [
        width if column.kind is not Kind.TEXT else min(width, _longest_word(column.heading, *texts))
        for width, column, texts in zip(whole, columns, cells, strict=True)
    ]
    while len(widths) > 1 and sum(widths) + _BETWEEN * len(widths) > room:
        widths.pop()
    spare = room - sum(widths) - _BETWEEN * len(widths)
    while spare > 0 and (short := [at for at, width in enumerate(widths) if width < whole[at]]):
        for at in short[:spare]:
            widths[at] += 1
        spare -= len(short)
    return widths


def _longest_word(*texts: str) -> int:
    """Of words that are very long a part will do."""
    return min(max((cell_len(word) for text in texts for word in text.split()), default=1), _LONGEST_WORD)


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return clean(f"{value:f}" if isinstance(value, Decimal) else str(value))


def _pretty(value: object, kind: Kind) -> str:
    if value is None:
        return "-"
    if kind is Kind.COUNT and isinstance(value, int | Decimal):
        return f"{value:,}"
    if kind is Kind.MOMENT and isinstance(value, str):
        return local_time(value)
    if kind is Kind.DAY and isinstance(value, str):
        return clean(value.removesuffix("T00:00:00.000Z"))
    return _plain(value)


def local_time(text: str) -> str:
    """A moment of the API as the clock here shows it, with the zone of that clock."""
    try:
        return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M:%S %Z}"
    except ValueError:
        return clean(text)
