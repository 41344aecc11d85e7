"""Lists: which rows, in which order, from which place on; their SQL is put together from fixed fragments only.

A place is the sort key of a row, so that the thousandth page costs what the first one costs. Every key stands in an
index whose operators are leakproof, because under a tenant wall no other one is used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import psycopg

from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.errors import FieldError, Invalid
from tranche.kernel.text import after_prefix

CAP: Final = 10_000
ZONE: Final = "(SELECT zone FROM organizations WHERE id = current_organization())"  # whose days a list speaks of


class Kind(StrEnum):
    """What a column of an export holds.

    `PLAIN` is for what its type or a CHECK keeps to harmless text, such as a day or a state: no formula, no markup.
    """

    TEXT = "text"
    PLAIN = "plain"
    NUMBER = "number"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an export: its header, and where it comes from."""

    header: str
    sql: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Key:
    """What rows are ordered by: never null. `by_pattern` says that the index is one of `text_pattern_ops`."""

    sql: str
    type: str = "bigint"
    by_pattern: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One list. The keys of a sort are unique together; a filter's fragment takes its value by the filter's name.

    `counted` is the source without what only the columns need.
    """

    name: str
    select: str
    source: str
    counted: str
    where: str
    filters: Mapping[str, str]
    sorts: Mapping[str, tuple[Key, ...]]
    default_sort: str
    export: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class Prefix:
    """The value of a search by prefix; its fragment takes `<name>_low` and `<name>_high`."""

    text: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked of a list: filters by name (None is left out), and the sort, behind "-" the other way round."""

    filters: Mapping[str, object] = field(default_factory=dict)
    sort: str = ""

    def given(self) -> dict[str, object]:
        """The filters that narrow."""
        return {name: value for name, value in self.filters.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list: the keys of a row as text, and whether what lies behind it is wanted or what lies before."""

    values: tuple[str, ...]
    forward: bool = True


@dataclass(frozen=True, slots=True)
class Slice:
    """Some rows of a list in its order, and the places to go on from."""

    rows: list[Row]
    following: Place | None
    previous: Place | None


class NoSuchPlace(Invalid):
    """A place that no row of this list can have."""

    code = "bad_cursor"

    def __init__(self) -> None:
        detail = "is not of this list; begin anew with cursor="
        super().__init__(f"cursor {detail}.", errors=[FieldError("cursor", detail, self.code)])


def fetch_slice(conn: Connection, listing: Listing, choice: Choice, *, limit: int, place: Place | None = None) -> Slice:
    """Up to `limit` rows behind a place, or before it.

    Raises:
        NoSuchPlace: the place's keys are not of this sort.
    """
    keys, descending = sort_keys(listing, choice)
    forward = place is None or place.forward
    condition, values = _beyond(keys, place, descending=descending == forward) if place else ("", {})
    shown = ", ".join(f"({key.sql})::text AS key_{number}" for number, key in enumerate(keys))
    filters, given = narrow(listing, choice)
    statement = f"""
        SELECT {listing.select}, {shown} FROM {listing.source} WHERE {listing.where}{filters}{condition}
        ORDER BY {order_by(keys, descending=descending == forward)} LIMIT %(limit)s
    """
    try:
        rows = _ask(conn, statement, {**given, **values, "limit": limit + 1})
    except psycopg.DataError as error:
        if place is None:
            raise
        raise NoSuchPlace from error
    return _slice(rows, limit=limit, place=place, keys=len(keys))


def fetch_page(conn: Connection, listing: Listing, choice: Choice, *, limit: int, offset: int) -> list[Row]:
    """A page by its number; it costs its offset."""
    keys, descending = sort_keys(listing, choice)
    filters, given = narrow(listing, choice)
    statement = f"""
        SELECT {listing.select} FROM {listing.source} WHERE {listing.where}{filters}
        ORDER BY {order_by(keys, descending=descending)} LIMIT %(limit)s OFFSET %(offset)s
    """
    return _ask(conn, statement, {**given, "limit": limit, "offset": offset})


def count(conn: Connection, listing: Listing, choice: Choice, *, cap: int | None = None) -> int:
    """How many rows match; with a cap at most one more than that is counted."""
    filters, given = narrow(listing, choice)
    statement = f"""
        SELECT count(*) AS n FROM (
            SELECT FROM {listing.counted} WHERE {listing.where}{filters} LIMIT %(limit)s
        ) AS capped
    """
    (row,) = _ask(conn, statement, {**given, "limit": None if cap is None else cap + 1})
    return int(row["n"])


def sort_keys(listing: Listing, choice: Choice) -> tuple[tuple[Key, ...], bool]:
    """The keys of the sort that is asked for, and whether it descends."""
    sort = choice.sort or listing.default_sort
    return listing.sorts[sort.removeprefix("-")], sort.startswith("-")


def narrow(listing: Listing, choice: Choice) -> tuple[str, dict[str, Any]]:
    """The conditions of the filters that are given, and their values."""
    values: dict[str, Any] = {}
    given = choice.given()
    for name, value in given.items():
        if isinstance(value, Prefix):
            values |= {f"{name}_low": value.text, f"{name}_high": after_prefix(value.text)}
        else:
            values[name] = value
    return "".join(f" AND ({listing.filters[name]})" for name in given), values


def order_by(keys: Sequence[Key], *, descending: bool) -> str:
    """The keys as ORDER BY wants them."""
    return ", ".join(
        f"{key.sql} USING {'~>~' if descending else '~<~'}" if key.by_pattern else key.sql + " DESC" * descending
        for key in keys
    )


def _beyond(keys: Sequence[Key], place: Place, *, descending: bool) -> tuple[str, dict[str, Any]]:
    if len(place.values) != len(keys):
        raise NoSuchPlace
    values = {f"key_{number}": value for number, value in enumerate(place.values)}
    marks = [f"%(key_{number})s::{key.type}" for number, key in enumerate(keys)]
    sign = "<" if descending else ">"
    if any(key.by_pattern for key in keys):
        return f" AND {_stepwise(keys, marks, sign)}", values
    return f" AND ({', '.join(key.sql for key in keys)}) {sign} ({', '.join(marks)})", values


def _stepwise(keys: Sequence[Key], marks: Sequence[str], sign: str) -> str:
    """As a comparison of rows, which knows no pattern operators; its first part is what reaches the index."""
    key, mark = keys[0], marks[0]
    beyond, reached = (f"~{sign}~", f"~{sign}=~") if key.by_pattern else (sign, f"{sign}=")
    if len(keys) == 1:
        return f"{key.sql} {beyond} {mark}"
    return f"{key.sql} {reached} {mark} AND ({key.sql} {beyond} {mark} OR {_stepwise(keys[1:], marks[1:], sign)})"


def _ask(conn: Connection, statement: str, values: dict[str, Any]) -> list[Row]:
    """Planned for these very values each time: a plan for any value would walk the wrong index for the rare ones."""
    return conn.execute(statement, values, prepare=False).fetchall()


def _slice(rows: list[Row], *, limit: int, place: Place | None, keys: int) -> Slice:
    found = [(row, tuple(row.pop(f"key_{number}") for number in range(keys))) for row in rows]
    has_more = len(found) > limit
    found = found[:limit]
    if place is not None and not place.forward:
        found.reverse()
        before = Place(found[0][1], forward=False) if has_more else None
        return Slice([row for row, _ in found], Place(found[-1][1]) if found else None, before)
    following = Place(found[-1][1]) if has_more else None
    first = found[0][1] if found else place.values if place else ()
    return Slice([row for row, _ in found], following, Place(first, forward=False) if place else None)
