"""Document 2's key metrics: how well and how fast the runs of the last days went, and what waits."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The runs that were started on one day of the organization's zone; `succeeded` orders are done to the end."""

    day: date
    jobs: int
    total: int
    issued: int
    succeeded: int
    failed: int
    skipped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A reason for failure, with one of its sentences, how often it was met, and whether all said the same."""

    code: str
    message: str
    count: int
    is_same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """The runs of the last `days` days; `ended` of them took `seconds` together and issued `issued` invoices."""

    days: int
    history: tuple[Day, ...]
    patterns: tuple[Pattern, ...]
    pending: int
    processing: int
    ended: int
    seconds: Decimal
    issued: int

    @property
    def jobs(self) -> int:
        """How many runs there were."""
        return sum(day.jobs for day in self.history)

    @property
    def total(self) -> int:
        """How many orders they were to invoice."""
        return sum(day.total for day in self.history)

    @property
    def succeeded(self) -> int:
        """How many of these were done to the end: also printed and sent, where that was asked for."""
        return sum(day.succeeded for day in self.history)

    @property
    def invoices(self) -> int:
        """How many invoices they issued."""
        return sum(day.issued for day in self.history)

    @property
    def failed(self) -> int:
        """How many orders failed."""
        return sum(day.failed for day in self.history)

    @property
    def skipped(self) -> int:
        """How many orders had an invoice already."""
        return sum(day.skipped for day in self.history)

    @property
    def success_rate(self) -> Decimal | None:
        """Per cent of the orders that were done to the end: the document's successful_items / total_items."""
        return _ratio(Decimal(100 * self.succeeded), self.total)

    @property
    def average_seconds(self) -> Decimal | None:
        """Of the runs that have ended: the document's completed_at - started_at."""
        return _ratio(self.seconds, self.ended)

    @property
    def per_second(self) -> Decimal | None:
        """Invoices issued in a second from start to end of a run; one that was retried ends after the retry."""
        return _ratio(Decimal(self.issued), self.seconds)


def _ratio(part: Decimal, whole: Decimal | int) -> Decimal | None:
    return (part / whole).quantize(_HUNDREDTH) if whole else None
