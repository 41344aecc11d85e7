"""The pages of schedules: the list, and one with its time and its history."""

from collections.abc import Callable
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import TrancheError
from tranche.kernel.schedules.service import Schedules
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.ports import MenuEntry
from tranche.kernel.web.pages.render import Html, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest

PATH: Final = "/schedules"

_SHOWN_RUNS: Final = 50


class TimeForm(Body, frozen=True):
    """When it is due."""

    cron: str
    zone: str


class SwitchForm(Body, frozen=True):
    """On or off."""

    enabled: bool


@page(PATH)
def schedules_page(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    schedules: NamedDependency[Schedules],
) -> Html:
    """All work by the clock."""
    with database.transaction(ctx.organization_id) as conn:
        found = schedules.list_schedules(conn)
    return render(request, "schedules/list.html", {"schedules": [(one, schedules.describe(one)) for one in found]})


@page(PATH + "/{name:str}")
def schedule_page(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    schedules: NamedDependency[Schedules],
    name: FromPath[str],
) -> Html:
    """One schedule with its newest runs."""
    with database.transaction(ctx.organization_id) as conn:
        schedule = schedules.get_schedule(conn, name=name)
        runs, total = schedules.list_runs(conn, name=name, limit=_SHOWN_RUNS, offset=0)
    data = {"schedule": schedule, "about": schedules.describe(schedule), "runs": runs, "total": total}
    return render(request, "schedules/schedule.html", data)


@form(PATH + "/{name:str}/time", role=Role.ADMIN)
def change_time(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    schedules: NamedDependency[Schedules],
    name: FromPath[str],
    data: URLEncodedBody[TimeForm],
) -> Html:
    """Let it be due at other times."""
    return _ask(
        database,
        ctx,
        name,
        lambda conn: schedules.update(conn, ctx, name=name, cron=data.cron, zone=data.zone),
        say="The time is changed.",
    )


@form(PATH + "/{name:str}/switch", role=Role.ADMIN)
def switch(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    schedules: NamedDependency[Schedules],
    name: FromPath[str],
    data: URLEncodedBody[SwitchForm],
) -> Html:
    """Switch it on or off."""
    say = "It is switched on." if data.enabled else "It is switched off."
    return _ask(database, ctx, name, lambda conn: schedules.update(conn, ctx, name=name, enabled=data.enabled), say=say)


@form(PATH + "/{name:str}/run", role=Role.ADMIN)
def run_now(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    schedules: NamedDependency[Schedules],
    name: FromPath[str],
) -> Html:
    """Run it at once."""
    return _ask(database, ctx, name, lambda conn: schedules.run_now(conn, ctx, name=name), say="It runs in a moment.")


def _ask(database: Database, ctx: Context, name: str, verb: Callable[[Connection], object], *, say: str) -> Html:
    try:
        with database.transaction(ctx.organization_id) as conn:
            verb(conn)
            path = f"{PATH}/{name}"
    except TrancheError as error:
        return redirect(PATH, say=error.message, tone=Tone.BAD)
    return redirect(path, say=say)


SCHEDULE_PAGES: Final[tuple[Any, ...]] = (schedules_page, schedule_page, change_time, switch, run_now)
SCHEDULE_MENU: Final = (MenuEntry(label="Schedules", path=PATH, icon="schedules", position=95),)
