"""Orders in pages by cursor: whole, in order, forwards and backwards, and refusing what is not theirs."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.databases import Copier
from tests.live import Live, living
from tests.orders.filling import fill
from tranche.kernel.db.pool import Connection, connect

COUNT = 137


@pytest.fixture(scope="module")
def filled(copies: Copier, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A house for all tests that only read; those that change something have one of their own."""
    with (
        copies.copy(template) as urls,
        living(urls, tmp_path_factory.mktemp("house"), working=False) as house,
    ):
        with connect(urls.owner) as owner:
            fill(owner, house.context, count=COUNT)
        yield house


@pytest.fixture
def live(open_live: Callable[..., Live]) -> Live:
    return open_live(working=False)


def _pages(live: Live, path: str = "/api/orders", **params: str) -> Iterator[dict[str, Any]]:
    cursor: str | None = ""
    while cursor is not None:
        answer = live.client.get(path, params={**params, "cursor": cursor})
        assert answer.status_code == 200, answer.text
        yield answer.json()
        cursor = answer.json()["cursors"]["next"]


def _key(order: dict[str, Any], sort: str) -> Any:
    return order[sort] or "" if sort == "orderDate" else order[sort]


@pytest.mark.parametrize("sort", ["id", "-id", "orderId", "-orderId", "orderDate", "-orderDate", "total", "-total"])
@pytest.mark.parametrize("status", ["", "cancelled"])
def test_every_order_comes_once_and_in_order_forwards_and_backwards(filled: Live, sort: str, status: str) -> None:
    params = {"sort": sort, "limit": "25", **({"status": status} if status else {})}
    pages = list(_pages(filled, **params))
    rows = [order for page in pages for order in page["data"]]
    name, falls = sort.removeprefix("-"), sort.startswith("-")
    assert len({order["id"] for order in rows}) == len(rows) == (COUNT // 3 if status else COUNT)
    assert rows == sorted(rows, key=lambda order: (_key(order, name), order["id"]), reverse=falls)
    back = [pages[-1]["data"]]
    cursor = pages[-1]["cursors"]["previous"]
    while cursor is not None:
        page = filled.client.get("/api/orders", params={**params, "cursor": cursor}).json()
        back.insert(0, page["data"])
        cursor = page["cursors"]["previous"]
    assert back == [page["data"] for page in pages]


def test_a_page_by_cursor_and_one_by_number_show_the_same(filled: Live) -> None:
    params = {"limit": "25", "sort": "-total", "totalFrom": "10", "totalTo": "200.5", "from": "2026-01-02T00:00:00Z"}
    by_cursor = [order for page in _pages(filled, **params) for order in page["data"]]
    first = filled.client.get("/api/orders", params=params).json()
    numbers = range(1, first["pagination"]["totalPages"] + 1)
    by_number = [
        order
        for number in numbers
        for order in filled.client.get("/api/orders", params={**params, "page": str(number)}).json()["data"]
    ]
    assert by_cursor == by_number
    assert by_cursor
    assert all(10 <= order["total"] <= 200.5 for order in by_cursor)


def test_rows_that_come_and_go_shift_no_page(live: Live, owner: Connection) -> None:
    fill(owner, live.context, count=COUNT)
    first = live.client.get("/api/orders", params={"limit": "50", "cursor": ""}).json()
    owner.execute("DELETE FROM orders WHERE number IN ('N000002', 'N000050')")
    second = live.client.get("/api/orders", params={"limit": "50", "cursor": first["cursors"]["next"]}).json()
    assert second["data"][0]["orderId"] == "N000051"


def test_the_count_stops_at_ten_thousand_and_says_so(live: Live, owner: Connection) -> None:
    fill(owner, live.context, count=10_000)
    assert live.client.get("/api/orders?cursor=&limit=1").json()["cursors"] | {"next": ""} == {
        "limit": 1, "next": "", "previous": None, "count": 10_000, "isCountCapped": False,
    }  # fmt: skip
    owner.execute(
        "INSERT INTO orders (organization_id, number, customer_id, currency, line_count, total)"
        " SELECT organization_id, 'one more', customer_id, 'EUR', 1, 1 FROM orders LIMIT 1"
    )
    cursors = live.client.get("/api/orders?cursor=&limit=1").json()["cursors"]
    assert (cursors["count"], cursors["isCountCapped"]) == (10_000, True)
    assert live.client.get("/api/orders?limit=1").json()["pagination"]["totalItems"] == 10_001


def test_a_cursor_of_something_else_is_refused_with_the_way_out(filled: Live) -> None:
    mine = filled.client.get("/api/orders?cursor=&limit=1").json()["cursors"]["next"]
    _, stranger = filled.join("Other")
    for client, query, reason in (
        (filled.client, f"/api/orders?sort=-id&cursor={mine}", "another sort"),
        (filled.client, f"/api/orders?status=open&cursor={mine}", "other filters"),
        (filled.client, f"/api/items?cursor={mine}", "another list"),
        (stranger, f"/api/orders?cursor={mine}", "another list"),
        (filled.client, f"/api/orders?page=2&cursor={mine}", "beside cursor"),
    ):
        answer = client.get(query)
        assert answer.status_code == 400
        assert reason in answer.json()["message"]


def _forged(*values: object, **changes: object) -> str:
    parts = {"list": "orders", "org": 1, "sort": "", "filters": "", "forward": True, "values": list(values), **changes}
    return base64.urlsafe_b64encode(json.dumps(list(parts.values())).encode()).decode().rstrip("=")


def test_a_forged_or_damaged_cursor_is_400_and_never_500(filled: Live) -> None:
    whole = filled.client.get("/api/orders?cursor=&limit=1&sort=orderDate").json()["cursors"]["next"]
    name, organization, sort, filters, *_ = json.loads(base64.urlsafe_b64decode(whole + "=" * (-len(whole) % 4)))
    real = {"list": name, "org": organization, "sort": sort, "filters": filters}
    for cursor in (
        "x", "====", "%00", "a" * 5_000, whole[:-3], base64.urlsafe_b64encode(b"{}").decode(),
        _forged("1", **{**real, "org": 10**30}),
        _forged("1", **real), _forged("1", "2", "3", **real), _forged("now", "1", **real), _forged(5, 1, **real),
        _forged("9999-99-99 00:00:00+00", "1", **real), _forged("2026-01-01 00:00:00+00", "1e9", **real),
        _forged("2026-01-01 00:00:00+00", str(2**63), **real), _forged("'; SELECT 1", "1", **real),
    ):  # fmt: skip
        answer = filled.client.get("/api/orders", params={"sort": "orderDate", "cursor": cursor})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "cursor"), cursor
    good = _forged("2026-01-01 00:00:00+00", "1", **real)
    assert filled.client.get("/api/orders", params={"sort": "orderDate", "cursor": good}).status_code == 200


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("sort=notes", "sort"), ("sort=id;DROP", "sort"), ("sort=", "sort"), ("totalFrom=abc", "totalFrom"),
        ("totalFrom=NaN", "totalFrom"), ("totalTo=1e400", "totalTo"), ("totalTo=0.00001", "totalTo"),
        ("from=2026-01-01", "from"), ("kind=gift", "kind"), ("colour=red", "colour"), ("limit=1001", "limit"),
        ("status=open&status=open", "status"), ("batchId=x", "batchId"),
    ],
)  # fmt: skip
def test_what_a_list_cannot_take_is_400_and_named(filled: Live, query: str, pointer: str) -> None:
    for address in ("/api/orders?cursor=&", "/api/orders/export?format=csv&"):
        answer = filled.client.get(address + query)
        assert answer.status_code == 400, address
        assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("search", ["%", "_", "\\", "' OR 1=1 --", "\U0010ffff", "n0", "𝒩"])
