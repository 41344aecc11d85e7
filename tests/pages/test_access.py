"""Who gets to which page: roles, strangers, other organizations, other sites."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.live import Live
from tests.naming import nameless
from tests.pages.visits import Visitor, timeless, visit
from tests.signing_in import cookies, join_as
from tranche.kernel.context import Role
from tranche.kernel.identity.service import issue_key
from tranche.kernel.notify.domain import EVENT_TYPES
from tranche.kernel.settings import Settings
from tranche.kernel.storage.local import LocalFiles
from tranche.kernel.web.auth import PAGE
from tranche.kernel.web.pages import home
from tranche.modules import make_modules


def routes() -> Iterator[tuple[str, str, Any]]:
    modules = make_modules(Settings(), files=LocalFiles(Path("nowhere")))
    for handler in (*home.ROUTES, *(page for module in modules for page in module.pages)):
        for path in handler.paths:
            yield next(iter(handler.http_methods - {"HEAD"})), path, handler


def test_every_page_is_known_as_one_so_that_no_key_of_the_api_opens_it() -> None:
    """Which role each needs is in docs/roles.md, and asked of every route in tests/walls."""
    assert all(handler.opt.get(PAGE) for _, _, handler in routes())


def test_strangers_are_sent_to_sign_in_and_come_back_to_where_they_wanted_to_go(live: Live) -> None:
    answer = httpx.get(f"{live.url}/settings/audit?q=a.b")
    assert answer.headers["location"] == "/sign-in?next=%2Fsettings%2Faudit%3Fq%3Da.b"
    piece = httpx.get(f"{live.url}/search/hits?q=x", headers={"HX-Request": "true"})
    assert (piece.status_code, piece.headers["hx-redirect"]) == (200, "/sign-in")


def test_a_key_of_the_api_opens_no_page(live: Live) -> None:
    answer = live.client.get("/settings/users")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fsettings%2Fusers")


def test_what_belongs_to_another_organization_answers_like_what_is_unknown(live: Live, admin: Visitor) -> None:
    other, client = live.join("Rivals")
    with live.database.transaction(other.organization_id) as conn:
        user = join_as(conn, other, role=Role.VIEWER)
        key = issue_key(
            conn, other, entropy=secrets.token_bytes, now=datetime.now(UTC), name="theirs", role=Role.VIEWER
        ).key.id
    with client:
        made = client.post("/api/webhooks", json={"data": {"url": "http://127.0.0.1:9/x", "eventTypes": EVENT_TYPES}})
        webhook = made.json()["data"]["id"]
        delivery = client.post(f"/api/webhooks/{webhook}/test").json()["data"]["id"]
    foreign = {"user_id": user, "key_id": key, "webhook_id": webhook, "delivery_id": delivery}
    for method, path, _ in routes():
        if "_id:int" not in path or not path.startswith("/settings"):
            continue
        data = {"role": "viewer"} if path.endswith("/role") else {}
        answers = []
        for ids in (foreign, dict.fromkeys(foreign, 999_999)):
            address = _filled(path, ids)
            answers.append(admin.get(address) if method == "GET" else admin.post(address, data))
        bodies = [timeless(answer.text) for answer in answers]
        for number in (*foreign.values(), 999_999):
            bodies = [nameless(body, number) for body in bodies]
        assert [answer.status_code for answer in answers] == [404, 404], path
        assert bodies[0].replace(_filled(path, foreign), "") == bodies[1].replace(
            _filled(path, dict.fromkeys(foreign, 999_999)), ""
        ), path
    shown = "".join(admin.get(f"/settings/{name}").text for name in ("users", "api-keys", "webhooks", "audit"))
    assert "theirs" not in shown
    assert "Rivals" not in shown


def test_an_organization_that_one_has_not_joined_is_not_switched_to(live: Live, admin: Visitor) -> None:
    other, client = live.join("Rivals")
    client.close()
    for organization_id in (other.organization_id, 999_999):
        answer = admin.post("/switch/organization", {"organizationId": organization_id})
        assert answer.status_code == 403
    foreign = admin.post("/switch/branch", {"branchId": other.branch_id})
    assert foreign.status_code == 404


SITES = [
    ({"Sec-Fetch-Site": "same-origin"}, True),
    ({"Sec-Fetch-Site": "none"}, True),
    ({"Sec-Fetch-Site": "same-site"}, False),
    ({"Sec-Fetch-Site": "cross-site"}, False),
    ({"Origin": "HOST"}, True),
    ({"Origin": "http://evil.example"}, False),
    ({"Origin": "null"}, False),
    ({}, False),
]


@pytest.mark.parametrize(("headers", "allowed"), SITES)
def test_what_another_site_sends_with_the_cookie_is_refused(
    live: Live, admin: Visitor, headers: dict[str, str], *, allowed: bool
) -> None:
    sent = {name: live.url if value == "HOST" else value for name, value in headers.items()}
    cookie = {"Cookie": cookies(admin.token)["Cookie"]}
    page = httpx.post(f"{live.url}/settings/branches", headers={**cookie, **sent}, data={"name": "A"})
    assert page.status_code == (303 if allowed else 403)
    api = httpx.post(f"{live.url}/api/branches", headers={**cookie, **sent}, json={"data": {"name": "B"}})
    assert api.status_code == (201 if allowed else 403)
    names = {branch["name"] for branch in live.client.get("/api/branches").json()["data"]}
    assert names == ({"Main", "A", "B"} if allowed else {"Main"})
    assert httpx.get(f"{live.url}/api/me", headers={**cookie, **sent}).status_code == 200
    signed = httpx.post(f"{live.url}/sign-in", headers=sent, data={"email": "a@b.test", "password": "x"})
    assert signed.status_code == (400 if allowed else 403)


def test_the_cookie_opens_the_api_as_its_person_and_the_branch_stays_in_the_header(live: Live, admin: Visitor) -> None:
    me = admin.get("/api/me").json()["data"]
    assert (me["userId"], me["role"], me["branchId"], me["apiKeyId"]) == (live.context.user_id, "admin", None, None)
    assert admin.get("/api/me", x_branch_id=str(live.context.branch_id)).json()["data"]["branchId"] is not None
    viewer = visit(live, role=Role.VIEWER)
    assert viewer.get("/api/users").status_code == 200
    assert viewer.post("/api/orders/batches/1/undo").status_code == 403
    assert httpx.get(f"{live.url}/api/me", headers=cookies("trn_nonsense")).status_code == 401


def _filled(path: str, ids: dict[str, int]) -> str:
    parts = [str(ids[part[1:].partition(":")[0]]) if part.startswith("{") else part for part in path.split("/")]
    return "/".join(parts)


def test_a_viewer_is_not_offered_to_send_or_to_suppress(live: Live) -> None:
    viewer, operator = visit(live, role=Role.VIEWER), visit(live, role=Role.OPERATOR)
    for path, offer in (("/messages", 'href="/invoices/send"'), ("/messages/suppressions", 'commandfor="suppress"')):
        assert offer in operator.get(path).text
        assert offer not in viewer.get(path).text
    assert 'id="suppress"' not in viewer.get("/messages/suppressions").text
