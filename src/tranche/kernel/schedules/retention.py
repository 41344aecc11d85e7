"""Retention: what nobody needs any more is deleted at night, a piece at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from tranche.kernel.db.pool import Connection
from tranche.kernel.jobs.work import Work
from tranche.kernel.module import Scope, Task
from tranche.kernel.schedules.queries import across, runs

RUN_DAYS = 90
MOST_RUNS = 1_000

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Prune:
    """One thing to prune, `what` being its plural.

    `prune(conn, most=N)` deletes up to N of the old rows and returns how many; with the scope ORGANIZATION it is called
    for each of them, in its transaction, as `prune(conn, organization_id=..., most=N)`. It is called again in a new
    transaction until it deletes less than N.
    """

    what: str
    scope: Scope
    prune: Callable[..., int]


def prune_history(conn: Connection, *, organization_id: int, most: int) -> int:
    """Old runs of an organization's schedules, all at once: they are few."""
    del organization_id, most
    return runs.prune_runs(conn, Scope.ORGANIZATION, days=RUN_DAYS, most_kept=MOST_RUNS)


def prune_installation_history(conn: Connection, *, most: int) -> int:
    """Old runs of the installation's schedules, likewise."""
    del most
    return runs.prune_runs(conn, Scope.INSTALLATION, days=RUN_DAYS, most_kept=MOST_RUNS)


HISTORY: Sequence[Prune] = (
    Prune(what="runs of schedules", scope=Scope.ORGANIZATION, prune=prune_history),
    Prune(what="runs of the installation's schedules", scope=Scope.INSTALLATION, prune=prune_installation_history),
)


def make_retention(prunes: Sequence[Prune]) -> Task:
    """The nightly task that prunes all of these."""
    return Task(
        kind="retention",
        name="retention",
        scope=Scope.INSTALLATION,
        cron="20 3 * * *",
        description="Deletes what nobody needs any more, such as answers to repeated requests, ended notifications, "
        "sessions and links, and old runs.",
        run=partial(_run, prunes=prunes),
    )


def _run(work: Work, *, prunes: Sequence[Prune]) -> str:
    deleted = [(prune.what, _prune(work, prune)) for prune in prunes]
    told = ", ".join(f"{what} ({count:,})" for what, count in deleted if count)
    stopped = " Stopped early, because the worker ends." if work.should_abort() else ""
    return (f"Deleted {told}." if told else "There was nothing to delete.") + stopped


def _prune(work: Work, prune: Prune) -> int:
    if prune.scope is Scope.INSTALLATION:
        return _prune_all(work, None, partial(prune.prune, most=_AT_ONCE))
    return sum(
        _prune_all(work, owner, partial(prune.prune, organization_id=owner, most=_AT_ONCE))
        for owner in across.walk_organizations(work.database)
    )


def _prune_all(work: Work, organization_id: int | None, prune: Callable[[Connection], int]) -> int:
    deleted = 0
    while not work.should_abort():
        with work.database.transaction(organization_id) as conn:
            count = prune(conn)
        deleted += count
        if count < _AT_ONCE:
            break
    return deleted
