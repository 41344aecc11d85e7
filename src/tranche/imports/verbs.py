"""The HTTP endpoints that change an import: judge it again, bring in what a dry run has reported, undo it."""

from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from tranche.imports import again, service
from tranche.imports.again import Choice
from tranche.imports.choices import read_mapping
from tranche.imports.domain import Field, InvalidMapping, Mapping
from tranche.imports.intakes import Intakes
from tranche.imports.schemas import JudgeBody, StartedOut
from tranche.imports.targets import Import
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import Operations
from tranche.kernel.web.auth import SCOPE
from tranche.kernel.web.envelope import envelope
from tranche.kernel.web.idempotency import Answer, act
from tranche.kernel.web.json import JsonResponse
from tranche.kernel.web.requests import AnyRequest, allow_query, read_flag

_SCOPE = {SCOPE: "orders"}


@post("/api/imports/{import_id:int}/judge", opt=_SCOPE, status_code=202, sync_to_thread=True)
def judge_import(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    intakes: NamedDependency[Intakes],
    import_id: FromPath[int],
    data: JSONBody[JudgeBody],
) -> JsonResponse[Any]:
    """Read the stored file again under another mapping; what came in already stays, the rest is judged anew."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        fields = intakes.of(service.get(conn, import_id=import_id)).fields
        mapping = _read_mapping(data.mapping, fields=fields)
        choice = Choice(mapping=mapping, on_duplicate=data.on_duplicate, mode=data.mode)
        work, operation = again.judge_again(conn, ctx, operations, import_id=import_id, choice=choice)
        return _started(ctx, work, operation, message="The file is read again")

    return act(database, ctx, request, action, given=data)


@post("/api/imports/{import_id:int}/import", opt=_SCOPE, status_code=202, sync_to_thread=True)
def confirm_import(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    intakes: NamedDependency[Intakes],
    import_id: FromPath[int],
) -> JsonResponse[Any]:
    """Bring in what a dry run has reported, from the stored file; the answer is that of the target's upload."""
    allow_query(request, {"allowDuplicate"})
    allow_duplicate = read_flag(request, "allowDuplicate")

    def action(conn: Connection) -> Answer:
        intake = intakes.of(service.get(conn, import_id=import_id))
        work, operation = again.confirm(
            conn, ctx, operations, import_id=import_id, intake=intake, allow_duplicate=allow_duplicate
        )
        body, location = intake.answer(conn, ctx, work=work, operation=operation)
        return Answer(body, status=HTTPStatus.ACCEPTED, headers=_headers(location))

    return act(database, ctx, request, action)


@post("/api/imports/{import_id:int}/undo", opt=_SCOPE, status_code=202, sync_to_thread=True)
def undo_import(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    intakes: NamedDependency[Intakes],
    import_id: FromPath[int],
) -> JsonResponse[Any]:
    """Take back what an import brought in, except what was touched since; the operation's items name that."""
    allow_query(request, ())

    def action(conn: Connection) -> Answer:
        work = service.get(conn, import_id=import_id)
        operation = intakes.of(work).undo(conn, ctx, operations, work=work)
        return _started(ctx, work, operation, message="Undo started")

    return act(database, ctx, request, action)


def _read_mapping(data: dict[str, Any], *, fields: Sequence[Field]) -> Mapping:
    """As an upload's, its faults named by their place in this body."""
    try:
        return read_mapping(data, fields=fields)
    except InvalidMapping as refusal:
        errors = [replace(error, pointer=f"/mapping/{error.pointer}") for error in refusal.errors]
        raise InvalidMapping(refusal.message, errors=errors) from refusal


def _started(ctx: Context, work: Import, operation: Operation, *, message: str) -> Answer:
    out = StartedOut(
        import_id=work.id,
        operation_id=operation.id,
        status=operation.status.value,
        dry_run=work.is_dry_run,
        batch_id=work.options.get("batchId"),
    )
    return Answer(
        envelope(ctx, out, message=message),
        status=HTTPStatus.ACCEPTED,
        headers=_headers(f"/api/operations/{operation.id}"),
    )


def _headers(location: str) -> AbstractMapping[str, str]:
    return {"Location": location, "Retry-After": "1"}


VERB_ROUTES = (judge_import, confirm_import, undo_import)
