"""The OpenAPI document says what the routes do."""

from typing import Any

import pytest
from litestar import Litestar, post
from litestar.params import JSONBody
from litestar.testing import TestClient

from tests.kernel.web.sample import sample_app


@pytest.fixture
def document(client: TestClient[Litestar]) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/schema/openapi.json").json()
    return found


def test_decimals_are_numbers_and_bodies_take_no_unknown_fields(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    names = {name.rsplit("_", 1)[-1]: schema for name, schema in schemas.items()}
    body = names["ThingBody"]
    assert body["properties"]["unitPrice"] == {"type": "number"}
    assert sorted(body["required"]) == ["itemId", "unitPrice"]


def test_errors_are_problem_details_everywhere(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status in ("400", "401", "403", "404", "429", "503"):
                content = operation["responses"][status]["content"]
                assert set(content) == {"application/problem+json"}, (path, method, status)
    assert {"409", "413", "415", "422"} <= set(document["paths"]["/things"]["post"]["responses"])


def test_one_signs_in_with_a_bearer_key(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert document["security"] == [{"bearer": []}]
    assert document["paths"]["/livez"]["get"]["security"] == [{}]
    assert (document["info"]["title"], document["openapi"][:2]) == ("Tranche", "3.")


def test_no_route_is_open_by_accident() -> None:
    app = sample_app()
    opened = {
        route.path
        for route in app.routes
        for handler in getattr(route, "route_handlers", [])
        if handler.opt.get("open") and handler.resolve_guards()
    }
    assert opened == {
        "/livez",
        "/readyz",
        "/client",
        "/schema",
        "/schema/openapi.json",
        "/schema/{path:str}",
        "/static/{version:str}/{name:str}",
        "/preferences/theme",
    }
    for route in app.routes:
        for handler in getattr(route, "route_handlers", []):
            assert handler.resolve_guards(), route.path


def test_a_body_that_would_pass_through_floats_is_refused_at_the_start() -> None:
    @post("/loose", sync_to_thread=True)
    def loose(data: JSONBody[dict[str, float]]) -> None:
        del data

    with pytest.raises(TypeError, match="subclass"):
        sample_app(routes=[loose])
