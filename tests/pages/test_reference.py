"""The reference of the API over HTTP: whole, true, light, and for everybody who is signed in."""

import gzip
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from tests.live import Live
from tests.pages.visits import Visitor, visit
from tranche.areas import AREAS
from tranche.kernel.context import Role

_LIGHTEST = 60_000


@pytest.fixture
def document(live: Live) -> Mapping[str, Any]:
    found: Mapping[str, Any] = live.client.get("/schema/openapi.json").json()
    return found


@pytest.fixture
def parts(live: Live) -> dict[str, str]:
    """The page of each area, as a viewer sees it."""
    viewer = visit(live, role=Role.VIEWER)
    return {area.slug: viewer.get(f"/developers/{area.slug}").text for area in AREAS}


def operations(document: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    return [(path, method.upper(), told) for path, item in document["paths"].items() for method, told in item.items()]


def test_limits_of_one_are_told_in_the_singular(parts: dict[str, str]) -> None:
    told = " ".join(parts.values())
    assert "at least 1 character" in told
    assert "at least 1 entry" in told
    assert not re.search(r"at (least|most) 1 (characters|entries)", told)


def test_every_documented_route_stands_there_exactly_once(document: Mapping[str, Any], parts: dict[str, str]) -> None:
    shown = Counter(
        (method, path)
        for page in parts.values()
        for method, path in re.findall(
            r'class="route-line"><span class="verb verb-\w+">(\w+)</span><code>([^<]+)<', page
        )
    )
    assert shown == Counter((method, path) for path, method, _ in operations(document))
    assert set(shown.values()) == {1}


def test_every_route_is_in_an_area_and_says_what_it_does(document: Mapping[str, Any]) -> None:
    titles = {area.title for area in AREAS}
    for path, method, told in operations(document):
        assert set(told["tags"]) <= titles, (method, path)
        assert told["summary"], (method, path)
        assert told.get("description"), (method, path)
    ids = [told["operationId"] for _, _, told in operations(document)]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]+", name) for name in ids)


def test_names_of_schemas_are_plain_and_agree_with_their_titles(document: Mapping[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert [name for name, schema in schemas.items() if schema["title"] != name] == []
    assert [name for name in schemas if not re.fullmatch(r"[A-Z][A-Za-z0-9]+", name)] == []
    used = set(re.findall(r'"#/components/schemas/(\w+)"', str(document).replace("'", '"')))
    assert used <= schemas.keys()


@pytest.mark.parametrize(
    ("path", "role"),
    [("/developers", Role.VIEWER), ("/developers/orders", Role.OPERATOR), ("/developers/audit-and-health", Role.ADMIN)],
)
def test_every_role_reads_it_and_strangers_do_not(live: Live, path: str, role: Role) -> None:
    assert visit(live, role=role).get(path).status_code == 200
    assert Visitor(live.url, "nobody").get(path).status_code in {303, 401}


def test_an_area_that_is_none_is_not_found(admin: Visitor) -> None:
    assert admin.get("/developers/nothing").status_code == 404


def test_a_page_is_light_and_has_nothing_inline(parts: dict[str, str]) -> None:
    for name, page in parts.items():
        assert len(gzip.compress(page.encode())) < _LIGHTEST, name
        assert not re.search(r"<script>|<style|\sstyle=|\son\w+=", page), name


def test_what_a_route_needs_is_what_its_gate_asks(live: Live, document: Mapping[str, Any]) -> None:
    """A viewer's key is refused exactly where more than a viewer is said to be needed."""
    viewer = {"Authorization": f"Bearer {live.key_for(Role.VIEWER)}"}
    wrong = []
    for path, method, told in operations(document):
        if "x-role" not in told or path.endswith("/events"):
            continue
        answer = live.client.request(method, re.sub(r"\{\w+\}", "1", path), headers=viewer)
        refused = answer.status_code == 403 and answer.json()["code"] == "role"
        if refused != (told["x-role"] != "viewer"):
            wrong.append((method, path, told["x-role"], answer.status_code))
    assert wrong == []
