"""Lists over HTTP: `sort` and filters from the query, pages by number or by cursor, capped counts.

A request with `cursor` (empty to begin) is answered by places: every page costs the same, and the count stops at
10,000. Without it, pages have numbers and an exact count, as the documents say, and a far one costs its offset.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, TypeAlias

from litestar.openapi.spec import OpenAPIFormat, OpenAPIType, Operation, Parameter, Schema

from tranche.kernel.context import Context
from tranche.kernel.db.listing import CAP, Choice, Listing, Prefix, count, fetch_page, fetch_slice
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.text import fold
from tranche.kernel.web.cursors import read_cursor, write_cursor
from tranche.kernel.web.openapi import LONGEST_CURSOR, takes
from tranche.kernel.web.openapi import choice as chosen
from tranche.kernel.web.openapi import given as asked
from tranche.kernel.web.openapi import text as written
from tranche.kernel.web.openapi import whole as counted
from tranche.kernel.web.pagination import LAST_PAGE, MOST_PER_PAGE, Cursors, Page, PageLinks, page_links, read_page
from tranche.kernel.web.requests import (
    BIGGEST_INTEGER,
    LONGEST_TEXT,
    AnyRequest,
    allow_query,
    invalid_parameter,
    is_moment,
    read_choice,
    read_text,
    read_whole,
)

Reader: TypeAlias = Callable[[AnyRequest, str], object]
Readers: TypeAlias = Mapping[str, tuple[str, Reader]]

PAGING: Final = frozenset({"page", "limit", "sort", "cursor"})
EXPORTING: Final = frozenset({"sort", "format"})

_AMOUNT: Final = re.compile(r"-?[0-9]{1,14}(\.[0-9]{1,4})?")
_TEN_THOUSANDTHS: Final = 10_000


DAY: Final = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE)
FORMAT: Final = chosen("format", "The kind of file.", choices=("csv", "xlsx"), required=True)
_ORDER: Final = "One of {}. A minus in front turns it round."
_CURSOR: Final = "A page by its place: empty for the first, then what the answer names as next or previous."
_shapes: dict[Reader, tuple[str, Schema]] = {}


@dataclass(frozen=True, slots=True)
class ByPage:
    """Rows of a numbered page, and how many there are in all."""

    rows: list[Row]
    page: Page
    total: int

    @property
    def links(self) -> PageLinks:
        """As document 5 shows them."""
        return page_links(self.page, total=self.total)


@dataclass(frozen=True, slots=True)
class ByCursor:
    """Rows from a place on, and the way to the ones beside."""

    rows: list[Row]
    links: Cursors


def lists(listing: Listing, readers: Readers, *more: Parameter) -> type[Operation]:
    """The `operation_class` of a route that answers a page of this list, and reads `more` beside its filters."""
    paging = (
        counted("page", "The number of the page; not beside `cursor`.", most=LAST_PAGE),
        counted("limit", "How many to a page.", most=MOST_PER_PAGE),
        written("cursor", _CURSOR, longest=LONGEST_CURSOR),
    )
    return takes(*_filters(readers), *more, _sorting(listing), *paging)


def exports_of(listing: Listing, readers: Readers, *more: Parameter) -> type[Operation]:
    """The `operation_class` of a route that answers this list as a file."""
    return takes(*_filters(readers), *more, _sorting(listing), FORMAT)


def _sorting(listing: Listing) -> Parameter:
    told = _ORDER.format(", ".join(f"`{name}`" for name in listing.sorts))
    return asked("sort", told, Schema(type=OpenAPIType.STRING, pattern=f"^-?({'|'.join(listing.sorts)})$"))


def _filters(readers: Readers) -> Iterator[Parameter]:
    for name, (_, reader) in readers.items():
        description, schema = _shapes.get(reader, ("", Schema(type=OpenAPIType.STRING)))
        yield asked(name, description, schema)


def read_filters(
    request: AnyRequest,
    listing: Listing,
    readers: Readers,
    *,
    besides: frozenset[str],
    fixed: Mapping[str, object] | None = None,
) -> Choice:
    """What a request asks of a list. `readers` say for each parameter which filter it fills, and how it is read.

    `fixed` are filters that the address itself sets.

    Raises:
        Invalid: an unknown parameter, one given twice, a value that its filter cannot take, a sort that is none.
    """
    allow_query(request, {*readers, *besides})
    sorts = [sign + name for name in listing.sorts for sign in ("", "-")]
    sort = read_choice(request, "sort", choices=sorts) or ""
    return Choice(
        {**{name: reader(request, given) for given, (name, reader) in readers.items()}, **(fixed or {})}, sort
    )


def is_by_cursor(request: AnyRequest) -> bool:
    """Whether the request asks for a page by its place."""
    return "cursor" in request.query_params


def look(
    request: AnyRequest,
    ctx: Context,
    conn: Connection,
    listing: Listing,
    choice: Choice,
    *,
    limit: int = 20,
    alias: str | None = None,
) -> ByPage | ByCursor:
    """The page that a request asks for; `limit` is the default, `alias` another name of that parameter.

    Raises:
        Invalid: the page or the cursor cannot be taken.
    """
    if is_by_cursor(request):
        return look_from(request, ctx, conn, listing, choice, limit=limit)
    page = read_page(request, limit=limit, alias=alias)
    rows = fetch_page(conn, listing, choice, limit=page.limit, offset=page.offset)
    return ByPage(rows, page, count(conn, listing, choice))


def look_from(
    request: AnyRequest, ctx: Context, conn: Connection, listing: Listing, choice: Choice, *, limit: int = 20
) -> ByCursor:
    """The rows behind the request's cursor, or the first ones."""
    if "page" in request.query_params:
        raise invalid_parameter("page", "cannot be given beside cursor")
    limit = read_whole(request, "limit", most=MOST_PER_PAGE) or limit
    text = request.query_params.get("cursor")
    place = read_cursor(text, ctx, listing, choice) if text else None
    part = fetch_slice(conn, listing, choice, limit=limit, place=place)
    counted = count(conn, listing, choice, cap=CAP)
    links = Cursors(
        limit=limit,
        next=write_cursor(ctx, listing, choice, part.following),
        previous=write_cursor(ctx, listing, choice, part.previous),
        count=min(counted, CAP),
        is_count_capped=counted > CAP,
    )
    return ByCursor(part.rows, links)


