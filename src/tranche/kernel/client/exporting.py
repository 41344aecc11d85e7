"""`export` commands: a list under filters, saved as CSV or XLSX."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from tranche.kernel.client.options import open_client
from tranche.kernel.client.output import say
from tranche.kernel.errors import Invalid

# The server's sentence about a parameter that a list does not have; two of those that it names are options here.
_UNKNOWN: Final = re.compile(r"(\S+) is not a parameter of this address; it takes: (.*)\.")
_OPTIONS: Final = frozenset({"format", "sort"})


class Format(StrEnum):
    """What `--format` takes."""

    CSV = "csv"
    XLSX = "xlsx"


FormatOption: TypeAlias = Annotated[Format | None, typer.Option("--format", help="By default what --out ends with.")]
OutOption: TypeAlias = Annotated[
    Path | None, typer.Option("--out", help="Save it here; otherwise it goes to stdout.", show_default=False)
]
FilterOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--filter", help="NAME=VALUE, as the list takes it; may be repeated.", show_default=False),
]
SortOption: TypeAlias = Annotated[
    str | None, typer.Option("--sort", help="What to sort by; -NAME the other way round.", show_default=False)
]


def save_export(
    path: str, *, kind: Format | None, out: Path | None, filters: list[str] | None, sort: str | None
) -> None:
    """Fetch the export at `path` into a file, whole or not at all, or pass it to stdout.

    Raises:
        Invalid: a filter is not NAME=VALUE or not one of the list's, the file's name is of neither format, or an XLSX
            would go to a terminal.
    """
    chosen = kind or _format_of(out)
    params = {**_read_filters(filters or []), "sort": sort, "format": chosen.value}
    with _naming_filters(), open_client() as client:
        if out is not None:
            size = client.download(path, out, params=params)
            say(f"Saved {out} ({size:,} bytes).")
            return
        if chosen is Format.XLSX and sys.stdout.isatty():
            raise Invalid("A workbook cannot be shown on a terminal. Name a file by --out.", code="no_terminal")
        with client.stream(path, params=params) as pieces:
            for piece in pieces:
                sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


@contextmanager
def _naming_filters() -> Iterator[None]:
    """A filter that is refused in this block is called so, and told those that there are."""
    try:
        yield
    except Invalid as refusal:
        if found := _UNKNOWN.search(refusal.message):
            known = ", ".join(name for name in found[2].split(", ") if name not in _OPTIONS) or "none"
            raise Invalid(
                f"--filter {found[1]}: this list has no such filter. There are: {known}.", code="bad_filter"
            ) from refusal
        raise


def _format_of(out: Path | None) -> Format:
    ending = "" if out is None else out.suffix.lower().removeprefix(".")
    if ending and ending not in set(Format):
        raise Invalid(f"{out} ends in neither .csv nor .xlsx. Name it so, or say --format.", code="bad_ending")
    return Format(ending or Format.CSV)


def _read_filters(given: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    for name, sign, _ in pairs:
        if not (name and sign):
            raise Invalid(f"--filter takes NAME=VALUE, such as status=open, not {name!r}.", code="bad_filter")
    return {name: value for name, _, value in pairs}


def make_export(path: str, *, what: str) -> Callable[..., None]:
    """The command `export` of the list that is exported at `path`."""

    def export(
        *,
        kind: FormatOption = None,
        out: OutOption = None,
        filters: FilterOption = None,
        sort: SortOption = None,
    ) -> None:
        save_export(path, kind=kind, out=out, filters=filters, sort=sort)

    export.__doc__ = f"Save {what}, all or those that filters leave, as CSV or XLSX."
    return export
