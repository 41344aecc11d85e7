"""Pages of a list: reading `page` and `limit`, and the two shapes in which the documents answer them."""

from dataclasses import dataclass
from typing import Final

from tranche.kernel.web.json import Out
from tranche.kernel.web.requests import AnyRequest, invalid_parameter, read_whole

MOST_PER_PAGE: Final = 1_000
LAST_PAGE: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for; pages count from 1."""

    number: int
    limit: int

    @property
    def offset(self) -> int:
        """How many rows stand before this page."""
        return (self.number - 1) * self.limit


class Pagination(Out, frozen=True):
    """Document 1's shape."""

    page: int
    limit: int
    total: int
    pages: int


class PageLinks(Out, frozen=True):
    """Document 5's shape."""

    current_page: int
    total_pages: int
    total_items: int
    items_per_page: int
    has_next_page: bool
    has_previous_page: bool
    next_page: int | None
    prev_page: int | None


class Cursors(Out, frozen=True):
    """What stands in an answer by cursor instead; `isCountCapped` says that there are more than `count`."""

    limit: int
    next: str | None
    previous: str | None
    count: int
    is_count_capped: bool


def read_page(request: AnyRequest, *, limit: int = 20, alias: str | None = None) -> Page:
    """The page that a request asks for; `limit` is the default, `alias` another name of the parameter.

    Raises:
        Invalid: page is below 1, limit outside 1 to 1,000, or limit and its alias differ.
    """
    number = read_whole(request, "page", most=LAST_PAGE)
    given = read_whole(request, "limit", most=MOST_PER_PAGE)
    other = read_whole(request, alias, most=MOST_PER_PAGE) if alias else None
    if given is not None and other is not None and given != other:
        raise invalid_parameter(str(alias), "contradicts limit; give one of them")
    return Page(number or 1, given or other or limit)


def pagination(page: Page, *, total: int) -> Pagination:
    """Document 1's `pagination`."""
    return Pagination(page=page.number, limit=page.limit, total=total, pages=_pages(page, total))


def page_links(page: Page, *, total: int) -> PageLinks:
    """Document 5's `pagination`."""
    pages = _pages(page, total)
    following = page.number + 1 if page.number < pages else None
    previous = page.number - 1 if page.number > 1 else None
    return PageLinks(
        current_page=page.number,
        total_pages=pages,
        total_items=total,
        items_per_page=page.limit,
        has_next_page=following is not None,
        has_previous_page=previous is not None,
        next_page=following,
        prev_page=previous,
    )


def _pages(page: Page, total: int) -> int:
    return -(-total // page.limit)
