"""One effect for one Idempotency-Key: the answer is stored in the transaction of its effect.

A changing route is written with `act`:

    @post("/api/things", status_code=201, sync_to_thread=True, opt={"scope": "things"})
    def make(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database],
             data: JSONBody[ThingBody]) -> Response[Envelope[ThingOut]]:
        def action(conn: Connection) -> Answer:
            thing = service.make(conn, ctx, name=data.data.name)
            return Answer(envelope(ctx, thing_out(thing), message="Thing made"), status=201)

        return act(database, ctx, request, action, given=data)

An action that raises rolls back and stores nothing, so that the same key may be tried again.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database, Row
from tranche.kernel.errors import Conflict, Unprocessable
from tranche.kernel.web import queries
from tranche.kernel.web.json import JsonResponse, encode
from tranche.kernel.web.requests import AnyRequest, invalid_parameter

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
LONGEST_KEY: Final = 255

_KEY = re.compile(rf"[\x20-\x7e]{{1,{LONGEST_KEY}}}")
_FORGET_AT_ONCE: Final = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route answers: a struct, or its rendered bytes; `secret` answers are never stored."""

    body: object = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: bool = False

    def response(self) -> JsonResponse[Any]:
        """As a response of the web framework."""
        body = None if self.status == HTTPStatus.NO_CONTENT else encode(self.body)
        return JsonResponse(body, status_code=self.status, headers=dict(self.headers), media_type="application/json")


def act(
    database: Database,
    ctx: Context,
    request: AnyRequest,
    action: Callable[[Connection], Answer],
    *,
    given: object = None,
) -> JsonResponse[Any]:
    """Run `action` in one transaction of the caller's organization, once per Idempotency-Key.

    `given` is what the request carried beside its address: the Body, or for an upload its parameters
    and the file's sha-256.

    Raises:
        Invalid: the key is not 1 to 255 printable characters.
        Unprocessable: the key was used for another request.
        Conflict: a request with this key is running, or its answer held a secret.
        Unavailable: the database cannot be reached.
    """
    key = read_key(request)
    mark = fingerprint(ctx, request, given=given) if key is not None else b""
    with database.transaction(ctx.organization_id) as conn:
        answer = once(conn, ctx, request_key=key, fingerprint=mark, action=lambda: action(conn))
    return answer.response()


def replay(conn: Connection, ctx: Context, request: AnyRequest, *, given: object = None) -> JsonResponse[Any] | None:
    """The stored answer to this very request, for a route that reads much before it acts; None if it must act.

    Raises:
        Invalid, Unprocessable, Conflict: as `act` does.
    """
    key = read_key(request)
    if key is None:
        return None
    stored = queries.find_answer(conn, organization_id=ctx.organization_id, caller=ctx.caller, key=key)
    return _replay(stored, fingerprint(ctx, request, given=given)).response() if stored else None


def once(
    conn: Connection,
    ctx: Context,
    *,
    request_key: str | None,
    fingerprint: bytes,
    action: Callable[[], Answer],
) -> Answer:
    """Run `action` unless an answer to the same request is stored, which is then replayed.

    Raises:
        Unprocessable: the key was used for another request.
        Conflict: a request with this key is running, or its answer held a secret.
    """
    if request_key is None:
        return action()
    organization_id, caller = ctx.organization_id, ctx.caller
    if not queries.lock_key(conn, organization_id=organization_id, caller=caller, key=request_key):
        raise Conflict(
            "This request was sent before and is still at work. Send it again with the same Idempotency-Key in a "
            "moment, or look whether it was done.",
            code="idempotency_running",
            retry_after=1,
        )
    if stored := queries.find_answer(conn, organization_id=organization_id, caller=caller, key=request_key):
        return _replay(stored, fingerprint)
    answer = action()
    answer = replace(answer, body=encode(answer.body))
    queries.store_answer(
        conn,
        organization_id=organization_id,
        caller=caller,
        key=request_key,
        fingerprint=fingerprint,
        status=answer.status,
        headers=encode(answer.headers).decode(),
        body=None if answer.secret else encode(answer.body),
    )
    queries.forget_answers(conn, organization_id=organization_id, most=_FORGET_AT_ONCE)
    return answer


def read_key(request: AnyRequest) -> str | None:
    """The request's Idempotency-Key, if it has one.

    Raises:
        Invalid: it is not 1 to 255 printable characters.
    """
    key = request.headers.get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise invalid_parameter(HEADER, "must be 1 to 255 printable ASCII characters")
    return key


def fingerprint(ctx: Context, request: AnyRequest, *, given: object) -> bytes:
    """What makes two requests the same: method, address, branch and what was given, however it was spaced."""
    query = sorted(request.query_params.multi_items())
    parts = [request.method, request.scope["path"], query, ctx.branch_id, given]
    return hashlib.sha256(encode(parts)).digest()


def _replay(stored: Row, fingerprint: bytes) -> Answer:
    if bytes(stored["fingerprint"]) != fingerprint:
        raise Unprocessable(
            "This Idempotency-Key was used for another request; take a new key.", code="idempotency_mismatch"
        )
    if stored["body"] is None:
        raise Conflict(
            "This was done already; its answer held a secret, which is shown once only.", code="idempotency_secret"
        )
    return Answer(bytes(stored["body"]), status=stored["status"], headers={**stored["headers"], REPLAYED: "true"})
