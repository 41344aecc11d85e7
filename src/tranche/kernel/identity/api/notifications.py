"""What was told to the outside: deliveries of webhooks, all notifications, and which mails a person wants."""

from http import HTTPStatus
from typing import Final

from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.identity import service as identity
from tranche.kernel.identity.schemas.webhooks import (
    DeliveryOut,
    NotificationOut,
    WishesBody,
    WishesOut,
    delivery_out,
    notification_out,
)
from tranche.kernel.notify import service
from tranche.kernel.notify.domain import Channel, Status
from tranche.kernel.notify.service import Webhooks
from tranche.kernel.web.auth import SCOPE, admin, viewer
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.openapi import choice, takes, usual
from tranche.kernel.web.pagination import page_links, read_page
from tranche.kernel.web.requests import AnyRequest, allow_query, read_choice

_SCOPE: Final = {SCOPE: "settings"}
_STATUS: Final = choice("status", "Only what is in this state.", choices=list(Status))


@get(
    "/api/webhooks/{webhook_id:int}/deliveries",
    opt=_SCOPE,
    guards=[admin],
    sync_to_thread=True,
    operation_class=takes(_STATUS, *usual("page", "limit")),
)
def list_deliveries(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], webhook_id: FromPath[int]
) -> Envelope[list[DeliveryOut]]:
    """What was sent to a webhook, newest first, by `status`, each with its last 20 attempts."""
    allow_query(request, {"page", "limit", "status"})
    page = read_page(request)
    status = read_choice(request, "status", choices=list(Status))
    with database.transaction(ctx.organization_id) as conn:
        found, total = service.list_deliveries(
            conn, endpoint_id=webhook_id, status=status, limit=page.limit, offset=page.offset
        )
        attempts = service.list_attempts(conn, notification_ids=[delivery.id for delivery in found])
    out = [delivery_out(delivery, attempts=attempts[delivery.id]) for delivery in found]
    return envelope(ctx, out, message="Deliveries fetched", links=page_links(page, total=total))


@post(
    "/api/webhooks/deliveries/{delivery_id:int}/resend",
    opt=_SCOPE,
    guards=[admin],
    status_code=202,
    sync_to_thread=True,
)
def resend_delivery(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    webhooks: NamedDependency[Webhooks],
    delivery_id: FromPath[int],
) -> JsonResponse[Envelope[NotificationOut]]:
    """Send an ended delivery once more, under the same webhook-id."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        delivery = webhooks.resend(conn, ctx, delivery_id=delivery_id)
        headers = {"Location": f"/api/webhooks/{delivery.endpoint_id}/deliveries", "Retry-After": "1"}
        body = envelope(ctx, notification_out(delivery), message="Delivery put out again")
        return Answer(body, status=HTTPStatus.ACCEPTED, headers=headers)

    return act(database, ctx, request, action)


@get(
    "/api/notifications",
    opt=_SCOPE,
    guards=[admin],
    sync_to_thread=True,
    operation_class=takes(
        choice("channel", "Only this channel.", choices=list(Channel)), _STATUS, *usual("page", "limit")
    ),
)
def list_notifications(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[NotificationOut]]:
    """Mails, webhook deliveries and alerts of the last 30 days, newest first, by `channel` and `status`."""
    allow_query(request, {"page", "limit", "channel", "status"})
    page = read_page(request)
    channel = read_choice(request, "channel", choices=list(Channel))
    status = read_choice(request, "status", choices=list(Status))
    with database.transaction(ctx.organization_id) as conn:
        found, total = service.get_notifications(
            conn, channel=channel, status=status, limit=page.limit, offset=page.offset
        )
    out = [notification_out(notification) for notification in found]
    return envelope(ctx, out, message="Notifications fetched", links=page_links(page, total=total))


@get("/api/me/notifications", opt=_SCOPE, sync_to_thread=True)
def get_wishes(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[WishesOut]:
    """Which mails the caller gets about their own operations."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        wish = identity.get_operation_mails(conn, ctx)
    return envelope(ctx, WishesOut(operation_mails=wish), message="Notification settings fetched")


@put("/api/me/notifications", opt=_SCOPE, guards=[viewer], sync_to_thread=True)
def update_wishes(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], data: JSONBody[WishesBody]
) -> JsonResponse[Envelope[WishesOut]]:
    """Choose: `auto` is what took longer than ten seconds or failed; else `always` or `never`."""
    allow_query(request, ())
    wanted = data.data.operation_mails

    def action(conn: Connection) -> Answer:
        identity.set_operation_mails(conn, ctx, wish=wanted)
        return Answer(envelope(ctx, WishesOut(operation_mails=wanted), message="Notification settings updated"))

    return act(database, ctx, request, action, given=data)
