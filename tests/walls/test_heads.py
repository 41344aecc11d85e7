"""The whole table of routes asked by HEAD: each answers as it answers GET, without a body."""

import re
from typing import Any, Final

import httpx

from tests.live import Live
from tests.signing_in import cookies
from tests.walls.houses import Person, Rivals
from tests.walls.routes import Route, routes

_STREAM: Final = re.compile(r"/events$")
_APART: Final = re.compile(r"/events$|^/static/")
# What differs from one answer to the next, or is about the body.
_VARYING: Final = re.compile(
    r"^(date|x-request-id|content-length|transfer-encoding|etag|last-modified|set-cookie|ratelimit.*)$"
)
_CLOCK: Final = re.compile(r"-\d{8}-\d{6}")


def test_head_answers_as_get_does_without_a_body(live: Live, rivals: Rivals) -> None:
    asked = [route for route in routes(live.app) if route.method == "GET" and not _APART.search(route.path)]
    for route in asked:
        for address in {
            rivals.address(route, area="orders"),
            rivals.address(route, **dict.fromkeys(route.parameters, "424242")),
        }:
            got, head = (_ask(rivals.person, method, route, address) for method in ("GET", "HEAD"))
            assert (head.status_code, head.content) == (got.status_code, b""), (route.name, address)
            assert _headers(head) == _headers(got), (route.name, address)
    assert len(asked) >= 120


def test_a_stream_is_begun_and_left(live: Live, rivals: Rivals) -> None:
    asked = [route for route in routes(live.app) if route.method == "GET" and _STREAM.search(route.path)]
    for route in asked:
        head = _ask(rivals.person, "HEAD", route, rivals.address(route))
        assert (head.status_code, head.content) == (200, b""), route.name
    assert len(asked) >= 3


def test_head_asks_for_the_same_key(live: Live, rivals: Rivals) -> None:
    client = rivals.person.client
    assert client.head("/api/orders").status_code == 401
    assert client.head("/orders").status_code == client.get("/orders").status_code == 303
    assert client.head("/functions/v1/batch-invoice-orders").status_code == 405
    assert client.head("/livez").status_code == 200
    key = {"Authorization": f"Bearer {rivals.person.key}"}
    assert client.request("OPTIONS", "/api/orders", headers=key).headers["allow"] == "GET, HEAD, OPTIONS"
    described = live.client.get("/schema/openapi.json").json()["paths"]
    assert not [path for path, methods in described.items() if "head" in methods]


def _ask(person: Person, method: str, route: Route, address: str) -> httpx.Response:
    headers = cookies(person.token) if route.is_page else {"Authorization": f"Bearer {person.key}"}
    params: dict[str, Any] = {"format": "csv"} if route.path.endswith("/export") else {}
    return person.client.request(method, address, headers=headers, params=params)


def _headers(answer: httpx.Response) -> dict[str, str]:
    return {name: _CLOCK.sub("", value) for name, value in answer.headers.items() if not _VARYING.match(name)}