def test_odd_searches_find_nothing_and_break_nothing(filled: Live, search: str) -> None:
    assert filled.client.get("/api/orders", params={"cursor": "", "search": search}).json()["data"] == []


def test_other_lists_are_walked_by_cursor_too(live: Live, owner: Connection) -> None:
    fill(owner, live.context, count=COUNT)
    org = live.context.organization_id
    owner.execute(
        """
        INSERT INTO items (organization_id, code, name, name_folded, unit_price)
        SELECT %(org)s, CASE WHEN n %% 2 = 0 THEN 'S-' || n END, 'Straße ' || n %% 30 || ' ' || n,
            'strasse ' || n %% 30 || ' ' || n, n FROM generate_series(1, 60) n
        """,
        {"org": org},
    )
    owner.execute(
        """
        INSERT INTO operations (organization_id, uuid, kind, phase, created_at)
        SELECT %(org)s, gen_random_uuid(), 'order_undo', 'toy', now() - n * interval '1 hour'
        FROM generate_series(1, 60) n
        """,
        {"org": org},
    )
    owner.execute(
        """
        INSERT INTO audit_entries (organization_id, actor, action)
        SELECT %(org)s, 'x', 'thing.done' FROM generate_series(1, 60) n
        """,
        {"org": org},
    )
    for path, params, count in (
        ("/api/customers", {}, 20), ("/api/customers", {"search": "CUSTOMER 1"}, 11),
        ("/api/customers", {"search": "c-1"}, 11), ("/api/customers", {"sort": "-name"}, 20),
        ("/api/items", {"search": "STRASSE 1"}, 22), ("/api/items", {"search": "s-"}, 30),
        ("/api/items", {"sort": "-name", "stockTracking": "none"}, 60), ("/api/operations", {"kind": "order_undo"}, 60),
        ("/api/operations", {"sort": "createdAt", "running": "true"}, 60), ("/api/operations", {"running": "false"}, 0),
        ("/api/audit", {"action": "thing.done", "sort": "at"}, 60), ("/api/audit", {}, 61),
    ):  # fmt: skip
        pages = list(_pages(live, path, limit="7", **params))
        ids = [row["id"] for page in pages for row in page["data"]]
        assert len(ids) == len(set(ids)) == count == pages[0]["cursors"]["count"], (path, params)
