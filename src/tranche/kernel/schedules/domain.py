"""Schedules, their runs, the tasks that they start, and the refusals around them; pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tranche.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from tranche.kernel.module import Scope, Task
from tranche.kernel.schedules.rules import Rule, read_rule


class RunStatus(StrEnum):
    """What became of a run; `waiting` and `running` ones are under way."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"


class UnknownSchedule(NotFound):
    """There is no schedule of this name."""

    code = "unknown_schedule"
    noun = "schedule"


class RunUnderWay(Conflict):
    """A schedule has at most one run at a time."""

    code = "run_under_way"


class NotYours(Forbidden):
    """The schedule belongs to the installation, which serves several organizations."""

    code = "installation_schedule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A row of `schedules` or `installation_schedules`; `is_under_way` says that a run waits or runs."""

    scope: Scope
    id: int
    name: str
    kind: str
    cron: str
    zone: str
    enabled: bool
    catch_up: str
    next_at: datetime | None
    last_planned_at: datetime | None
    last_started_at: datetime | None
    last_finished_at: datetime | None
    last_status: str | None
    last_result: str | None
    last_error: str | None
    edited_by: str | None
    edited_at: datetime | None
    is_under_way: bool

    @property
    def rule(self) -> Rule:
        """When it is due."""
        return Rule(self.cron, self.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: planned for a moment, or asked for by somebody at that moment."""

    id: int
    schedule_id: int
    planned_at: datetime
    was_manual: bool
    requested_by: str
    status: RunStatus
    worker_id: UUID | None
    started_at: datetime | None
    finished_at: datetime | None
    result: str | None
    error: str | None


class Tasks:
    """The tasks of all modules, by the name of their schedule."""

    def __init__(self, tasks: Iterable[Task], *, now: datetime) -> None:
        """Check every default.

        Raises:
            Invalid: a default cannot be taken; the message names its setting or its schedule.
        """
        self._tasks: dict[str, Task] = {}
        self._rules: dict[str, Rule] = {}
        for task in tasks:
            if task.name in self._tasks:
                raise ValueError(f"two tasks have the schedule {task.name}")
            self._tasks[task.name] = task
            self._rules[task.name] = _default_rule(task, now=now)

    def __iter__(self) -> Iterator[Task]:
        """By name."""
        return iter(sorted(self._tasks.values(), key=lambda task: task.name))

    def of(self, scope: Scope) -> list[Task]:
        """Those of organizations, or those of the installation."""
        return [task for task in self if task.scope is scope]

    def find(self, name: str) -> Task | None:
        """The task of a schedule."""
        return self._tasks.get(name)

    def get(self, name: str) -> Task:
        """The task of a schedule.

        Raises:
            UnknownSchedule: there is none.
        """
        task = self._tasks.get(name)
        if task is None:
            raise UnknownSchedule.of(name, hint=f"there are {', '.join(sorted(self._tasks))}")
        return task

    def rule(self, task: Task) -> Rule:
        """When it is due while nobody has edited it."""
        return self._rules[task.name]


def _default_rule(task: Task, *, now: datetime) -> Rule:
    try:
        return read_rule(cron=task.cron, zone=task.zone, now=now)
    except Invalid as error:
        place = task.source or f"The default of the schedule {task.name}"
        raise Invalid(f"{place}: {error.message}", code="setting") from error
