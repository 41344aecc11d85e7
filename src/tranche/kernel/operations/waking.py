"""Waking operations by the clock: those of an organization that have work and no slice are given one now."""

from typing import Final

from tranche.kernel.jobs.work import Work
from tranche.kernel.module import Scope, Task
from tranche.kernel.operations import dispatch
from tranche.kernel.text import plural


def wake_pending(work: Work) -> str:
    """Enqueue a slice for each operation of this organization that has work and none waiting or alive."""
    organization_id = work.require_organization()
    with work.database.transaction(organization_id) as conn:
        woken = dispatch.wake(conn, work.queue, organization_id=organization_id)
    return f"Woke {plural(woken, 'operation')}." if woken else "No operation had to be woken."


PROCESS_BATCH_JOBS: Final = Task(
    kind="process-batch-jobs",
    name="process-batch-jobs-every-minute",
    scope=Scope.ORGANIZATION,
    cron="* * * * *",
    description="Wakes operations that wait. Work starts at once anyway; this is the safety net of document 2.",
    run=wake_pending,
)
