"""The OpenAPI description is there, whole, and says the same as the wire."""

from tests.live import Live


def test_the_description_lists_every_route_with_exact_decimals(live: Live) -> None:
    answer = live.client.get("/schema/openapi.json")
    assert answer.status_code == 200
    description = answer.json()
    paths = description["paths"]
    for path in (
        "/api/orders/upload",
        "/api/orders/batches",
        "/api/orders/batches/stats",
        "/api/orders/batches/{batch_id}/orders",
        "/api/orders/{order_id}",
        "/api/orders/batches/{batch_id}/undo",
        "/api/imports/mappings",
        "/api/imports/{import_id}/errors",
        "/api/imports/{import_id}/judge",
        "/api/items/upload",
        "/api/operations/{operation_id}/events",
        "/api/customers",
        "/api/api-keys",
    ):
        assert path in paths
    schemas = description["components"]["schemas"]
    (order,) = (shape for name, shape in schemas.items() if name.endswith("OrderOut"))
    assert order["properties"]["total"]["type"] == "number"
    assert "securitySchemes" in description["components"]


def test_every_answer_of_the_description_documents_its_errors(live: Live) -> None:
    paths = live.client.get("/schema/openapi.json").json()["paths"]
    silent = [
        f"{method} {path}"
        for path, methods in paths.items()
        for method, operation in methods.items()
        if path.startswith("/api/") and not {"400", "401", "403"} <= operation["responses"].keys()
    ]
    assert silent == []
