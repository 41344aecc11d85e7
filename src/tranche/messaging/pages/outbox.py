"""The outbox, one message, and the addresses that nothing is sent to."""

from collections.abc import Mapping
from typing import Final

from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from tranche.kernel.context import Context
from tranche.kernel.db.listing import CAP
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Invalid, NotFound
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.browsing import browse, chips
from tranche.kernel.web.pages.listing import Chip, Column, Filter, Listing
from tranche.kernel.web.pages.render import Html, faults_of, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest, read_whole
from tranche.messaging import service
from tranche.messaging.api.outbox import FILTERS
from tranche.messaging.domain import Channel, Provider, State

TABS: Final = (("/messages", "Outbox"), ("/messages/suppressions", "Suppressed addresses"))
NAMES: Final = {Channel.EMAIL: "E-mail", Channel.SMS: "SMS", Channel.WHATSAPP: "WhatsApp"}
_CHANNELS: Final = chips("channel", "Channel", {one.value: name for one, name in NAMES.items()}, every="All channels")
_PER_PAGE: Final = 50
_COLUMNS: Final = (
    Column(label="Recipient"),
    Column(label="Channel"),
    Column(label="Subject"),
    Column(label="State"),
    Column(label="Written"),
)
_SUPPRESSION_COLUMNS: Final = (
    Column(label="Address"),
    Column(label="Channel"),
    Column(label="Why"),
    Column(label="Since"),
    Column(label="What to do", is_hidden_label=True),
)


class SuppressionForm(Body, frozen=True):
    """An address that nothing is to be sent to, or that may be written to again."""

    channel: Channel = Channel.EMAIL
    address: str = ""
    reason: str = ""


@page("/messages")
def outbox_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """Messages, newest first."""
    with database.transaction(ctx.organization_id) as conn:
        rows, listing = browse(
            request,
            ctx,
            conn,
            service.MESSAGES,
            FILTERS,
            columns=_COLUMNS,
            filters=(state_chips(service.count_by_status(conn)), _CHANNELS),
            search_label="Beginning of the address",
            export="/api/messages/export",
        )
        folders = list_folders(conn)
    found = [service.message_of(row) for row in rows]
    data = {"messages": found, "listing": listing, "folders": folders, "tabs": TABS, "names": NAMES}
    return render(request, "messaging/outbox.html", data)


@page("/messages/suppressions")
def suppressions_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """Addresses that nothing is sent to."""
    return _suppressions(request, ctx, database)


@form("/messages/suppressions")
def suppress_address(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: URLEncodedBody[SuppressionForm],
) -> Html:
    """Put an address on the list."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            service.suppress(
                conn, ctx, channel=data.channel, address=data.address, reason=data.reason.strip() or "by hand"
            )
    except Invalid as error:
        return _suppressions(request, ctx, database, data=data, error=error)
    return redirect("/messages/suppressions", say="Nothing more is sent to this address.")


@form("/messages/suppressions/remove")
def allow_address(
    ctx: NamedDependency[Context], database: NamedDependency[Database], data: URLEncodedBody[SuppressionForm]
) -> Html:
    """Take an address off the list."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            service.unsuppress(conn, ctx, channel=data.channel, address=data.address)
    except NotFound:
        return redirect("/messages/suppressions", say="The address was off the list already.")
    return redirect("/messages/suppressions", say="This address may be written to again.")


def list_folders(conn: Connection) -> list[str]:
    """The channels whose messages do not leave this machine, for the notice that says so."""
    return [NAMES[one.channel] for one in service.list_channels(conn) if one.provider is Provider.FOLDER]


def _suppressions(
    request: AnyRequest,
    ctx: Context,
    database: Database,
    *,
    data: SuppressionForm | None = None,
    error: Invalid | None = None,
) -> Html:
    search, number = request.query_params.get("q", ""), read_whole(request, "after") or 1
    with database.transaction(ctx.organization_id) as conn:
        found, total = service.list_suppressions(
            conn, channel=None, search=search, limit=_PER_PAGE, offset=(number - 1) * _PER_PAGE
        )
    listing = Listing(
        path="/messages/suppressions",
        columns=_SUPPRESSION_COLUMNS,
        query=dict(request.query_params),
        search=search,
        search_label="Search by the beginning of the address",
        total=f"{total:,}",
        following=str(number + 1) if number * _PER_PAGE < total else None,
        previous=str(number - 1) if number > 1 else None,
    )
    shown = {
        "listing": listing,
        "suppressions": found,
        "tabs": TABS,
        "names": NAMES,
        "data": data or SuppressionForm(),
        "faults": faults_of(error) if error else {},
        "channels": [(one.value, NAMES[one]) for one in Channel],
    }
    return render(request, "messaging/suppressions.html", shown, status=400 if error else 200)


def state_chips(counts: Mapping[State, int]) -> Filter:
    """A filter by those states in which there is a message, each with how many there are."""
    shown = [
        Chip(label=state.value.capitalize(), value=state, count=f"{min(found, CAP):,}{'+' if found > CAP else ''}")
        for state, found in counts.items()
        if found
    ]
    return Filter(name="status", label="State", chips=(Chip(label="All", value=""), *shown))


OUTBOX_PAGES: Final = (outbox_page, suppressions_page, suppress_address, allow_address)
