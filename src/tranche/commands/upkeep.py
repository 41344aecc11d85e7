"""`tranche upkeep`: the installation's own schedules, for whoever runs it, however many organizations it serves."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import typer

from tranche.commands.database import find_database
from tranche.commands.options import JsonOption, load_settings
from tranche.commands.queries import reaching
from tranche.kernel.client.http import Json
from tranche.kernel.client.output import say, show_json
from tranche.kernel.db.migrate import require_current
from tranche.kernel.db.pool import Connection, connect
from tranche.kernel.jobs.queue import ProcrastinateQueue
from tranche.kernel.schedules.commands import (
    CronOption,
    NameArgument,
    ZoneOption,
    read_changes,
    show_schedule,
    show_schedules,
)
from tranche.kernel.schedules.domain import Schedule
from tranche.kernel.schedules.schemas import schedule_out
from tranche.kernel.schedules.service import Upkeep
from tranche.modules import make_modules, make_tasks
from tranche.outward import make_storage

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The installation's own schedules, as the owner of TRANCHE_OWNER_URL or of the embedded database.",
)


@app.command("list")
def list_schedules(*, json: JsonOption = False) -> None:
    """List the schedules that belong to no organization."""
    with _at_work() as (conn, upkeep):
        found = [_out(schedule) for schedule in upkeep.list_schedules(conn)]
    if json:
        show_json({"data": found})
    else:
        show_schedules(found)


@app.command()
def enable(name: NameArgument, *, json: JsonOption = False) -> None:
    """Switch a schedule on; what was planned while it was off is not caught up."""
    with _at_work() as (conn, upkeep):
        changed = upkeep.update(conn, name=name, enabled=True)
    show_schedule({"data": _out(changed)}, json=json)


@app.command()
def disable(name: NameArgument, *, json: JsonOption = False) -> None:
    """Switch a schedule off; it can still be run by hand."""
    with _at_work() as (conn, upkeep):
        changed = upkeep.update(conn, name=name, enabled=False)
    show_schedule({"data": _out(changed)}, json=json)


@app.command()
def edit(name: NameArgument, *, cron: CronOption = None, zone: ZoneOption = None, json: JsonOption = False) -> None:
    """Change when it runs; from then on no default overwrites it."""
    changes = read_changes(cron=cron, zone=zone)
    with _at_work() as (conn, upkeep):
        changed = upkeep.update(conn, name=name, cron=changes.get("cron"), zone=changes.get("zone"))
    show_schedule({"data": _out(changed)}, json=json)


@app.command()
def run(name: NameArgument) -> None:
    """Have a worker run it now, also while it is switched off."""
    with _at_work() as (conn, upkeep):
        upkeep.run_now(conn, name=name)
    say(f"A run of {name} was asked for; the next free worker takes it.")


@contextmanager
def _at_work() -> Iterator[tuple[Connection, Upkeep]]:
    """One transaction of the owner."""
    settings = load_settings()
    tasks = make_tasks(make_modules(settings, files=make_storage(settings)))
    with find_database(settings) as addresses:
        owner_url = addresses.require_owner()
        with reaching("TRANCHE_OWNER_URL"), connect(owner_url, name="tranche upkeep") as conn:
            require_current(conn)
            with conn.transaction():
                yield conn, Upkeep(ProcrastinateQueue(), tasks, editor=f"{getpass.getuser()} (upkeep)")


def _out(schedule: Schedule) -> Json:
    """As the server would answer it."""
    body: Json = msgspec.json.decode(msgspec.json.encode(schedule_out(schedule, description="")))
    return body
