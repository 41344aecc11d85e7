"""The HTTP endpoints of messages."""

from typing import Any, Final

from tranche.messaging.api.callbacks import CALLBACK_ROUTES
from tranche.messaging.api.channels import CHANNEL_ROUTES
from tranche.messaging.api.deciding import DECIDING_ROUTES
from tranche.messaging.api.outbox import OUTBOX_ROUTES
from tranche.messaging.api.templates import make_template_routes

__all__ = ["ROUTES", "make_template_routes"]

ROUTES: Final[tuple[Any, ...]] = (*CHANNEL_ROUTES, *OUTBOX_ROUTES, *DECIDING_ROUTES, *CALLBACK_ROUTES)
