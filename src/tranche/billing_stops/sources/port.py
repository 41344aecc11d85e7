"""The port to a source: it is opened, says its columns and its moment, and gives rows in parts."""

from collections.abc import Generator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from tranche.billing_stops.datasets import DataSet

PART_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows as COPY takes them, binary with its head and end, or text."""

    data: bytes = field(repr=False)
    rows: int
    is_binary: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a run asks for. With `since` only the rows of customers that changed since then, and `is_removed`."""

    data_set: DataSet
    query: str
    cutoff: date
    since: datetime | None = None

    @property
    def rule_column(self) -> str:
        """The column that follows from the rule, where the query does not give it."""
        return self.data_set.rule.column

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of a part, in order."""
        return self.data_set.names if self.since is None else (*self.data_set.names, "is_removed")


class Reading(Protocol):
    """An open source.

    `as_of` is the moment of which it tells, by its own clock, None where it cannot say; `is_status_given`, whether the
    query gives the column of the rule, is known when all parts have been read.
    """

    as_of: datetime | None
    is_status_given: bool

    def parts(self) -> Generator[Part, None, None]:
        """All rows.

        Raises:
            SourceFault, SourceRefused, BadRow
        """

    def cancel(self) -> None:
        """Make `parts` end soon, from another thread."""


class Reader(Protocol):
    """A source that can be opened."""

    def open(self, wanted: Wanted) -> AbstractContextManager[Reading]:
        """Connect and begin.

        Raises:
            SourceFault: it does not answer.
            SourceRefused: it or its query cannot be used.
        """
