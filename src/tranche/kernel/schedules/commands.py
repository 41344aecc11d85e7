"""`tranche schedules`: what runs by the clock, when next, and the verbs on it, by way of a server."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, TypeAlias
from urllib.parse import quote
from zoneinfo import ZoneInfo

import typer

from tranche.kernel.client.http import Json
from tranche.kernel.client.options import JsonOption, LimitOption, PageOption, open_client
from tranche.kernel.client.output import Column, Kind, say, say_page, show_json, show_table

_HOME: Final = "/api/schedules"
_COLUMNS: Final = (
    Column("Name", "name", Kind.WORD),
    Column("When", "inWords"),
    Column("Cron", "cron", Kind.WORD),
    Column("Zone", "zone", Kind.WORD),
    Column("On", "on"),
    Column("Next", "next"),
    Column("In", "distance"),
    Column("Last", "last"),
    Column("Of the", "belongsTo"),
)
_RUN_COLUMNS: Final = (
    Column("Planned", "plannedAt", Kind.MOMENT),
    Column("Status", "status"),
    Column("Started", "startedAt", Kind.MOMENT),
    Column("Finished", "finishedAt", Kind.MOMENT),
    Column("By hand", "requestedBy"),
    Column("Outcome", "outcome"),
)
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Work by the clock: look, switch, run now.")

CronOption: TypeAlias = Annotated[str | None, typer.Option(help='When, such as "30 2 * * *".', show_default=False)]
ZoneOption: TypeAlias = Annotated[
    str | None, typer.Option(help="On whose clocks, such as Europe/Berlin.", show_default=False)
]
NameArgument: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="The schedule, as the list names it.")]


@app.command("list")
def list_schedules(*, json: JsonOption = False) -> None:
    """List the schedules with their next runs, each in its own zone."""
    with open_client() as client:
        answer = client.get(_HOME)
    if json:
        show_json(answer)
        return
    show_schedules(answer["data"])


@app.command()
def runs(name: NameArgument, *, page: PageOption = 1, limit: LimitOption = 20, json: JsonOption = False) -> None:
    """List the runs of a schedule, the newest first."""
    with open_client() as client:
        answer = client.get(f"{_path(name)}/runs", params={"page": page, "limit": limit})
    if json:
        show_json(answer)
        return
    show_table(_RUN_COLUMNS, [{**run, "outcome": run["error"] or run["result"]} for run in answer["data"]])
    pages = answer["pagination"]
    say_page(page=page, pages=pages["totalPages"], total=pages["totalItems"], what="runs")


@app.command()
def enable(name: NameArgument, *, json: JsonOption = False) -> None:
    """Switch a schedule on; what was planned while it was off is not caught up."""
    with open_client() as client:
        show_schedule(client.post(f"{_path(name)}/enable"), json=json)


@app.command()
def disable(name: NameArgument, *, json: JsonOption = False) -> None:
    """Switch a schedule off; it can still be run by hand."""
    with open_client() as client:
        show_schedule(client.post(f"{_path(name)}/disable"), json=json)


@app.command()
def run(name: NameArgument, *, json: JsonOption = False) -> None:
    """Run it now, also while it is switched off."""
    with open_client() as client:
        answer = client.post(f"{_path(name)}/run")
    if json:
        show_json(answer)
    else:
        say(f"A run of {name} was asked for; `tranche schedules runs {name}` shows what becomes of it.")


@app.command()
def edit(
    name: NameArgument,
    *,
    cron: CronOption = None,
    zone: ZoneOption = None,
    json: JsonOption = False,
) -> None:
    """Change when it runs; from then on no default overwrites it."""
    changes = read_changes(cron=cron, zone=zone)
    with open_client() as client:
        show_schedule(client.put(_path(name), body={"data": changes}), json=json)


def read_changes(*, cron: str | None, zone: str | None) -> Json:
    """What an edit is to change.

    Raises:
        BadParameter: nothing.
    """
    changes: Json = {field: value for field, value in (("cron", cron), ("zone", zone)) if value is not None}
    if not changes:
        raise typer.BadParameter("say what to change: --cron, --zone or both")
    return changes


def show_schedules(found: Sequence[Json]) -> None:
    """The table, the next run of each in its own zone."""
    now = datetime.now(UTC)
    show_table(_COLUMNS, [_line(schedule, now=now) for schedule in found])


def _path(name: str) -> str:
    return f"{_HOME}/{quote(name, safe='')}"


def show_schedule(answer: Json, *, json: bool) -> None:
    """What became of one: a sentence, or the answer."""
    if json:
        show_json(answer)
        return
    line = _line(answer["data"], now=datetime.now(UTC))
    if line["next"] is None:
        say(f"{line['name']} is off.")
    else:
        say(f"{line['name']} is on; its next run is {line['next']} ({line['distance']}).")


def _line(schedule: Json, *, now: datetime) -> Json:
    """What the table shows of a schedule."""
    next_at = None if schedule["nextAt"] is None else datetime.fromisoformat(schedule["nextAt"])
    last = schedule["lastRun"]
    return {
        **schedule,
        "on": "yes" if schedule["enabled"] else "no",
        "next": next_at and f"{next_at.astimezone(ZoneInfo(schedule['zone'])):%Y-%m-%d %H:%M %Z}",
        "distance": next_at and distance((next_at - now).total_seconds()),
        "last": "running" if schedule["isUnderWay"] else last and last["status"],
    }


def distance(seconds: float) -> str:
    """How far ahead, such as "in 3 h"; what is past is due."""
    if seconds <= 0:
        return "due"
    if seconds < _MINUTE:
        return f"in {round(seconds)} s"
    if seconds < _HOUR:
        return f"in {round(seconds / _MINUTE)} min"
    if seconds < 2 * _DAY:
        return f"in {round(seconds / _HOUR)} h"
    return f"in {round(seconds / _DAY)} days"
