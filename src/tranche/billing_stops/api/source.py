"""The source of the bill-stop analysis: an admin's matter. Credentials go in and never come out."""

import time
from http import HTTPStatus

from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET

from tranche.billing_stops import service
from tranche.billing_stops.api.analysis import OPT
from tranche.billing_stops.bill_stop import BILL_STOP
from tranche.billing_stops.probing import probe
from tranche.billing_stops.schemas.source import ProbeOut, SourceBody, SourceChange, SourceOut, source_out
from tranche.billing_stops.sources.making import Readers
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import FieldError, Invalid
from tranche.kernel.web.auth import admin
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.headers import KEEPS_NOTHING
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.pointers import under
from tranche.kernel.web.requests import AnyRequest, allow_query

_PATH = "/api/crp-cpc/bill-stop-source"


@get(_PATH, opt=OPT, guards=[admin], sync_to_thread=True)
def find_source(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[SourceOut]:
    """How the data are read."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        source = service.get_source(conn, data_set=BILL_STOP)
    return envelope(ctx, source_out(source), message="Source fetched")


@put(_PATH, opt=OPT, guards=[admin], sync_to_thread=True)
def put_source(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    readers: NamedDependency[Readers],
    data: JSONBody[SourceBody],
) -> JsonResponse[Envelope[SourceOut]]:
    """Set the source up or replace it; the published data stay until a run has completed."""
    allow_query(request, ())
    with under("/data"):
        credentials = _credentials(data.data)

    def action(conn: Connection) -> Answer:
        with under("/data"):
            source = service.put_source(
                conn,
                ctx,
                data_set=BILL_STOP,
                kind=data.data.kind,
                settings=data.data.settings(),
                credentials=credentials,
                box=readers.box(),
            )
        return Answer(envelope(ctx, source_out(source), message="Source saved"))

    return act(database, ctx, request, action, given=data)


@post(f"{_PATH}/test", opt={**OPT, KEEPS_NOTHING: True}, guards=[admin], status_code=HTTPStatus.OK, sync_to_thread=True)
def test_source(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    readers: NamedDependency[Readers],
) -> Envelope[ProbeOut]:
    """Connect as a run would, and read the first rows; nothing is kept."""
    allow_query(request, ())
    with database.transaction(ctx.organization_id) as conn:
        source = service.get_source(conn, data_set=BILL_STOP)
    begun = time.monotonic()
    found = probe(readers, source, BILL_STOP, organization_id=ctx.organization_id)
    out = ProbeOut(as_of=found.as_of, rows=found.rows, seconds=round(time.monotonic() - begun, 3))
    return envelope(ctx, out, message="The source answers")


def _credentials(change: SourceChange) -> dict[str, str] | None:
    if change.user is UNSET and change.password is UNSET:
        return None
    if not isinstance(change.user, str) or not isinstance(change.password, str) or not change.user:
        detail = "must be given together"
        raise Invalid(f"user and password {detail}.", errors=[FieldError("/password", detail)])
    return {"user": change.user, "password": change.password}


SOURCE_ROUTES = (find_source, put_source, test_source)
