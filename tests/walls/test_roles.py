"""Who may call what: one table of all routes in the documentation, which the application keeps to."""

import re
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.live import Live
from tests.signing_in import cookies, sign_in
from tests.walls.routes import PARAMETER, Route, routes
from tranche.kernel.context import Role
from tranche.kernel.identity.domain import SCOPES
from tranche.kernel.web.auth import ANY_SCOPE

_TABLE: Final = Path(__file__).resolve().parents[2] / "docs/roles.md"
_ROW: Final = re.compile(r"^\| `([A-Z]+ [^`]+)` \| (\w+) \| ([\w-]+) \|$", re.MULTILINE)
_CALLERS: Final = (None, Role.VIEWER, Role.OPERATOR)
# Followed for as long as somebody watches, and made in earnest; their roles stand in the table all the same.
_NOT_CALLED: Final = frozenset({"GET /events", "POST /sample"})
_ENDS_THE_SESSION: Final = frozenset({"POST /sign-out", "POST /profile/sessions/end"})


def test_the_table_of_roles_is_that_of_the_application(live: Live) -> None:
    written = {name: (role, scope) for name, role, scope in _ROW.findall(_TABLE.read_text())}
    found = {route.name: (str(route.role or "open"), route.scope or "-") for route in routes(live.app)}
    lines = "\n".join(f"| `{name}` | {role} | {scope} |" for name, (role, scope) in found.items())
    assert written == found, f"the rows of docs/roles.md must be:\n{lines}"


def test_a_key_can_have_the_scopes_of_routes_and_no_others(live: Live) -> None:
    assert sorted({route.scope for route in routes(live.app) if route.scope} - {ANY_SCOPE}) == list(SCOPES)


@pytest.mark.parametrize("caller", _CALLERS)
def test_below_its_role_every_route_is_shut_and_at_its_role_it_is_open(live: Live, caller: Role | None) -> None:
    """Nobody, a viewer and an operator at every door: it lets in whom the table names, and nobody else."""
    wrong = []
    with httpx.Client(base_url=live.url, timeout=30) as client:
        headers = _headers(live, caller)
        for route in routes(live.app):
            if route.role and route.name not in _NOT_CALLED:
                address = PARAMETER.sub("999999", route.path)
                answer = client.request(route.method, address, headers=headers[route.is_page])
                if not _is_right(route, caller, answer):
                    wrong.append((route.name, answer.status_code))
            if route.name in _ENDS_THE_SESSION:
                headers = _headers(live, caller)
    assert wrong == []


def _headers(live: Live, caller: Role | None) -> dict[bool, dict[str, str]]:
    """What this caller shows: to pages, and to the API."""
    if caller is None:
        return {True: {"Sec-Fetch-Site": "same-origin"}, False: {}}
    session = sign_in(live.database, live.context, role=caller)
    return {True: cookies(session), False: {"Authorization": f"Bearer {live.key_for(caller)}"}}


def _is_right(route: Route, caller: Role | None, answer: httpx.Response) -> bool:
    if caller is None:
        sent = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
        return sent if route.is_page else answer.status_code == 401
    assert route.role is not None
    if caller.covers(route.role):
        return answer.status_code not in {401, 403} and answer.status_code < 500
    return answer.status_code == 403
