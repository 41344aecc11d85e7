"""The HTTP endpoints that change an import: judge it again, bring in what a dry run has reported, undo it.

`Prefer: wait=N` is heeded by all: 200 and how it ended when that is within N seconds.
"""

from collections.abc import Mapping as AbstractMapping
from functools import partial
from http import HTTPStatus
from typing import Any

from litestar import post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tranche.imports import again, service
from tranche.imports.again import Choice
from tranche.imports.choices import read_mapping
from tranche.imports.domain import Mapping
from tranche.imports.fitting import keep_place, require_fit
from tranche.imports.intakes import Intakes
from tranche.imports.schemas import JudgeBody, StartedOut
from tranche.imports.targets import Import
from tranche.imports.uploads import UploadLimits, mapping_at
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import Operations, get_operation
from tranche.kernel.storage.domain import Files
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.headers import WAITS
from tranche.kernel.web.idempotency import Answer, act, replay
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.openapi import flag, takes
from tranche.kernel.web.requests import AnyRequest, allow_query, read_flag
from tranche.kernel.web.stream import Hub
from tranche.kernel.web.wait import Waiting

_OPT = {WAITS: True, SCOPE: "orders"}


@post("/api/imports/{import_id:int}/judge", opt=_OPT, status_code=202)
async def judge_import(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    hub: NamedDependency[Hub],
    operations: NamedDependency[Operations],
    files: NamedDependency[Files],
    upload_limits: NamedDependency[UploadLimits],
    intakes: NamedDependency[Intakes],
    import_id: FromPath[int],
    data: JSONBody[JudgeBody],
) -> JsonResponse[Envelope[StartedOut]]:
    """Read the stored file again under another mapping; what came in already stays, the rest is judged anew.

    A mapping that does not fit the file is refused and changes nothing. Where it says neither sheet nor row of the
    headers, those that were said before count.
    """
    allow_query(request, ())
    begun: list[int] = []

    def judge() -> JsonResponse[Any]:
        with database.transaction(ctx.organization_id) as conn:
            if known := replay(conn, ctx, request, given=data):
                return known
            work = service.get(conn, import_id=import_id)
        intake = intakes.of(work)
        if data.on_duplicate is not None:
            intake.refuse(data.on_duplicate)
        fields = intake.fields
        with mapping_at("/mapping"):
            before = read_mapping(work.options.get("mapping") or {}, fields=fields)
            mapping = keep_place(read_mapping(data.mapping, fields=fields), before=before)
            limits = upload_limits.parsing
            require_fit(database, ctx, work=work, mapping=mapping, fields=fields, files=files, limits=limits)
        return act(database, ctx, request, partial(action, mapping=mapping), given=data)

    def action(conn: Connection, *, mapping: Mapping) -> Answer:
        choice = Choice(mapping=mapping, on_duplicate=data.on_duplicate, mode=data.mode)
        work, operation = again.judge_again(conn, ctx, operations, import_id=import_id, choice=choice)
        begun.append(operation.id)
        return _started(ctx, work, operation, message="The file is read again")

    def ended(conn: Connection) -> object:
        work, operation = service.get(conn, import_id=import_id), get_operation(conn, operation_id=begun[0])
        return _body(ctx, work, operation, message="The file was read again")

    response = await sync_to_thread(judge)
    waiting = Waiting(request=request, ctx=ctx, hub=hub, database=database)
    return await waiting.answer(response, operation_id=next(iter(begun), None), ended=ended)


@post(
    "/api/imports/{import_id:int}/import",
    opt=_OPT,
    status_code=202,
    operation_class=takes(flag("allowDuplicate", "Take a file that came in before.")),
)
async def confirm_import(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    hub: NamedDependency[Hub],
    operations: NamedDependency[Operations],
    intakes: NamedDependency[Intakes],
    import_id: FromPath[int],
) -> JsonResponse[Any]:
    """Bring in what a dry run has reported, from the stored file; the answer is that of the target's upload."""
    allow_query(request, {"allowDuplicate"})
    allow_duplicate = read_flag(request, "allowDuplicate")
    begun: list[int] = []

    def action(conn: Connection) -> Answer:
        intake = intakes.of(service.get(conn, import_id=import_id))
        work, operation = again.confirm(
            conn, ctx, operations, import_id=import_id, intake=intake, allow_duplicate=allow_duplicate
        )
        begun.append(operation.id)
        body, location = intake.answer(conn, ctx, work=work, operation=operation)
        return Answer(body, status=HTTPStatus.ACCEPTED, headers=_headers(location))

    def ended(conn: Connection) -> object:
        work, operation = service.get(conn, import_id=import_id), get_operation(conn, operation_id=begun[0])
        return intakes.of(work).answer(conn, ctx, work=work, operation=operation)[0]

    response = await sync_to_thread(act, database, ctx, request, action)
    waiting = Waiting(request=request, ctx=ctx, hub=hub, database=database)
    return await waiting.answer(response, operation_id=next(iter(begun), None), ended=ended)


@post("/api/imports/{import_id:int}/undo", opt=_OPT, status_code=202)
async def undo_import(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    hub: NamedDependency[Hub],
    operations: NamedDependency[Operations],
    intakes: NamedDependency[Intakes],
    import_id: FromPath[int],
) -> JsonResponse[Envelope[StartedOut]]:
    """Take back what an import brought in, except what was touched since; the operation's items name that."""
    allow_query(request, ())
    begun: list[int] = []

    def action(conn: Connection) -> Answer:
        work = service.get(conn, import_id=import_id)
        operation = intakes.of(work).undo(conn, ctx, operations, work=work)
        begun.append(operation.id)
        return _started(ctx, work, operation, message="Undo started")

    def ended(conn: Connection) -> object:
        work, operation = service.get(conn, import_id=import_id), get_operation(conn, operation_id=begun[0])
        return _body(ctx, work, operation, message="Undo ended")

    response = await sync_to_thread(act, database, ctx, request, action)
    waiting = Waiting(request=request, ctx=ctx, hub=hub, database=database)
    return await waiting.answer(response, operation_id=next(iter(begun), None), ended=ended)


def _started(ctx: Context, work: Import, operation: Operation, *, message: str) -> Answer:
    return Answer(
        _body(ctx, work, operation, message=message),
        status=HTTPStatus.ACCEPTED,
        headers=_headers(f"/api/operations/{operation.id}"),
    )


def _body(ctx: Context, work: Import, operation: Operation, *, message: str) -> object:
    out = StartedOut(
        import_id=work.id,
        operation_id=operation.id,
        status=operation.status.value,
        dry_run=work.is_dry_run,
        batch_id=work.options.get("batchId"),
    )
    return envelope(ctx, out, message=message)


def _headers(location: str) -> AbstractMapping[str, str]:
    return {"Location": location, "Retry-After": "1"}


VERB_ROUTES = (judge_import, confirm_import, undo_import)
