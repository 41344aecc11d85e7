"""How invoices are numbered and what they print: one admin's business."""

from typing import Final

from litestar import get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from tranche.invoicing import service
from tranche.invoicing.schemas.settings import SettingsBody, SettingsOut, changed, settings_out
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.web.auth import SCOPE, admin
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.pointers import under
from tranche.kernel.web.requests import AnyRequest, allow_query

_SCOPE: Final = {SCOPE: "settings"}


@get("/api/invoice-settings", opt=_SCOPE, sync_to_thread=True)
def get_settings(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[SettingsOut]:
    """The settings."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        settings = service.get_settings(conn)
    return envelope(ctx, settings_out(settings), message="Invoice settings fetched")


@put("/api/invoice-settings", opt=_SCOPE, guards=[admin], sync_to_thread=True)
def change_settings(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: JSONBody[SettingsBody],
) -> JsonResponse[Envelope[SettingsOut]]:
    """Change the settings that are given; invoices that were issued, and runs that have begun, keep theirs."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        with under("/data"):
            settings = service.change_settings(conn, ctx, settings=changed(service.get_settings(conn), data.data))
        return Answer(envelope(ctx, settings_out(settings), message="Invoice settings updated"))

    return act(database, ctx, request, action, given=data)


SETTINGS_ROUTES: Final = (get_settings, change_settings)
