"""What changes a schedule that is locked, whoever asked: its time, its switch, a run at once; and its making."""

from tranche.kernel.audit.domain import JSON
from tranche.kernel.db.pool import Connection
from tranche.kernel.jobs.queue import Queue
from tranche.kernel.module import Scope, Task
from tranche.kernel.schedules import dispatch
from tranche.kernel.schedules.domain import Run, RunUnderWay, Schedule, Tasks
from tranche.kernel.schedules.queries import runs, schedules
from tranche.kernel.schedules.rules import read_rule


def change(
    conn: Connection, old: Schedule, *, cron: str | None, zone: str | None, enabled: bool | None, editor: str
) -> dict[str, JSON]:
    """Write what is given and differs; returns it. What was planned while it was off is not caught up.

    Raises:
        Invalid: the expression or the zone cannot be taken.
    """
    now = schedules.read_clock(conn)
    rule = read_rule(cron=old.cron if cron is None else cron, zone=old.zone if zone is None else zone, now=now)
    is_on = old.enabled if enabled is None else enabled
    changes: dict[str, JSON] = {}
    if rule != old.rule:
        changes |= {"cron": rule.cron, "zone": rule.zone}
        next_at = rule.next_after(now) if old.enabled else None
        schedules.update_rule(conn, old.scope, schedule_id=old.id, rule=rule, next_at=next_at, editor=editor)
    if is_on != old.enabled:
        changes |= {"enabled": is_on}
        next_at = rule.next_after(now) if is_on else None
        schedules.update_enabled(conn, old.scope, schedule_id=old.id, next_at=next_at)
    return changes


def ask_run(
    conn: Connection, queue: Queue, schedule: Schedule, *, organization_id: int | None, requested_by: str
) -> Run:
    """A run at once, with its job; `organization_id` is None for a schedule of the installation.

    Raises:
        RunUnderWay: it has a run already.
    """
    under_way = runs.find_open_run(conn, schedule.scope, schedule_id=schedule.id)
    if under_way is not None:
        raise RunUnderWay(
            f"A run of {schedule.name} is {under_way.status} already; wait for its end, or look at it in the list of "
            "runs."
        )
    now = schedules.read_clock(conn)
    run_id = runs.insert_run(
        conn, schedule.scope, schedule_id=schedule.id, planned_at=now, requested_by=requested_by, skipped=None
    )
    run = runs.find_run(conn, schedule.scope, run_id=run_id) if run_id is not None else None
    if run is None:
        raise LookupError("a run that was just made is not there although its schedule is locked")
    dispatch.enqueue(conn, queue, organization_id=organization_id, run_id=run.id)
    return run


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
    next_at = rule.next_after(schedules.read_clock(conn))
    schedules.insert_schedule(conn, task.scope, name=task.name, kind=task.kind, rule=rule, next_at=next_at)


def _bring_up_to_date(conn: Connection, tasks: Tasks, task: Task, present: Schedule) -> None:
    rule = tasks.rule(task)
    if present.edited_at is None and present.rule != rule:
        next_at = rule.next_after(schedules.read_clock(conn)) if present.enabled else None
        schedules.update_rule(conn, task.scope, schedule_id=present.id, rule=rule, next_at=next_at, editor="")