def whole(request: AnyRequest, name: str) -> int | None:
    """Reads a whole number."""
    return read_whole(request, name)


def moment(request: AnyRequest, name: str) -> datetime | None:
    """Reads a moment with its offset from UTC."""
    return read_moment(request, name)


def day(request: AnyRequest, name: str) -> date | None:
    """Reads a day of the calendar."""
    text = request.query_params.get(name)
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise invalid_parameter(name, "must be a day of the calendar such as 2026-11-28") from None


def flag(request: AnyRequest, name: str) -> bool | None:
    """Reads `true` or `false`; unlike an absent one, `false` narrows too."""
    given = read_choice(request, name, choices=("true", "false"))
    return None if given is None else given == "true"


def money(request: AnyRequest, name: str) -> int | None:
    """Reads an amount, as the ten-thousandths by which lists are narrowed."""
    given = request.query_params.get(name)
    if given is None:
        return None
    if not _AMOUNT.fullmatch(given):
        raise invalid_parameter(name, "must be an amount such as 99.50, with at most 4 digits behind the point")
    return int(Decimal(given) * _TEN_THOUSANDTHS)


def word(*choices: str) -> Reader:
    """Reads one of some words."""

    def read(request: AnyRequest, name: str) -> str | None:
        return read_choice(request, name, choices=choices)

    return shaped(read, "", Schema(type=OpenAPIType.STRING, enum=list(choices)))


def text(*, longest: int = LONGEST_TEXT) -> Reader:
    """Reads a text as it stands."""

    def read(request: AnyRequest, name: str) -> str | None:
        return read_text(request, name, longest=longest, least=1)

    return shaped(read, "", Schema(type=OpenAPIType.STRING, min_length=1, max_length=longest))


def prefix(*, folded: bool = False) -> Reader:
    """Reads the beginning of something; an empty one narrows nothing."""

    def read(request: AnyRequest, name: str) -> Prefix | None:
        given = read_text(request, name) or ""
        start = fold(given) if folded else given
        return Prefix(start) if start else None

    return shaped(read, "How it begins.", Schema(type=OpenAPIType.STRING, max_length=LONGEST_TEXT))


def shaped(reader: Reader, description: str, schema: Schema) -> Reader:
    """The reader itself; documents say from now on what it takes."""
    _shapes[reader] = description, schema
    return reader


shaped(whole, "", Schema(type=OpenAPIType.INTEGER, minimum=1, maximum=BIGGEST_INTEGER))
shaped(moment, "With its offset from UTC.", Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE_TIME))
shaped(day, "", DAY)
shaped(flag, "", Schema(type=OpenAPIType.BOOLEAN))
shaped(
    money, "With at most 4 digits behind the point.", Schema(type=OpenAPIType.STRING, pattern=f"^{_AMOUNT.pattern}$")
)


def read_moment(request: AnyRequest, name: str) -> datetime | None:
    """A moment with its offset from UTC, None when it is absent.

    Raises:
        Invalid: it is none, or says no offset.
    """
    given = request.query_params.get(name)
    if given is None:
        return None
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        found = None
    if found is None or not is_moment(found):
        raise invalid_parameter(name, "must be a date and time with its zone, such as 2025-10-29T08:00:00Z")
    return found
