"""What a snapshot data set is: columns, key, rule, measures, queries; everything else works from such a declaration.

The tables are made by a migration: `<name>_detail_rows` and `<name>_summary_rows`, partitioned by `snapshot_id`, with
the indexes that every part is to have. A test holds them against the declaration.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """What the values of a column are; the value is the PostgreSQL type that a source's value is cast to."""

    TEXT = "text"
    DATE = "date"
    MONEY = "numeric"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the details, as the source must give it."""

    name: str
    kind: Kind = Kind.TEXT
    is_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A status that follows from a date, where the source does not give it: `met` from the cutoff on, else `missed`."""

    column: str
    of: str
    met: str
    missed: str

    def value(self, day: date | None, *, cutoff: date) -> str:
        """The status of one row."""
        return self.met if day is not None and day >= cutoff else self.missed

    def sql(self, alias: str, *, cutoff: date) -> str:
        """The same as an expression over the date column of `alias`."""
        reached = f"{alias}.{self.of}::date >= DATE '{cutoff.isoformat()}'"
        return f"CASE WHEN {reached} THEN '{self.met}' ELSE '{self.missed}' END"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure of the summary: an aggregate over the details `d` of a group.

    `total` is the figure of the whole snapshot, an aggregate over the summary's rows `s`.
    """

    name: str
    sql: str
    total: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """A data set, declared in one place.

    `query` and `changes_query` are names of files (see `sources.query_files`); the second gives the rows of the
    customers that changed since `:since`, with a further column `is_removed`, and is None where there is none.
    `watched` is the status whose rows readers look for first.
    """

    name: str
    title: str
    query: str
    changes_query: str | None
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    group_by: str
    rule: Threshold
    measures: tuple[Measure, ...]
    schedule: str

    @property
    def operation(self) -> str:
        """The kind of operation that takes a snapshot."""
        return f"{self.name}_snapshot"

    @property
    def watched(self) -> str:
        """The status that asks for somebody's attention."""
        return self.rule.missed

    @property
    def names(self) -> tuple[str, ...]:
        """The columns in the order in which they are loaded."""
        return tuple(column.name for column in self.columns)

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The kind of each column."""
        return {column.name: column.kind for column in self.columns}
