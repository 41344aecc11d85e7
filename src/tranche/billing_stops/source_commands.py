"""`tranche bill-stop source`: how the data are read, changed field by field, and tried."""

import sys
from typing import Annotated, Any, Final

import typer

from tranche.billing_stops.domain import Refresh, Rule, SourceKind
from tranche.kernel.client.http import Client
from tranche.kernel.client.options import JsonOption, open_client
from tranche.kernel.client.output import Column, Kind, say, show_fields, show_json
from tranche.kernel.errors import Conflict, Invalid

_PATH: Final = "/api/crp-cpc/bill-stop-source"
_READ_ONLY: Final = frozenset({"hasCredentials", "updatedAt"})
_PLACE: Final = ("host", "port", "database", "file", "query", "changesQuery", "refresh")
_COLUMNS: Final = (
    Column("Kind", "kind"),
    Column("Host", "host"),
    Column("Port", "port", Kind.NUMBER),
    Column("Database", "database"),
    Column("File", "file"),
    Column("Credentials", "credentials"),
    Column("Query", "query"),
    Column("Query of changes", "changesQuery"),
    Column("Reads", "refresh"),
    Column("Seconds at most", "timeoutSeconds", Kind.COUNT),
    Column("Rule", "rule"),
    Column("Days", "ruleDays", Kind.COUNT),
    Column("Runs kept with details", "keepDetails", Kind.COUNT),
    Column("Summaries kept", "keepSummaries", Kind.COUNT),
    Column("Too old after hours", "maxAgeHours", Kind.COUNT),
    Column("Mails to", "mails"),
    Column("Changed", "updatedAt", Kind.MOMENT),
)

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Where bill stops are read from.")


@app.command("show")
def show(*, json: JsonOption = False) -> None:
    """How the data are read; of credentials only whether there are any."""
    with open_client() as client:
        found = client.get(_PATH)["data"]
    _show(found, json=json)


@app.command("set")
def change(
    *,
    kind: Annotated[SourceKind | None, typer.Option(help="What the source is.", show_default=False)] = None,
    host: Annotated[str | None, typer.Option(show_default=False)] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65_535, show_default=False)] = None,
    database: Annotated[
        str | None, typer.Option(help="Its name; of Oracle the service name.", show_default=False)
    ] = None,
    file: Annotated[
        str | None, typer.Option(help="Of a CSV: its name in the organization's folder.", show_default=False)
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="Who reads; the password is asked for, or read from stdin.", show_default=False)
    ] = None,
    query: Annotated[str | None, typer.Option(help="A file in the folder queries.", show_default=False)] = None,
    changes_query: Annotated[str | None, typer.Option(help="Likewise, of changes.", show_default=False)] = None,
    refresh: Annotated[Refresh | None, typer.Option(help="What a run reads.", show_default=False)] = None,
    timeout: Annotated[
        int | None, typer.Option(metavar="SECONDS", help="The longest that the query may take.", show_default=False)
    ] = None,
    rule: Annotated[Rule | None, typer.Option(help="When billing counts as stopped.", show_default=False)] = None,
    rule_days: Annotated[int | None, typer.Option(metavar="DAYS", show_default=False)] = None,
    keep_details: Annotated[int | None, typer.Option(metavar="RUNS", show_default=False)] = None,
    keep_summaries: Annotated[int | None, typer.Option(metavar="RUNS", show_default=False)] = None,
    max_age: Annotated[int | None, typer.Option(metavar="HOURS", show_default=False)] = None,
    mail: Annotated[
        list[str] | None, typer.Option(help="Who is told of the end; may be repeated.", show_default=False)
    ] = None,
    json: JsonOption = False,
) -> None:
    """Change what is given and leave the rest; another kind begins with its own defaults."""
    given = {
        "kind": kind and kind.value,
        "host": host,
        "port": port,
        "database": database,
        "file": file,
        "query": query,
        "changesQuery": changes_query,
        "refresh": refresh and refresh.value,
        "timeoutSeconds": timeout,
        "rule": rule and rule.value,
        "ruleDays": rule_days,
        "keepDetails": keep_details,
        "keepSummaries": keep_summaries,
        "maxAgeHours": max_age,
        "mails": mail,
    }
    wanted: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if user is not None:
        wanted |= {"user": user, "password": _read_password()}
    with open_client() as client:
        found = client.put(_PATH, body={"data": {**_present(client, wanted.get("kind")), **wanted}})["data"]
    _show(found, json=json)
    if not json:
        say("The source is kept. Try it: tranche bill-stop source test")


@app.command("test")
def try_source(*, json: JsonOption = False) -> None:
    """Connect as a run would and read the first rows; nothing is kept."""
    with open_client() as client:
        found = client.post_once(f"{_PATH}/test")["data"]
    if json:
        show_json(found)
        return
    columns = (Column("Rows at first", "rows", Kind.COUNT), Column("As of", "asOf", Kind.MOMENT))
    show_fields((*columns, Column("Seconds", "seconds", Kind.NUMBER)), found)


def _read_password() -> str:
    """Asked for on a terminal, else the first line of stdin."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, err=True))
    if not (given := sys.stdin.readline().rstrip("\r\n")):
        raise Invalid("The password of --user is read from stdin, where there is none.", code="no_password")
    return given


def _present(client: Client, kind: str | None) -> dict[str, Any]:
    """What there is, as PUT takes it; of another kind only what all kinds share."""
    try:
        found = client.get(_PATH)["data"]
    except Conflict:
        return {}
    left_out = _READ_ONLY if kind in {None, found["kind"]} else {*_READ_ONLY, *_PLACE}
    return {name: value for name, value in found.items() if name not in left_out}


def _show(found: dict[str, Any], *, json: bool) -> None:
    if json:
        show_json(found)
        return
    shown = {**found, "credentials": "kept" if found["hasCredentials"] else "none", "mails": ", ".join(found["mails"])}
    show_fields(_COLUMNS, shown)
