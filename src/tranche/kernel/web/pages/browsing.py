"""A list of the database on a page: the same filters, sorts and cursors as in the API, and its exports."""

from collections.abc import Mapping, Sequence
from typing import Final

from tranche.kernel.context import Context
from tranche.kernel.db import listing as lists
from tranche.kernel.db.listing import CAP, Choice, count, fetch_slice
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.web.cursors import read_cursor, write_cursor
from tranche.kernel.web.listing import Readers, read_filters
from tranche.kernel.web.pages.listing import Chip, Column, Filter, Listing, address
from tranche.kernel.web.requests import AnyRequest

ROWS: Final = 50

_AROUND: Final = frozenset({"sort", "after", "before"})


def browse(
    request: AnyRequest,
    ctx: Context,
    conn: Connection,
    source: lists.Listing,
    readers: Readers,
    *,
    columns: Sequence[Column],
    filters: Sequence[Filter] = (),
    fixed: Mapping[str, object] | None = None,
    default_sort: str = "",
    search_label: str = "",
    export: str = "",
    besides: frozenset[str] = frozenset(),
    path: str = "",
    limit: int = ROWS,
) -> tuple[list[Row], Listing]:
    """The rows that the page's address asks for, and what stands around them.

    `readers` are those of the API; its `search` is `q` on a page. `export` is the address of the API's exports,
    `path` that of the page, where a piece of it is asked for by another one.

    Raises:
        Invalid: the address holds what this list cannot take.
    """
    asked = {("q" if name == "search" else name): reader for name, reader in readers.items()}
    given = read_filters(request, source, asked, besides=_AROUND | besides, fixed=fixed)
    choice = Choice(given.filters, given.sort or default_sort)
    text = request.query_params.get("after") or request.query_params.get("before")
    place = read_cursor(text, ctx, source, choice) if text else None
    part = fetch_slice(conn, source, choice, limit=limit, place=place)
    counted = count(conn, source, choice, cap=CAP)
    kept = dict(request.query_params)
    narrowing = {("search" if name == "q" else name): kept.get(name) for name in asked}
    return part.rows, Listing(
        path=path or request.url.path,
        columns=columns,
        query=kept,
        narrowing=frozenset(asked),
        total=f"{min(counted, CAP):,}{'+' if counted > CAP else ''}",
        sort=choice.sort,
        filters=filters,
        search=kept.get("q", "") if search_label else None,
        search_label=search_label,
        following=write_cursor(ctx, source, choice, part.following),
        previous=write_cursor(ctx, source, choice, part.previous),
        exports=[
            (label, address(export, {**narrowing, "sort": choice.sort, "format": label.lower()}))
            for label in ("CSV", "XLSX")
            if export
        ],
    )


def chips(name: str, label: str, choices: Mapping[str, str], *, every: str = "All") -> Filter:
    """A filter by chips, the first of which is all, in the words of `every`: `{"open": "Open"}`."""
    shown = [Chip(label=every, value=""), *(Chip(label=text, value=value) for value, text in choices.items())]
    return Filter(name=name, label=label, chips=shown)
