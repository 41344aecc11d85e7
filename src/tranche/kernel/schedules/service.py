"""The public door to schedules: look, change, switch on and off, run now; for callers and for who runs the machine."""

from collections.abc import Sequence

from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.jobs.queue import Queue
from tranche.kernel.module import Scope
from tranche.kernel.schedules.changing import ask_run, change, settle
from tranche.kernel.schedules.domain import NotYours, Run, Schedule, Tasks, UnknownSchedule
from tranche.kernel.schedules.queries import runs, schedules

_UNNAMED = "system"
_LONGEST_NAME = 100


class Schedules:
    """The verbs on schedules for one process; it knows the tasks and the queue.

    Everybody in an organization sees its schedules and those of the installation. The installation's may be changed
    and run only while it serves one organization: else they are nobody's alone.
    """

    def __init__(self, queue: Queue, tasks: Tasks) -> None:
        self._queue = queue
        self._tasks = tasks

    def list_schedules(self, conn: Connection) -> list[Schedule]:
        """All of the caller's organization and of the installation, by name."""
        found: list[Schedule] = []
        for scope in Scope:
            settle(conn, self._tasks, scope, changed=False)
            found += schedules.list_schedules(conn, scope, names=[task.name for task in self._tasks.of(scope)])
        return sorted(found, key=lambda schedule: schedule.name)

    def get_schedule(self, conn: Connection, *, name: str) -> Schedule:
        """One of them.

        Raises:
            UnknownSchedule: there is none of this name.
        """
        scope = self._tasks.get(name).scope
        settle(conn, self._tasks, scope, changed=False)
        found = schedules.list_schedules(conn, scope, names=[name])
        if not found:
            raise UnknownSchedule.of(name)
        return found[0]

    def describe(self, schedule: Schedule) -> str:
        """What it does, in a sentence."""
        return self._tasks.get(schedule.name).description

    def update(
        self,
        conn: Connection,
        ctx: Context,
        *,
        name: str,
        cron: str | None = None,
        zone: str | None = None,
        enabled: bool | None = None,
    ) -> Schedule:
        """Change what is given. A changed time counts as edited: no default overwrites it from then on.

        What was planned while it was switched off is not caught up.

        Raises:
            UnknownSchedule, NotYours.
            Invalid: the expression or the zone cannot be taken.
        """
        old = self._lock(conn, name=name)
        changes = change(conn, old, cron=cron, zone=zone, enabled=enabled, editor=ctx.user_name or _UNNAMED)
        if changes:
            audit.record(conn, ctx, action="schedule.update", subject_id=old.id, detail={"name": name, **changes})
        return self.get_schedule(conn, name=name)

    def run_now(self, conn: Connection, ctx: Context, *, name: str) -> Run:
        """Ask for a run at once, also of a schedule that is switched off.

        Raises:
            UnknownSchedule, NotYours.
            RunUnderWay: it has a run already.
        """
        schedule = self._lock(conn, name=name)
        owner = ctx.organization_id if schedule.scope is Scope.ORGANIZATION else None
        by = ctx.user_name or _UNNAMED
        run = ask_run(conn, self._queue, schedule, organization_id=owner, requested_by=by)
        audit.record(conn, ctx, action="schedule.run", subject_id=schedule.id, detail={"name": name})
        return run

    def list_runs(self, conn: Connection, *, name: str, limit: int, offset: int) -> tuple[Sequence[Run], int]:
        """One page of its runs, newest first, and how many are kept.

        Raises:
            UnknownSchedule: there is none of this name.
        """
        schedule = self.get_schedule(conn, name=name)
        found = runs.list_runs(conn, schedule.scope, schedule_id=schedule.id, limit=limit, offset=offset)
        return found, runs.count_runs(conn, schedule.scope, schedule_id=schedule.id)

    def _lock(self, conn: Connection, *, name: str) -> Schedule:
        scope = self._tasks.get(name).scope
        if scope is Scope.INSTALLATION and not schedules.is_sole_organization(conn):
            raise NotYours(
                f"The schedule {name} belongs to the whole installation, which serves several organizations; whoever "
                "runs it changes this on its machine, by `tranche upkeep`."
            )
        settle(conn, self._tasks, scope, changed=False)
        schedule = schedules.lock_schedule(conn, scope, name=name)
        if schedule is None:
            raise UnknownSchedule.of(name)
        return schedule


class Upkeep:
    """The verbs on the installation's own schedules, for whoever runs it; no organization's log has an entry of them.

    `editor` is the name that is written down.
    """

    def __init__(self, queue: Queue, tasks: Tasks, *, editor: str) -> None:
        self._queue = queue
        self._tasks = tasks
        self._editor = editor

    def list_schedules(self, conn: Connection) -> list[Schedule]:
        """All of them, by name."""
        settle(conn, self._tasks, Scope.INSTALLATION, changed=False)
        names = [task.name for task in self._tasks.of(Scope.INSTALLATION)]
        return schedules.list_schedules(conn, Scope.INSTALLATION, names=names)

    def update(
        self,
        conn: Connection,
        *,
        name: str,
        cron: str | None = None,
        zone: str | None = None,
        enabled: bool | None = None,
    ) -> Schedule:
        """As for callers, however many organizations there are.

        Raises:
            UnknownSchedule: the installation has none of this name.
            Invalid: the expression or the zone cannot be taken.
        """
        change(conn, self._lock(conn, name=name), cron=cron, zone=zone, enabled=enabled, editor=self._editor)
        return self._lock(conn, name=name)

    def run_now(self, conn: Connection, *, name: str) -> Run:
        """Ask for a run at once, which a worker takes.

        Raises:
            UnknownSchedule: the installation has none of this name.
            RunUnderWay: it has a run already.
        """
        schedule = self._lock(conn, name=name)
        return ask_run(conn, self._queue, schedule, organization_id=None, requested_by=self._editor)

    def _lock(self, conn: Connection, *, name: str) -> Schedule:
        settle(conn, self._tasks, Scope.INSTALLATION, changed=False)
        schedule = schedules.lock_schedule(conn, Scope.INSTALLATION, name=name)
        if schedule is None:
            raise UnknownSchedule(
                f"The installation has no schedule {name[:_LONGEST_NAME]}; `tranche upkeep list` shows its own, and "
                "those of an organization are changed by `tranche schedules`."
            )
        return schedule
