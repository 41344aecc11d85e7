"""What the commands `errors` of all targets share: what was wrong by row, by cause, and as a workbook to correct."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from tranche.imports.finding import find_import, say_import
from tranche.kernel.client.files import read_ending
from tranche.kernel.client.hints import hint_for
from tranche.kernel.client.http import Client, Json
from tranche.kernel.client.options import JsonOption, LimitOption, PageOption, open_client
from tranche.kernel.client.output import Column, Kind, say, say_notices, say_page, show_json, show_table
from tranche.kernel.errors import NotFound

_COLUMNS: Final = (
    Column("Row", "row", Kind.NUMBER),
    Column("Column", "column"),
    Column("What is wrong", "message"),
)
_GROUP_COLUMNS: Final = (
    Column("Count", "count", Kind.COUNT),
    Column("Code", "code"),
    Column("Severity", "severity"),
    Column("Column", "column"),
    Column("First row", "firstRow", Kind.NUMBER),
    Column("Key", "key"),
    Column("Example", "example"),
)
_FIRST: Final = 10


class NothingRefused(NotFound):
    """There is no row that could be corrected."""

    code = "nothing_refused"


class Severity(StrEnum):
    """What `--severity` takes."""

    ERROR = "error"
    WARNING = "warning"


ImportArgument: TypeAlias = Annotated[
    int, typer.Argument(min=1, metavar="IMPORT", help="The number of the import, as it was named.", show_default=False)
]
OutOption: TypeAlias = Annotated[
    Path | None, typer.Option(help="Save the bad rows as a workbook (.xlsx), to be corrected.", show_default=False)
]
GroupsOption: TypeAlias = Annotated[bool, typer.Option("--groups", help="Causes with their counts.")]
SeverityOption: TypeAlias = Annotated[
    Severity | None, typer.Option(help="Only errors, or only warnings.", show_default=False)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """The errors of one file: `home` is its address, `what` its name, `following` the command for corrected rows."""

    home: str
    what: str
    following: str

    def present(
        self,
        client: Client,
        *,
        out: Path | None,
        groups: bool,
        severity: Severity | None,
        page: int,
        limit: int,
        json: bool,
    ) -> None:
        """Save them, or show their causes, or a page of them, as the options of the command say.

        Raises:
            Invalid: the name to save under does not end in .xlsx.
            NothingRefused
        """
        if out is not None:
            self._save(client, out)
        elif groups:
            self._show_groups(client, json=json)
        else:
            self._show_page(client, severity=severity, page=page, limit=limit, json=json)

    def _save(self, client: Client, out: Path) -> None:
        read_ending(out, known=(".xlsx",))
        errors = client.get(f"{self.home}/errors", params={"severity": "error", "limit": 1})
        if not errors["pagination"]["totalItems"] and self._was_read(client):
            raise NothingRefused(f"Nothing of {self.what} is refused; there is nothing to correct.")
        size = client.download(f"{self.home}/errors.xlsx", out)
        say(f"Saved {out} ({size:,} bytes). Correct its rows, then: {self.following} {out}")

    def _show_groups(self, client: Client, *, json: bool) -> None:
        answer = client.get(f"{self.home}/errors/groups")
        if json:
            show_json(answer)
        else:
            show_table(_GROUP_COLUMNS, answer["data"])

    def _show_page(self, client: Client, *, severity: Severity | None, page: int, limit: int, json: bool) -> None:
        params = {"severity": severity.value if severity else None, "page": page, "limit": limit}
        answer = client.get(f"{self.home}/errors", params=params)
        if json:
            show_json(answer)
            return
        _show(answer["data"])
        pages = answer["pagination"]
        what = f"{severity.value}s" if severity else "errors and warnings"
        say_page(page=page, pages=pages["totalPages"], total=pages["totalItems"], what=what)

    def _was_read(self, client: Client) -> bool:
        """A batch whose file could not be read at all has no import, and the server says so better."""
        return client.get(self.home).get("importId", self.home) is not None


def make_errors(target: str, *, following: str) -> Callable[..., None]:
    """The command `errors` for the imports of one target."""

    def errors(
        number: ImportArgument,
        *,
        out: OutOption = None,
        groups: GroupsOption = False,
        severity: SeverityOption = None,
        page: PageOption = 1,
        limit: LimitOption = 50,
        json: JsonOption = False,
    ) -> None:
        """Show what was wrong with the rows of an import, also of a dry run."""
        with open_client() as client:
            work = find_import(client, number, target=target, verb="errors")
            say_import(work)
            errors_of(work, following=following).present(
                client, out=out, groups=groups, severity=severity, page=page, limit=limit, json=json
            )

    return errors


def errors_of(work: Json, *, following: str) -> Errors:
    """The errors of an import; a dry run has them as well."""
    return Errors(home=f"/api/imports/{work['id']}", what=f"import {work['id']}", following=following)


def show_findings(client: Client, import_id: int, *, summary: Json, more: str) -> None:
    """What was decided for the file, and the first errors; `summary` is that of the operation that has ended.

    `more` is the command that shows all errors.
    """
    say_notices(summary.get("notices", []))
    found = client.get(f"/api/imports/{import_id}/errors", params={"severity": "error", "limit": _FIRST})
    total, warnings = found["pagination"]["totalItems"], int(summary.get("warnings", 0))
    show_first_errors(found["data"], total=total, warnings=warnings, more=more)


def show_first_errors(errors: Sequence[Json], *, total: int, warnings: int, more: str) -> None:
    """At most ten errors, and where the others and the warnings are; `more` is the command that shows them all."""
    if errors:
        shown = errors[:_FIRST]
        _show(shown)
        if total > len(shown):
            say(f"{total:,} errors, the first {len(shown)} shown. All of them: {more}")
        say(f"To correct them in a spreadsheet: {more} --out errors.xlsx")
    if warnings:
        what = "warning" if warnings == 1 else f"{warnings:,} warnings"
        say(f"To see the {what}: {more} --severity warning")


def _show(errors: Sequence[Json]) -> None:
    show_table(_COLUMNS, errors)
    hint = hint_for(str(error["message"]) for error in errors)
    if hint:
        say(f"Where a message names a choice, {hint}")
