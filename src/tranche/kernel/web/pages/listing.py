"""A list as a page shows it: columns, filters and sort in the address, a cursor instead of page numbers."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tranche.kernel.web.requests import AnyRequest

_MOST_DIGITS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: `sort` is the value of `sort` in the address, and "-" before it turns the order round."""

    label: str
    sort: str = ""
    is_number: bool = False
    is_hidden_label: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One value of a filter to click on; the chip with value "" is all of them."""

    label: str
    value: str
    count: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A filter by chips: `name` is its parameter in the address."""

    name: str
    label: str
    chips: Sequence[Chip]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What `ui.table` needs around its rows; rows themselves are written by the page's template.

    `following` and `previous` are cursors, the values of `after` and `before` in the address. `total` is text, such as
    "12,431" or "500,000+". `anchor` is the part of the page that its links go to, where the list is not all of it.
    `narrowing` names parameters of the address that narrow the list without a chip of their own.
    """

    path: str
    columns: Sequence[Column]
    query: Mapping[str, str] = field(default_factory=dict)
    total: str = ""
    sort: str = ""
    filters: Sequence[Filter] = ()
    search: str | None = None
    search_label: str = "Search"
    following: str | None = None
    previous: str | None = None
    exports: Sequence[tuple[str, str]] = ()
    anchor: str = ""
    narrowing: Collection[str] = ()

    def to(self, **changes: str | None) -> str:
        """This list's address with some parameters changed; any change but of the page goes back to the first page."""
        kept = dict(self.query)
        if not changes.keys() & {"after", "before"}:
            changes = {**changes, "after": None, "before": None}
        return address(self.path, {**kept, **changes}) + (f"#{self.anchor}" if self.anchor else "")

    def sort_to(self, column: Column) -> str:
        """The address that sorts by a column, or the other way round when it is sorted by it already."""
        return self.to(sort=f"-{column.sort}" if self.sort == column.sort else column.sort)

    def order_of(self, column: Column) -> str | None:
        """For `aria-sort`."""
        if not column.sort or self.sort.lstrip("-") != column.sort:
            return None
        return "descending" if self.sort.startswith("-") else "ascending"

    @property
    def is_filtered(self) -> bool:
        """Whether anything narrows the list."""
        names = {"q", *self.narrowing, *(each.name for each in self.filters)}
        return any(self.query.get(name) for name in names)


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a list that is small enough for page numbers: settings, not business."""

    number: int
    limit: int

    @property
    def offset(self) -> int:
        """How many rows stand before it."""
        return (self.number - 1) * self.limit

    @property
    def previous(self) -> str | None:
        """For a Listing: the page before, in the place of a cursor."""
        return str(self.number - 1) if self.number > 1 else None

    def following(self, total: int) -> str | None:
        """For a Listing: the page after, in the place of a cursor."""
        return str(self.number + 1) if self.offset + self.limit < total else None


def page_of(request: AnyRequest, *, limit: int = 50) -> Window:
    """The window that `after` or `before` name by its page number; anything else is the first one."""
    text = request.query_params.get("after") or request.query_params.get("before") or "1"
    number = int(text) if text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS else 1
    return Window(max(number, 1), limit)


def address(path: str, parameters: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> str:
    """A path with the parameters that have a value."""
    pairs = parameters.items() if isinstance(parameters, Mapping) else parameters
    query = urlencode([(name, value) for name, value in pairs if value not in {None, ""}])
    return f"{path}?{query}" if query else path
