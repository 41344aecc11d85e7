"""Selections that are frozen, and the preview of a run."""

from http import HTTPStatus
from typing import Final

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tranche.invoicing import service
from tranche.invoicing.schemas.choices import (
    ChoiceBody,
    PreflightOut,
    SelectionBody,
    SelectionOut,
    choice_of,
    order_filter,
    preflight_out,
    selection_out,
    wishes_of,
)
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.headers import KEEPS_NOTHING
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.requests import AnyRequest, allow_query

_SCOPE: Final = {SCOPE: "invoices"}


@post("/api/order-selections", opt=_SCOPE, status_code=201, sync_to_thread=True)
def freeze_selection(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: JSONBody[SelectionBody],
) -> JsonResponse[Envelope[SelectionOut]]:
    """Keep for a day which orders match the filter now: count and sums by currency come back."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        selection = service.freeze_selection(conn, ctx, wanted=order_filter(data.filter))
        return Answer(
            envelope(ctx, selection_out(selection), message="Selection frozen"),
            status=HTTPStatus.CREATED,
            headers={"Location": f"/api/order-selections/{selection.id}"},
        )

    return act(database, ctx, request, action, given=data)


@get("/api/order-selections/{selection_id:int}", opt=_SCOPE, sync_to_thread=True)
def find_selection(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    selection_id: FromPath[int],
) -> Envelope[SelectionOut]:
    """One selection."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        selection = service.get_selection(conn, selection_id=selection_id)
    return envelope(ctx, selection_out(selection), message="Selection fetched")


@post("/api/invoices/preflight", opt={**_SCOPE, KEEPS_NOTHING: True}, status_code=200, sync_to_thread=True)
def preflight(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: JSONBody[ChoiceBody],
) -> Envelope[PreflightOut]:
    """What a run over these orders would do now: its judge step alone, which changes nothing."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        seen = service.preflight(conn, ctx, choice=choice_of(data), wishes=wishes_of(data))
    return envelope(ctx, preflight_out(seen), message="Orders judged")


CHOICE_ROUTES: Final = (freeze_selection, find_selection, preflight)
