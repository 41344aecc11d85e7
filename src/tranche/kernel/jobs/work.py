"""What a piece of work by the clock gets to work with."""

from collections.abc import Callable
from dataclasses import dataclass

from tranche.kernel.db.pool import Database
from tranche.kernel.errors import Conflict
from tranche.kernel.jobs.queue import Queue


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One run of a schedule. `organization_id` is None where the schedule is the installation's.

    `should_abort` says that the worker is ending; long work asks it between its steps.
    """

    database: Database
    queue: Queue
    organization_id: int | None
    should_abort: Callable[[], bool]

    def require_organization(self) -> int:
        """The organization of a schedule that each of them has.

        Raises:
            LookupError: the schedule is the installation's.
        """
        if self.organization_id is None:
            raise LookupError("this run belongs to no organization")
        return self.organization_id


class NotHere(Conflict):
    """This worker lacks what the work needs; another may have it. The message says what to set."""

    code = "not_here"
