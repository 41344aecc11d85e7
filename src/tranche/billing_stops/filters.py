"""What a request, of the API or of a page, asks of the details; and what its cursors belong to."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final

from tranche.billing_stops.bill_stop import ISSUE
from tranche.billing_stops.service import DETAIL_ORDERS, STATUSES, Filter
from tranche.kernel.web.openapi import choice, text
from tranche.kernel.web.requests import AnyRequest, invalid_parameter, read_choice

ALL: Final = "all"

_LONGEST_KEY: Final = 50
NARROWING: Final = (
    choice("billing_status", "Only these; those with a bill stop unless said.", choices=(*STATUSES, ALL, "")),
    text("crp_account_no", "Only this account.", longest=_LONGEST_KEY),
    text("search", "How an account or a customer number begins.", longest=_LONGEST_KEY),
)
SORT: Final = choice("sort", "How the details are ordered.", choices=DETAIL_ORDERS)

_KINDS: Final[Mapping[str, type]] = {"balance_minor": int, "bill_stop_count": int, "bill_day": date}


def read_filter(request: AnyRequest) -> Filter:
    """Which details a request asks for.

    Raises:
        Invalid
    """
    sort = read_choice(request, "sort", choices=DETAIL_ORDERS)
    return read_filter_of(request, search="search", sort=sort)


def read_filter_of(request: AnyRequest, *, search: str, sort: str | None) -> Filter:
    """The same where the parameter of the search has another name, as on a page.

    Raises:
        Invalid
    """
    status = read_choice(request, "billing_status", choices=(*STATUSES, ALL, "")) or ISSUE
    beginning = read_key(request, search)
    return Filter(
        statuses=STATUSES if status == ALL else (status,),
        crp=read_key(request, "crp_account_no"),
        search=beginning,
        sort=sort or ("cpc_customer_no" if beginning else "crp_account_no"),
    )


def read_key(request: AnyRequest, name: str) -> str | None:
    """A number of a customer or an account, or its beginning; an empty one narrows nothing."""
    text = (request.query_params.get(name) or "").strip()
    if len(text) > _LONGEST_KEY or "\0" in text or text.encode(errors="replace").decode() != text:
        raise invalid_parameter(name, f"must be at most {_LONGEST_KEY} characters")
    return text or None


def filter_mark(wanted: Filter) -> str:
    """What a cursor of the details belongs to."""
    return f"details:{wanted.sort}:{','.join(wanted.statuses)}:{wanted.crp or ''}:{wanted.search or ''}"


def cursor_kinds(columns: Collection[str]) -> list[type]:
    """What a cursor over these columns holds."""
    return [_KINDS.get(name, str) for name in columns]
