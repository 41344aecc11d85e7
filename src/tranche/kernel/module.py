"""What a domain hands to the composition roots: its routes, operation kinds, checks and schedules."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One invariant of `tranche doctor`: a read-only query that returns a row for every hit.

    The query runs as the owner, over all organizations, and its rows must have the columns
    `organization_id` and `detail`.
    """

    name: str
    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One thing that `tranche doctor` looks at besides the data, such as a key, a mail server or the fonts.

    `look` takes the owner's connection, or nothing where it does not need the database, and returns a pair for every
    hit: the organization (None: all), and a sentence. It is opaque here, because this floor knows no database.
    """

    name: str
    look: Callable[..., Sequence[tuple[int | None, str]]]
    needs_database: bool = True


class Scope(StrEnum):
    """Whose a schedule is: each organization has its own, or there is one of the installation."""

    ORGANIZATION = "organization"
    INSTALLATION = "installation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something done by the clock: a kind of work, and the schedule `name` that it has from the start.

    `cron` and `zone` hold until somebody edits the schedule; `source` names the setting that they come from, if any.
    `run` takes a `kernel.jobs.work.Work`, is safe to run twice, and says in a sentence what it did; a refusal is
    raised. It is opaque here, because this floor knows no database.
    """

    kind: str
    name: str
    scope: Scope
    cron: str
    description: str
    run: Callable[..., str]
    zone: str = "UTC"
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A domain as the roots see it. `routes` are web handlers, `handlers` operation kinds, `schedules` clockwork.

    `pages` are web handlers that answer HTML; `menu`, `cards` and `searchers` are what it adds to every page, to the
    home page and to the search (`kernel.web.pages.ports`), `panels` to the page of its operations
    (`kernel.operations.panels`). All but checks and schedules are opaque here, because the
    kernel's lower floors know neither the web nor operations.
    """

    name: str
    routes: Sequence[Any] = ()
    handlers: Sequence[Any] = ()
    checks: Sequence[Check] = ()
    schedules: Sequence[Task] = ()
    pages: Sequence[Any] = ()
    menu: Sequence[Any] = ()
    cards: Sequence[Any] = ()
    searchers: Sequence[Any] = ()
    panels: Sequence[Any] = ()
