"""`tranche doctor`: everything that must be true, checked; it reads, and keeps only its report."""

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from tranche.commands import screen
from tranche.commands.database import find_database
from tranche.commands.options import JsonOption, load_settings
from tranche.commands.queries import reaching
from tranche.examination import make_patient
from tranche.kernel.client.output import ExitCode, clean, say_notices, show_json
from tranche.kernel.db.pool import Connection, connect
from tranche.kernel.doctor.domain import Finding, Group, Outcome
from tranche.kernel.doctor.reports import examine_now, store_report
from tranche.kernel.doctor.service import Patient, examine_without
from tranche.kernel.errors import Conflict, Unavailable
from tranche.kernel.settings import Settings
from tranche.kernel.strays import find_strays
from tranche.modules import make_modules
from tranche.outward import make_storage

app = typer.Typer(add_completion=False)

_SHOWN = 10
_FINE = ("✓", "green")


@app.command()
def doctor(
    *,
    stopped: Annotated[
        bool, typer.Option("--stopped", help="Nothing runs on purpose: do not ask whether work is done.")
    ] = False,
    deep: Annotated[bool, typer.Option("--deep", help="Read every stored file and compare its hash.")] = False,
    json: JsonOption = False,
) -> None:
    """Check that all is as it must be; exit code 1 where something is not.

    It reads as the owner: the database of TRANCHE_OWNER_URL, or the embedded one of TRANCHE_HOME. Where that cannot be
    had, it says why, and checks what needs no database.
    """
    settings = load_settings()
    say_notices(f"{stray.name}: {stray.hint}." for stray in find_strays(os.environ))
    try:
        with find_database(settings) as addresses:
            owner_url = addresses.require_owner()
            with reaching("TRANCHE_OWNER_URL"), connect(owner_url, name="tranche doctor") as conn:
                outcomes = examine(conn, settings, is_stopped=stopped, deep=deep)
    except (Unavailable, Conflict) as error:
        outcomes = list(examine_without(_patient(settings), cause=error.message))
    if json:
        show_json(_report(outcomes))
    else:
        show_outcomes(screen.out(), outcomes)
    if not all(outcome.is_ok for outcome in outcomes):
        raise typer.Exit(ExitCode.FAILURE)


def examine(conn: Connection, settings: Settings, *, is_stopped: bool, deep: bool) -> Sequence[Outcome]:
    """Examine now and keep the report; `conn` is the owner's, in autocommit."""
    outcomes, report = examine_now(conn, replace(_patient(settings), is_stopped=is_stopped, deep=deep))
    try:
        store_report(conn, report)
    except Unavailable as error:
        refused = Outcome(group=Group.DATABASE, name="it takes the report", findings=(Finding(None, error.message),))
        return [refused, *outcomes]
    return outcomes


def _patient(settings: Settings) -> Patient:
    storage = make_storage(settings)
    checks = [check for module in make_modules(settings, files=storage) for check in module.checks]
    return make_patient(settings, checks, files=storage)


def _report(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "ok": all(outcome.is_ok for outcome in outcomes),
        "checks": [
            {
                "group": str(outcome.group),
                "name": outcome.name,
                "ok": outcome.is_ok,
                "findings": [
                    {"organizationId": finding.organization_id, "detail": finding.detail}
                    for finding in outcome.findings
                ],
                "more": outcome.is_cut,
                "seconds": round(outcome.seconds, 3),
            }
            for outcome in outcomes
        ],
    }


def show_outcomes(console: Console, outcomes: Sequence[Outcome]) -> None:
    """A line for each check, and below it what it found."""
    for group, members in groupby(outcomes, key=lambda outcome: outcome.group):
        console.print(Text(f"\n{group.capitalize()}", style="bold"))
        _show_group(console, group, list(members))
    bad = sum(not outcome.is_ok for outcome in outcomes)
    console.print()
    if bad:
        console.print(Text(f"{bad} of {len(outcomes)} checks found something.", style="bold red"))
    else:
        console.print(Text(f"All {len(outcomes)} checks are fine.", style="bold green"))


def _show_group(console: Console, group: Group, members: Sequence[Outcome]) -> None:
    """Relations are many and alike: those that are fine are counted."""
    shown = [outcome for outcome in members if group is not Group.RELATIONS or not outcome.is_ok]
    if len(shown) < len(members):
        console.print(Text.assemble("  ", _FINE, f" {len(members) - len(shown)} of {len(members)} are fine"))
    for outcome in shown:
        _show(console, outcome)


def _show(console: Console, outcome: Outcome) -> None:
    mark = _FINE if outcome.is_ok else ("✗", "bold red")
    console.print(Text.assemble("  ", mark, " ", outcome.name), soft_wrap=True)
    for finding in outcome.findings[:_SHOWN]:
        whose = "" if finding.organization_id is None else f"organization {finding.organization_id}: "
        console.print(Text(f"      {whose}{clean(finding.detail)}", style="red"), soft_wrap=True)
    if outcome.is_cut or len(outcome.findings) > _SHOWN:
        more = "more than " if outcome.is_cut else ""
        console.print(Text(f"      ... {more}{len(outcome.findings)} in all", style="red"), soft_wrap=True)
