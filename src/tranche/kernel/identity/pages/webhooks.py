"""Settings, webhooks: other systems that hear of the ends of operations, and what was sent to them."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Conflict, Invalid, TrancheError
from tranche.kernel.notify import service
from tranche.kernel.notify.domain import EVENT_TYPES, Status
from tranche.kernel.notify.service import IssuedEndpoint, Webhooks
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.changing import change
from tranche.kernel.web.pages.listing import Chip, Column, Filter, Listing, page_of
from tranche.kernel.web.pages.render import Html, faults_of, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest, read_choice

PATH: Final = "/settings/webhooks"

_COLUMNS: Final = (
    Column(label="Address"),
    Column(label="Hears of"),
    Column(label="State"),
    Column(label="What to do", is_hidden_label=True),
)
_DELIVERY_COLUMNS: Final = (
    Column(label="Event"),
    Column(label="State"),
    Column(label="Attempts", is_number=True),
    Column(label="Put out"),
    Column(label="Last word"),
    Column(label="What to do", is_hidden_label=True),
)


class WebhookForm(Body, frozen=True):
    """An address, and the events that it wants to hear of."""

    url: str = ""
    description: str = ""
    event_types: tuple[str, ...] = ()


@page(PATH, role=Role.ADMIN)
def webhooks_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """The webhooks by age."""
    return _show(request, ctx, database)


@form(PATH, role=Role.ADMIN)
def create_webhook(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    webhooks: NamedDependency[Webhooks],
    data: URLEncodedBody[WebhookForm],
) -> Html:
    """Make one and show its secret."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            issued = webhooks.create(
                conn,
                ctx,
                url=data.url.strip(),
                description=data.description.strip(),
                event_types=data.event_types,
                is_enabled=True,
            )
    except (Invalid, Conflict) as error:
        return _show(request, ctx, database, data=data, error=error)
    return _show(request, ctx, database, issued=issued)


@page(PATH + "/{webhook_id:int}", role=Role.ADMIN)
def webhook_page(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], webhook_id: FromPath[int]
) -> Html:
    """One webhook with what was sent to it."""
    return _show_one(request, ctx, database, webhook_id)


@form(PATH + "/{webhook_id:int}/rotate", role=Role.ADMIN)
def rotate_webhook(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    webhooks: NamedDependency[Webhooks],
    webhook_id: FromPath[int],
) -> Html:
    """A new secret, shown once; the old one signs beside it for a day."""
    with database.transaction(ctx.organization_id) as conn:
        issued = webhooks.rotate(conn, ctx, endpoint_id=webhook_id)
    return _show_one(request, ctx, database, webhook_id, issued=issued)


@form(PATH + "/{webhook_id:int}/test", role=Role.ADMIN)
def test_webhook(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    webhooks: NamedDependency[Webhooks],
    webhook_id: FromPath[int],
) -> Html:
    """Send a test event."""

    def act(conn: Connection) -> object:
        return webhooks.test(conn, ctx, endpoint_id=webhook_id, now=datetime.now(UTC))

    return change(database, ctx, act, to=f"{PATH}/{webhook_id}", said="A test event is on its way.")


@form(PATH + "/{webhook_id:int}/switch", role=Role.ADMIN)
def switch_webhook(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    webhooks: NamedDependency[Webhooks],
    webhook_id: FromPath[int],
) -> Html:
    """Off if it is on, on if it is off."""

    def act(conn: Connection) -> object:
        endpoint = service.get_endpoint(conn, endpoint_id=webhook_id)
        return webhooks.update(conn, ctx, endpoint_id=webhook_id, is_enabled=not endpoint.is_enabled)

    return change(database, ctx, act, to=f"{PATH}/{webhook_id}", said="Switched.")


@form(PATH + "/{webhook_id:int}/delete", role=Role.ADMIN)
def delete_webhook(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    webhooks: NamedDependency[Webhooks],
    webhook_id: FromPath[int],
) -> Html:
    """Remove it; what waited for it is not sent."""
    return change(
        database,
        ctx,
        lambda conn: webhooks.delete(conn, ctx, endpoint_id=webhook_id),
        to=PATH,
        said="The webhook is deleted.",
    )


@form(PATH + "/{webhook_id:int}/deliveries/{delivery_id:int}/resend", role=Role.ADMIN)
def resend_delivery(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    webhooks: NamedDependency[Webhooks],
    webhook_id: FromPath[int],
    delivery_id: FromPath[int],
) -> Html:
    """Send an ended delivery once more."""
    return change(
        database,
        ctx,
        lambda conn: webhooks.resend(conn, ctx, delivery_id=delivery_id),
        to=f"{PATH}/{webhook_id}",
        said="It is on its way again.",
    )


ROUTES: Final[tuple[Any, ...]] = (
    webhooks_page,
    create_webhook,
    webhook_page,
    rotate_webhook,
    test_webhook,
    switch_webhook,
    delete_webhook,
    resend_delivery,
)


def _show(
    request: AnyRequest,
    ctx: Context,
    database: Database,
    *,
    data: WebhookForm | None = None,
    issued: IssuedEndpoint | None = None,
    error: TrancheError | None = None,
) -> Html:
    window = page_of(request)
    with database.transaction(ctx.organization_id) as conn:
        found, total = service.list_endpoints(conn, limit=window.limit, offset=window.offset)
    shown = {
        "webhooks": found,
        "listing": Listing(
            path=PATH,
            columns=_COLUMNS,
            total=f"{total:,}",
            previous=window.previous,
            following=window.following(total),
        ),
        "events": EVENT_TYPES,
        "data": data or WebhookForm(event_types=EVENT_TYPES),
        "issued": issued,
        "faults": faults_of(error) if error else {},
    }
    return render(request, "identity/webhooks.html", shown, status=HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK)


def _show_one(
    request: AnyRequest, ctx: Context, database: Database, webhook_id: int, *, issued: IssuedEndpoint | None = None
) -> Html:
    window = page_of(request)
    status = read_choice(request, "status", choices=[*Status, ""]) or None
    with database.transaction(ctx.organization_id) as conn:
        endpoint = service.get_endpoint(conn, endpoint_id=webhook_id)
        found, total = service.list_deliveries(
            conn, endpoint_id=webhook_id, status=status, limit=window.limit, offset=window.offset
        )
        attempts = service.list_attempts(conn, notification_ids=[delivery.id for delivery in found])
    chips = [Chip(label="All", value=""), *(Chip(label=str(one).capitalize(), value=str(one)) for one in Status)]
    shown = {
        "webhook": endpoint,
        "deliveries": found,
        "attempts": attempts,
        "listing": Listing(
            path=f"{PATH}/{webhook_id}",
            columns=_DELIVERY_COLUMNS,
            query={"status": status} if status else {},
            filters=[Filter(name="status", label="State", chips=chips)],
            total=f"{total:,}",
            previous=window.previous,
            following=window.following(total),
        ),
        "issued": issued,
    }
    return render(request, "identity/webhook.html", shown)
