"""`tranche sql`: statements as one organization sees the data."""

import csv
import sys
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import typer

from tranche.commands import queries
from tranche.commands.database import Addresses, find_database
from tranche.commands.install import require_ready
from tranche.commands.options import JsonOption, load_settings
from tranche.commands.queries import Result, reaching
from tranche.kernel.client.output import Column, Kind, say, show_table
from tranche.kernel.db.pool import connect
from tranche.kernel.errors import Conflict, Invalid, NotFound

app = typer.Typer(add_completion=False)

_SHOWN = 1_000
_NAMESAKES = 10


@app.command()
def sql(
    statement: Annotated[
        str | None, typer.Argument(help="The SQL; read from standard input where it is left out.", show_default=False)
    ] = None,
    *,
    organization: Annotated[str, typer.Option("--organization", "-o", help="Its number or its name.")],
    json: JsonOption = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Run SQL as the plain role, in a session of one organization: what belongs to others is not there."""
    if json and csv:
        raise Invalid("Choose one of --json and --csv.")
    with find_database(load_settings()) as addresses:
        database_url = addresses.require_app()
        require_ready(database_url)
        organization_id = _find(addresses, organization)
        text = sys.stdin.read() if statement is None else statement
        with reaching("DATABASE_URL"), connect(database_url, name="tranche sql") as conn:
            if not queries.enter_organization(conn, organization_id=organization_id):
                raise NotFound(f"There is no organization {organization}.")
            results = queries.run_sql(conn, text)
    for result in results:
        _show(result, as_json=json, as_csv=csv)


def _find(addresses: Addresses, organization: str) -> int:
    """The id; a name is looked up as the owner, because the plain role sees one organization at a time."""
    if organization.isascii() and organization.isdigit():
        return int(organization)
    if addresses.owner is None:
        raise Invalid("Give the organization's number, or set TRANCHE_OWNER_URL so that its name can be looked up.")
    with reaching("TRANCHE_OWNER_URL"), connect(addresses.owner, name="tranche sql") as conn:
        found = queries.list_organizations(conn, name=organization, limit=_NAMESAKES)
    if not found:
        raise NotFound(f"There is no organization named {organization!r}.")
    if len(found) > 1:
        raise Conflict(
            f"{len(found)} organizations are named {organization!r}: give one of the numbers "
            f"{', '.join(map(str, found))}."
        )
    return found[0]


def _show(result: Result, *, as_json: bool, as_csv: bool) -> None:
    if result.columns is None:
        say(result.status)
    elif as_json:
        _show_json(result, result.columns)
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(result.columns)
        writer.writerows([_text(value) for value in row] for row in result.rows)
    else:
        _show_table(result, result.columns)


def _show_json(result: Result, columns: tuple[str, ...]) -> None:
    rows = [dict(zip(columns, row, strict=True)) for row in result.rows]
    encoded = msgspec.json.Encoder(decimal_format="number", enc_hook=str).encode(rows)
    sys.stdout.write(msgspec.json.format(encoded, indent=2).decode() + "\n")


def _show_table(result: Result, columns: tuple[str, ...]) -> None:
    kinds = [
        Kind.NUMBER if any(isinstance(row[index], int | Decimal) for row in result.rows[:_SHOWN]) else Kind.TEXT
        for index in range(len(columns))
    ]
    show_table(
        [Column(name, str(index), kind) for index, (name, kind) in enumerate(zip(columns, kinds, strict=True))],
        [{str(index): _text(value) for index, value in enumerate(row)} for row in result.rows[:_SHOWN]],
    )
    if len(result.rows) > _SHOWN:
        say(f"The first {_SHOWN:,} of {len(result.rows):,} rows; --csv and --json print all.")


def _text(value: Any) -> str | None:  # noqa: ANN401  # whatever the database sends
    match value:
        case None:
            return None
        case bytes() | memoryview():
            return f"\\x{bytes(value).hex()}"
        case dict() | list():
            return msgspec.json.encode(value, enc_hook=str).decode()
        case datetime() | date() | time():
            return str(value)
        case bool():
            return str(value).lower()
        case _:
            return str(value)
