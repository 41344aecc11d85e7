"""The verbs on webhooks: create, change, rotate, delete, test, look at deliveries, send again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol
from urllib.parse import urlsplit

from tranche.kernel.audit import service as audit
from tranche.kernel.audit.domain import JSON
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import Conflict, FieldError, Invalid
from tranche.kernel.notify.addresses import find_literal, why_forbidden
from tranche.kernel.notify.domain import (
    TEST_EVENT,
    Endpoint,
    Notification,
    Status,
    UnknownDelivery,
    UnknownEndpoint,
    check_endpoint,
)
from tranche.kernel.notify.queries import endpoints, notifications
from tranche.kernel.notify.service.outbox import payload
from tranche.kernel.notify.signing import SigningKey

MOST_ENDPOINTS: Final = 50
BY_HAND: Final = "It was disabled by hand."

_SALT = 32
_KEEP_OLD_SECRET = 86_400.0


class TooManyEndpoints(Conflict):
    """An organization has as many webhooks as it may."""

    code = "too_many_webhooks"


class NotEnded(Conflict):
    """The delivery is still being worked on."""

    code = "not_ended"


class EndpointDeleted(Conflict):
    """The webhook of the delivery has been deleted."""

    code = "webhook_deleted"


class Wake(Protocol):
    """The port by which a worker is told, when the transaction commits, that something is to be sent."""

    def __call__(self, conn: Connection, organization_id: int, /) -> None: ...


@dataclass(frozen=True, slots=True)
class IssuedEndpoint:
    """An endpoint at the one moment at which its secret is shown."""

    endpoint: Endpoint
    secret: str = field(repr=False)


class Webhooks:
    """The verbs for one process, which knows the signing key and how to wake a worker."""

    def __init__(
        self, key: SigningKey, *, entropy: Callable[[int], bytes], wake: Wake, allow_private: bool = False
    ) -> None:
        """`entropy` gives so many random bytes; `allow_private` opens loopback and private networks."""
        self._key = key
        self._allow_private = allow_private
        self._entropy = entropy
        self._wake = wake

    def create(
        self,
        conn: Connection,
        ctx: Context,
        *,
        url: str,
        description: str,
        event_types: Sequence[str],
        is_enabled: bool,
    ) -> IssuedEndpoint:
        """Make an endpoint; its secret is shown this once.

        Raises:
            Invalid, TooManyEndpoints
        """
        check_endpoint(url=url, description=description, event_types=event_types)
        self._check_host(url)
        if endpoints.count_endpoints(conn) >= MOST_ENDPOINTS:
            raise TooManyEndpoints(f"An organization has at most {MOST_ENDPOINTS} webhooks; delete one first.")
        salt = self._entropy(_SALT)
        endpoint = endpoints.insert_endpoint(
            conn,
            url=url,
            description=description,
            event_types=event_types,
            disabled_reason=None if is_enabled else BY_HAND,
            salt=salt,
            key_mark=self._key.mark,
            created_by=ctx.user_id,
        )
        _note(conn, ctx, "create", endpoint)
        return self._issued(ctx, endpoint)

    def rotate(self, conn: Connection, ctx: Context, *, endpoint_id: int) -> IssuedEndpoint:
        """Give an endpoint a new secret; for 24 hours its deliveries are signed with the old one too.

        Raises:
            UnknownEndpoint
        """
        _locked(conn, endpoint_id)
        endpoint = endpoints.replace_salt(
            conn,
            endpoint_id=endpoint_id,
            salt=self._entropy(_SALT),
            key_mark=self._key.mark,
            keep_seconds=_KEEP_OLD_SECRET,
        )
        _note(conn, ctx, "rotate", endpoint)
        return self._issued(ctx, endpoint)

    def update(
        self,
        conn: Connection,
        ctx: Context,
        *,
        endpoint_id: int,
        url: str | None = None,
        description: str | None = None,
        event_types: Sequence[str] | None = None,
        is_enabled: bool | None = None,
    ) -> Endpoint:
        """Change what is given; what waits for an endpoint that is disabled fails, and may be sent again later.

        Raises:
            UnknownEndpoint, Invalid
        """
        old = _locked(conn, endpoint_id)
        wanted = old.event_types if event_types is None else tuple(event_types)
        url = old.url if url is None else url
        description = old.description if description is None else description
        check_endpoint(url=url, description=description, event_types=wanted)
        if url != old.url:
            self._check_host(url)
        reason = old.disabled_reason
        if is_enabled is not None and is_enabled != old.is_enabled:
            reason = None if is_enabled else BY_HAND
        endpoint = endpoints.update_endpoint(
            conn,
            endpoint_id=endpoint_id,
            url=url,
            description=description,
            event_types=wanted,
            disabled_reason=reason,
        )
        if not endpoint.is_enabled:
            notifications.end_waiting(
                conn, endpoint_id=endpoint_id, code="webhook_disabled", error="The webhook was disabled."
            )
        _note(conn, ctx, "update", endpoint)
        return endpoint

    def delete(self, conn: Connection, ctx: Context, *, endpoint_id: int) -> Endpoint:
        """Remove an endpoint; what waited for it fails, its deliveries stay in the list of notifications.

        Raises:
            UnknownEndpoint
        """
        endpoint = _locked(conn, endpoint_id)
        notifications.end_waiting(
            conn, endpoint_id=endpoint_id, code="webhook_deleted", error="The webhook was deleted."
        )
        endpoints.delete_endpoint(conn, endpoint_id=endpoint_id)
        _note(conn, ctx, "delete", endpoint)
        return endpoint

    def test(self, conn: Connection, ctx: Context, *, endpoint_id: int, now: datetime) -> Notification:
        """Send a test event to an endpoint, enabled or not.

        Raises:
            UnknownEndpoint
        """
        _locked(conn, endpoint_id)
        body = payload(TEST_EVENT, {"message": "This is a test."}, at=now)
        delivery = notifications.insert_for_endpoint(conn, endpoint_id=endpoint_id, event=TEST_EVENT, body=body)
        audit.record(conn, ctx, action="webhook.test", subject_id=endpoint_id)
        self._wake(conn, ctx.organization_id)
        return delivery

    def resend(self, conn: Connection, ctx: Context, *, delivery_id: int) -> Notification:
        """Send an ended delivery again, under the same webhook-id, by which receivers know it.

        Raises:
            UnknownDelivery, NotEnded, EndpointDeleted
        """
        delivery = notifications.lock_delivery(conn, delivery_id=delivery_id)
        if delivery is None:
            raise UnknownDelivery.of(delivery_id)
        if delivery.status in {Status.PENDING, Status.SENDING}:
            raise NotEnded(f"Delivery {delivery_id} is {delivery.status}; wait for its end, then send it again.")
        if delivery.endpoint_id is None:
            raise EndpointDeleted(f"The webhook of delivery {delivery_id} has been deleted.")
        reopened = notifications.reopen(conn, notification_id=delivery_id)
        audit.record(conn, ctx, action="webhook.resend", subject_id=delivery.endpoint_id)
        self._wake(conn, ctx.organization_id)
        return reopened

    def _check_host(self, url: str) -> None:
        """What can be told without asking a name server is told at once; names are checked at each sending."""
        address = find_literal(urlsplit(url).hostname or "")
        if address is None:
            return
        reason = why_forbidden(address, allow_private=self._allow_private)
        if reason is not None:
            is_ours_to_allow = why_forbidden(address, allow_private=True) is None
            hint = (
                "; whoever runs this server allows it by TRANCHE_WEBHOOK_ALLOW_PRIVATE=true" if is_ours_to_allow else ""
            )
            detail = f"must not lead to {reason}{hint}"
            raise Invalid(f"url {detail}.", errors=[FieldError("/url", detail, "forbidden_address")])

    def _issued(self, ctx: Context, endpoint: Endpoint) -> IssuedEndpoint:
        return IssuedEndpoint(endpoint, self._key.secret(organization_id=ctx.organization_id, salt=endpoint.salt))


def get_endpoint(conn: Connection, *, endpoint_id: int) -> Endpoint:
    """One endpoint.

    Raises:
        UnknownEndpoint
    """
    endpoint = endpoints.find_endpoint(conn, endpoint_id=endpoint_id)
    if endpoint is None:
        raise UnknownEndpoint.of(endpoint_id)
    return endpoint


def list_endpoints(conn: Connection, *, limit: int, offset: int) -> tuple[list[Endpoint], int]:
    """A page by id, and how many there are in all."""
    return endpoints.list_endpoints(conn, limit=limit, offset=offset), endpoints.count_endpoints(conn)


def list_deliveries(
    conn: Connection, *, endpoint_id: int, status: str | None, limit: int, offset: int
) -> tuple[list[Notification], int]:
    """A page of an endpoint's deliveries, newest first, and how many there are in all.

    Raises:
        UnknownEndpoint
    """
    get_endpoint(conn, endpoint_id=endpoint_id)
    return (
        notifications.list_notifications(
            conn, endpoint_id=endpoint_id, channel=None, status=status, limit=limit, offset=offset
        ),
        notifications.count_notifications(conn, endpoint_id=endpoint_id, channel=None, status=status),
    )


def _locked(conn: Connection, endpoint_id: int) -> Endpoint:
    endpoint = endpoints.lock_endpoint(conn, endpoint_id=endpoint_id)
    if endpoint is None:
        raise UnknownEndpoint.of(endpoint_id)
    return endpoint


def _note(conn: Connection, ctx: Context, verb: str, endpoint: Endpoint) -> None:
    """The address stays out: some receivers put a password into it."""
    detail: dict[str, JSON] = {"eventTypes": list(endpoint.event_types), "isEnabled": endpoint.is_enabled}
    audit.record(conn, ctx, action=f"webhook.{verb}", subject_id=endpoint.id, detail=detail)
