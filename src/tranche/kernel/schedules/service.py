"""The public door to schedules: look, change, switch on and off, run now; and the defaults that a release brings."""

from collections.abc import Sequence

from tranche.kernel.audit import service as audit
from tranche.kernel.audit.domain import JSON
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.jobs.queue import Queue
from tranche.kernel.module import Scope, Task
from tranche.kernel.schedules import dispatch
from tranche.kernel.schedules.domain import NotYours, Run, RunUnderWay, Schedule, Tasks, UnknownSchedule
from tranche.kernel.schedules.queries import runs, schedules
from tranche.kernel.schedules.rules import read_rule

_UNNAMED = "system"


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
            raise UnknownSchedule("There is no such schedule.")
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
        now = schedules.read_clock(conn)
        rule = read_rule(cron=old.cron if cron is None else cron, zone=old.zone if zone is None else zone, now=now)
        is_on = old.enabled if enabled is None else enabled
        changes: dict[str, JSON] = {}
        if rule != old.rule:
            changes |= {"cron": rule.cron, "zone": rule.zone}
            schedules.update_rule(
                conn,
                old.scope,
                schedule_id=old.id,
                rule=rule,
                next_at=rule.next_after(now) if old.enabled else None,
                editor=ctx.user_name or _UNNAMED,
            )
        if is_on != old.enabled:
            changes |= {"enabled": is_on}
            schedules.update_enabled(
                conn, old.scope, schedule_id=old.id, next_at=rule.next_after(now) if is_on else None
            )
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
        under_way = runs.find_open_run(conn, schedule.scope, schedule_id=schedule.id)
        if under_way is not None:
            raise RunUnderWay(
                f"A run of {name} is {under_way.status} already; wait for its end, or look at it in the list of runs."
            )
        run_id = runs.insert_run(
            conn,
            schedule.scope,
            schedule_id=schedule.id,
            planned_at=schedules.read_clock(conn),
            requested_by=ctx.user_name or _UNNAMED,
            skipped=None,
        )
        run = runs.find_run(conn, schedule.scope, run_id=run_id) if run_id is not None else None
        if run is None:
            raise LookupError("a run that was just made is not there although its schedule is locked")
        owner = ctx.organization_id if schedule.scope is Scope.ORGANIZATION else None
        dispatch.enqueue(conn, self._queue, organization_id=owner, run_id=run.id)
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
                "runs the installation changes it there, by its settings."
            )
        settle(conn, self._tasks, scope, changed=False)
        schedule = schedules.lock_schedule(conn, scope, name=name)
        if schedule is None:
            raise UnknownSchedule("There is no such schedule.")
        return schedule


def settle(conn: Connection, tasks: Tasks, scope: Scope, *, changed: bool) -> None:
    """Make the schedules that are missing; with `changed` also bring those up to date that nobody has edited."""
    wanted = tasks.of(scope)
    present = {s.name: s for s in schedules.list_schedules(conn, scope, names=[task.name for task in wanted])}
    for task in wanted:
        if task.name not in present:
            _make(conn, tasks, task)
        elif changed:
            _bring_up_to_date(conn, tasks, task, present[task.name])


def _make(conn: Connection, tasks: Tasks, task: Task) -> None:
    rule = tasks.rule(task)
    schedules.insert_schedule(
        conn,
        task.scope,
        name=task.name,
        kind=task.kind,
        rule=rule,
        next_at=rule.next_after(schedules.read_clock(conn)),
    )


def _bring_up_to_date(conn: Connection, tasks: Tasks, task: Task, present: Schedule) -> None:
    rule = tasks.rule(task)
    if present.edited_at is None and present.rule != rule:
        now = schedules.read_clock(conn)
        next_at = rule.next_after(now) if present.enabled else None
        schedules.update_rule(conn, task.scope, schedule_id=present.id, rule=rule, next_at=next_at, editor="")
