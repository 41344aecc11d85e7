"""Webhooks: an admin's matter. Answers that hold a secret are never stored: their replay is refused."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.identity.schemas import given
from tranche.kernel.identity.schemas.webhooks import (
    DeliveryOut,
    IssuedWebhookOut,
    WebhookBody,
    WebhookChangesBody,
    WebhookOut,
    delivery_out,
    issued_webhook_out,
    webhook_out,
)
from tranche.kernel.notify import service
from tranche.kernel.notify.service import Webhooks
from tranche.kernel.web.auth import SCOPE, admin
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.openapi import takes, usual
from tranche.kernel.web.pagination import page_links, read_page
from tranche.kernel.web.pointers import under
from tranche.kernel.web.requests import AnyRequest, allow_query

_SCOPE: Final = {SCOPE: "settings"}


@get("/api/webhooks", opt=_SCOPE, guards=[admin], sync_to_thread=True, operation_class=takes(*usual("page", "limit")))
def list_webhooks(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[WebhookOut]]:
    """The webhooks by id, the disabled ones too, without their secrets."""
    allow_query(request, {"page", "limit"})
    page = read_page(request)
    with database.transaction(ctx.organization_id) as conn:
        found, total = service.list_endpoints(conn, limit=page.limit, offset=page.offset)
    out = [webhook_out(endpoint) for endpoint in found]
    return envelope(ctx, out, message="Webhooks fetched", links=page_links(page, total=total))


@post("/api/webhooks", opt=_SCOPE, guards=[admin], sync_to_thread=True)
def create_webhook(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    webhooks: NamedDependency[Webhooks],
    data: JSONBody[WebhookBody],
) -> JsonResponse[Envelope[IssuedWebhookOut]]:
    """Make a webhook; this answer is the only one that holds its secret."""
    allow_query(request, ())
    wanted = data.data

    def action(conn: Connection) -> Answer:
        with under("/data"):
            issued = webhooks.create(
                conn,
                ctx,
                url=wanted.url.strip(),
                description=wanted.description.strip(),
                event_types=wanted.event_types,
                is_enabled=wanted.is_enabled,
            )
        message = "Webhook created; its secret is shown this once"
        return Answer(
            envelope(ctx, issued_webhook_out(issued), message=message), status=HTTPStatus.CREATED, secret=True
        )

    return act(database, ctx, request, action, given=data)


@get("/api/webhooks/{webhook_id:int}", opt=_SCOPE, guards=[admin], sync_to_thread=True)
def find_webhook(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], webhook_id: FromPath[int]
) -> Envelope[WebhookOut]:
    """One webhook."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        endpoint = service.get_endpoint(conn, endpoint_id=webhook_id)
    return envelope(ctx, webhook_out(endpoint), message="Webhook fetched")


@put("/api/webhooks/{webhook_id:int}", opt=_SCOPE, guards=[admin], sync_to_thread=True)
def update_webhook(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    webhooks: NamedDependency[Webhooks],
    webhook_id: FromPath[int],
    data: JSONBody[WebhookChangesBody],
) -> JsonResponse[Envelope[WebhookOut]]:
    """Change what is given; `isEnabled: true` brings one back that was disabled."""
    allow_query(request, ())
    changes = data.data

    def action(conn: Connection) -> Answer:
        with under("/data"):
            endpoint = webhooks.update(
                conn,
                ctx,
                endpoint_id=webhook_id,
                url=given(changes.url),
                description=given(changes.description),
                event_types=given(changes.event_types),
                is_enabled=given(changes.is_enabled),
            )
        return Answer(envelope(ctx, webhook_out(endpoint), message="Webhook updated"))

    return act(database, ctx, request, action, given=data)


@delete("/api/webhooks/{webhook_id:int}", opt=_SCOPE, guards=[admin], status_code=200, sync_to_thread=True)
def delete_webhook(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    webhooks: NamedDependency[Webhooks],
    webhook_id: FromPath[int],
) -> JsonResponse[Envelope[WebhookOut]]:
    """Remove a webhook; what waited for it is not sent."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        endpoint = webhooks.delete(conn, ctx, endpoint_id=webhook_id)
        return Answer(envelope(ctx, webhook_out(endpoint), message="Webhook deleted"))

    return act(database, ctx, request, action)


@post("/api/webhooks/{webhook_id:int}/rotate", opt=_SCOPE, guards=[admin], status_code=200, sync_to_thread=True)
def rotate_webhook(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    webhooks: NamedDependency[Webhooks],
    webhook_id: FromPath[int],
) -> JsonResponse[Envelope[IssuedWebhookOut]]:
    """Give a webhook a new secret; for 24 hours the old one signs beside it."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        issued = webhooks.rotate(conn, ctx, endpoint_id=webhook_id)
        message = "Webhook rotated; its new secret is shown this once"
        return Answer(envelope(ctx, issued_webhook_out(issued), message=message), secret=True)

    return act(database, ctx, request, action)


@post("/api/webhooks/{webhook_id:int}/test", opt=_SCOPE, guards=[admin], status_code=202, sync_to_thread=True)
def test_webhook(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    webhooks: NamedDependency[Webhooks],
    webhook_id: FromPath[int],
) -> JsonResponse[Envelope[DeliveryOut]]:
    """Send the event `webhook.test`; the deliveries tell what became of it."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        delivery = webhooks.test(conn, ctx, endpoint_id=webhook_id, now=datetime.now(UTC))
        headers = {"Location": f"/api/webhooks/{webhook_id}/deliveries", "Retry-After": "1"}
        body = envelope(ctx, delivery_out(delivery, attempts=()), message="Test event put out")
        return Answer(body, status=HTTPStatus.ACCEPTED, headers=headers)

    return act(database, ctx, request, action)
