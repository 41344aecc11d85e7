"""Runs in the queue: their task's name and their keys."""

from tranche.kernel.db.pool import Connection
from tranche.kernel.jobs.queue import Queue
from tranche.kernel.module import Scope

RUN = "schedules.run"
KEYS = "schedule-run:"
_NOBODY = 0  # stands for the installation in the arguments of a job, which are numbers


def enqueue(conn: Connection, queue: Queue, *, organization_id: int | None, run_id: int, tries: int = 0) -> bool:
    """Ask for a run that waits; one job of it is enough. `organization_id` is None for the installation's.

    `tries` is how many workers have handed it on.
    """
    owner = organization_id or _NOBODY
    return queue.enqueue(
        conn, RUN, key=f"{KEYS}{owner}:{run_id}", arguments={"organization_id": owner, "run_id": run_id, "tries": tries}
    )


def scope_of(organization_id: int | None) -> Scope:
    """Whose schedules they are."""
    return Scope.ORGANIZATION if organization_id else Scope.INSTALLATION
