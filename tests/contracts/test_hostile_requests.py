"""No request breaks the server, and every refusal says what is wrong and where: over all routes there are."""

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import quote, urlencode

import pytest

from tests.contracts.hostile import Request, requests
from tests.kernel.db.tenants import sum_up
from tests.live import Live
from tranche.kernel.db.pool import Connection

_ENOUGH = 10**6
_SHARES = 4  # of all routes, so that several processes can ask at once
_TWIN = "/api/inventory/batches"  # the routes of /api/batches under their permanent address


@pytest.mark.parametrize("share", range(_SHARES))
def test_every_hostile_request_is_answered_and_every_bad_one_is_refused_by_name_and_changes_nothing(
    open_live: Callable[..., Live], owner: Connection, share: int
) -> None:
    live = open_live(working=False, rate_per_minute=_ENOUGH, rate_per_minute_organization=_ENOUGH)
    description = live.client.get("/schema/openapi.json").json()
    paths = sorted(path for path in description["paths"] if not path.startswith(_TWIN))[share::_SHARES]
    description["paths"] = {path: description["paths"][path] for path in paths}
    asked = list(requests(description))
    before = sum_up(owner, live.context.organization_id)
    with closing(HTTPConnection(live.url.removeprefix("http://"), timeout=30)) as connection:
        ask = _Asker(connection, live.key)
        found = [fault for request in asked if request.refused and (fault := _fault(ask, request))]
        assert sum_up(owner, live.context.organization_id) == before
        found += [fault for request in asked if not request.refused and (fault := _fault(ask, request))]
    assert found == [], f"{len(found)} faults, the first of them: " + "\n".join(found[:40])


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    media: str
    text: str


@dataclass(frozen=True, slots=True)
class _Asker:
    """A client for twenty thousand requests: a comfortable one would cost as much as the server."""

    connection: HTTPConnection
    key: str

    def __call__(self, request: Request) -> _Answer:
        address = quote(request.path, safe="/%") + (f"?{urlencode(request.query)}" if request.query else "")
        headers = {"Authorization": f"Bearer {self.key}"}
        if request.body is not None:
            headers["Content-Type"] = request.media
        self.connection.request(request.method, address, body=request.body, headers=headers)
        answer = self.connection.getresponse()
        return _Answer(answer.status, answer.headers["Content-Type"] or "", answer.read().decode(errors="replace"))


def _fault(ask: _Asker, request: Request) -> str | None:
    complaint = _complaint(ask(request), request)
    return complaint and f"{request.method} {request.path} {request.query} {request.shown}: {complaint}"


def _complaint(answer: _Answer, request: Request) -> str | None:
    if answer.status < 400:
        return f"{answer.status}, not 400" if request.refused else None
    if answer.status >= 500 or not answer.media.startswith("application/problem+json"):
        return f"{answer.status} {answer.text[:200]}"
    body = json.loads(answer.text)
    if request.refused and answer.status != 400:
        return f"{answer.status}, not 400: {body['message'][:200]}"
    pointers = [error["pointer"] for error in body.get("errors") or []]
    if request.names and not any(request.names in pointer for pointer in pointers):
        return f"does not point at {request.names}: {answer.text[:300]}"
    is_whole = body["status"] == answer.status and not body["success"] and body["metadata"]["requestId"]
    return None if is_whole else f"not the one body: {answer.text[:200]}"
