"""The HTTP endpoints of remembered mappings: look and forget."""

from litestar import delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.imports.intakes import Intakes
from tranche.imports.memory import service
from tranche.imports.memory.schemas import MemoryOut, memory_out
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.openapi import takes, usual
from tranche.kernel.web.pagination import page_links, read_page
from tranche.kernel.web.requests import AnyRequest, allow_query, read_choice

_SCOPE = {SCOPE: "orders"}


@get("/api/imports/mappings", opt=_SCOPE, sync_to_thread=True, operation_class=takes(*usual("page", "limit", "target")))
def list_mappings(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    intakes: NamedDependency[Intakes],
) -> Envelope[list[MemoryOut]]:
    """What is remembered of headers, used last first; `target` narrows it."""
    allow_query(request, {"page", "limit", "target"})
    page, target = read_page(request), read_choice(request, "target", choices=list(intakes.fields))
    with database.transaction(ctx.organization_id) as conn:
        memories, total = service.list_page(conn, target=target, limit=page.limit, offset=page.offset)
    out = [memory_out(memory) for memory in memories]
    return envelope(ctx, out, message="Mappings fetched", links=page_links(page, total=total))


@delete("/api/imports/mappings/{mapping_id:int}", opt=_SCOPE, status_code=200, sync_to_thread=True)
def forget_mapping(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], mapping_id: FromPath[int]
) -> JsonResponse[Envelope[None]]:
    """Forget what was remembered; the next file with this header is matched by itself again."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        service.forget(conn, ctx, memory_id=mapping_id)
        answer: Envelope[None] = envelope(ctx, None, message="Mapping forgotten")
        return Answer(answer)

    return act(database, ctx, request, action)


MEMORY_ROUTES = (list_mappings, forget_mapping)
