"""The public door of notifications: put something into the outbox, look at it, look after webhooks."""

from tranche.kernel.notify.service.outbox import (
    alert,
    get_notifications,
    has_due,
    list_attempts,
    prune,
    publish,
    put_mail,
)
from tranche.kernel.notify.service.webhooks import (
    IssuedEndpoint,
    Wake,
    Webhooks,
    get_endpoint,
    list_deliveries,
    list_endpoints,
)

__all__ = [
    "IssuedEndpoint",
    "Wake",
    "Webhooks",
    "alert",
    "get_endpoint",
    "get_notifications",
    "has_due",
    "list_attempts",
    "list_deliveries",
    "list_endpoints",
    "prune",
    "publish",
    "put_mail",
]
