"""`tranche users`, and the links that `up` and `serve` print as long as nobody can sign in."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from tests.commands.conftest import Ran
from tests.commands.processes import Command
from tests.databases import DatabaseUrls
from tests.factories import Organization

Call = Callable[..., Ran]
Start = Callable[..., Command]
EMAIL = "ada.admin@example.test"
LINK = re.compile(r"http://\S+/(?:set-up|join)/trn_\w+")
OURS = {"Sec-Fetch-Site": "same-origin"}


def test_an_operator_makes_links_for_a_person_and_ends_their_sessions(
    tranche: Call, start: Start, organization: Callable[..., Organization], database_urls: DatabaseUrls
) -> None:
    organization()
    serve = start("serve", "--port", "0", DATABASE_URL=database_urls.app)
    base = serve.url()
    for command, form, where in (
        ("password-link", {"password": "seven red boats"}, "/"),
        ("sign-in-link", {}, "/"),
    ):
        ran = tranche("users", command, EMAIL)
        assert ran.code == 0, ran.err
        assert LINK.fullmatch(ran.out.strip())
        address = base + urlsplit(ran.out.strip()).path
        used = httpx.post(address, headers=OURS, data=form)
        assert (used.status_code, used.headers["location"]) == (303, where)
        assert httpx.post(address, headers=OURS, data=form).status_code == 404
    assert tranche("users", "end-sessions", EMAIL).out == "2 sessions have ended.\n"
    assert tranche("users", "end-sessions", EMAIL).out == "0 sessions have ended.\n"


def test_a_person_whom_nobody_knows_is_said_to_be_unknown(tranche: Call) -> None:
    for command in ("password-link", "sign-in-link", "end-sessions"):
        ran = tranche("users", command, "nobody@example.test")
        assert (ran.code, "No active user has the address" in ran.err) == (4, True)


def test_at_its_first_start_the_server_prints_a_link_that_sets_up_and_later_none(
    start: Start, database_urls: DatabaseUrls
) -> None:
    first = start("serve", "--port", "0", DATABASE_URL=database_urls.app)
    link = first.until(lambda: LINK.search(first.said()), what="a set-up link").group()
    form = {"organization": "Acme", "zone": "UTC", "currency": "EUR", "name": "Ada", "email": EMAIL}
    made = httpx.post(link, headers=OURS, data={**form, "password": "seven red boats"})
    assert (made.status_code, made.headers["location"]) == (303, "/")
    assert first.end()[0] == 0
    second = start("serve", "--port", "0", DATABASE_URL=database_urls.app)
    assert httpx.get(f"{second.url()}/sign-in").status_code == 200
    assert not LINK.search(second.said())


def test_up_prints_a_link_that_takes_its_own_organization_over(start: Start) -> None:
    up = start("up", "--port", "0")
    up.url()
    link = up.until(lambda: LINK.search(up.said()), what="a set-up link").group()
    assert "Set up Tranche" in httpx.get(link).text
