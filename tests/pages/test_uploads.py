"""The pages of uploads over HTTP: what is another organization's, what is no upload of orders, what cannot be asked."""

import hashlib

import pytest

from tests.live import Live
from tests.naming import nameless
from tests.pages.visits import Visitor, timeless, visit
from tranche.kernel.context import Role

TABLE = b"orderId,customer,sku,quantity,unitPrice\nA1,Bob,S-1,1,9.99\n"
HASH = hashlib.sha256(TABLE).hexdigest()


@pytest.fixture
def stranger(live: Live) -> Visitor:
    """The admin of another organization, which has an upload, a dry run, an order and a customer."""
    other, client = live.join("Rivals")
    with client:
        for query in ("", "?dryRun=true"):
            client.post(f"/api/orders/upload{query}", files={"file": ("May.csv", TABLE)})
    with live.database.transaction(other.organization_id) as conn:
        conn.execute(
            """
            INSERT INTO customers (organization_id, name, name_folded) VALUES (current_organization(), 'Zoe', 'zoe')
            """
        )
        conn.execute(
            """
            INSERT INTO orders (organization_id, number, customer_id, currency, line_count, total)
            SELECT organization_id, 'A9', id, 'EUR', 1, 1 FROM customers WHERE name = 'Zoe'
            """
        )
        ids = conn.execute("SELECT (SELECT max(id) FROM orders) AS o, (SELECT max(id) FROM customers) AS c").fetchone()
    assert ids is not None
    own = visit(live, context=other)
    assert own.get(f"/orders/{ids['o']}").status_code == own.get(f"/customers/{ids['c']}").status_code == 200
    return own


def test_what_is_anothers_answers_like_what_is_unknown(admin: Visitor, stranger: Visitor) -> None:
    for path in ("/uploads/1", "/uploads/review/1", "/uploads/review/2", "/uploads/review/2/columns"):
        assert stranger.get(path).status_code == 200, path
        foreign, unknown = admin.get(path), admin.get(path.replace("1", "99").replace("2", "99"))
        assert (foreign.status_code, unknown.status_code) == (404, 404), path
        told = nameless(nameless(timeless(foreign.text), 1), 2).replace(path, "")
        assert told == nameless(timeless(unknown.text), 99).replace(path.replace("1", "99").replace("2", "99"), "")
    for path, data in (
        ("/uploads/1/undo", {}), ("/uploads/review/2/confirm", {}), ("/uploads/review/2/columns", {}),
        ("/uploads/review/2/cell", {"row": "2", "field": "quantity"}),
        ("/uploads/review/2/group", {"key": "x", "field": "y"}),
    ):  # fmt: skip
        assert admin.post(path, data).status_code == 404, path
    for number in range(1, 4):
        assert admin.get(f"/orders/{number}").status_code == admin.get(f"/customers/{number}").status_code == 404


def test_a_file_is_reached_by_its_hash_only_in_its_organization(admin: Visitor, stranger: Visitor) -> None:
    path = f"/uploads/new/columns?file={HASH}&name=May.csv"
    assert stranger.get(path).status_code == 200
    for address in (path, "/uploads/new/columns", f"/uploads/new/columns?file={HASH[:-1]}", path.replace(HASH, "é")):
        assert admin.get(address).status_code == 404, address
    assert admin.post("/uploads/new/columns", {"file": HASH, "name": "May.csv"}).status_code == 404


def test_an_import_of_something_else_is_no_upload(live: Live, admin: Visitor) -> None:
    made = live.client.post("/api/items/upload", files={"file": ("items.csv", b"sku,name\nS-1,Mug\n")})
    assert made.status_code == 202, made.text
    assert admin.get("/uploads/review/1").status_code == 404
    assert admin.get("/uploads/review/1/columns").status_code == 404


def test_a_viewer_sees_the_report_and_is_refused_every_change(live: Live) -> None:
    live.client.post("/api/orders/upload?dryRun=true", files={"file": ("May.csv", TABLE)})
    viewer = visit(live, role=Role.VIEWER)
    assert viewer.get("/uploads/review/1").status_code == 200
    for path in ("confirm", "cell", "group", "workbook", "columns"):
        assert viewer.post(f"/uploads/review/1/{path}").status_code == 403, path
    for path in ("/uploads/new", f"/uploads/new/columns?file={HASH}", "/uploads/review/1/columns"):
        assert viewer.get(path).status_code == 403, path


def test_columns_that_the_file_does_not_have_and_files_that_cannot_be_read_are_told(live: Live, admin: Visitor) -> None:
    live.client.post("/api/orders/upload?dryRun=true", files={"file": ("May.csv", TABLE)})
    chosen = {"column": ["orderId", "quantity"], "field": ["orderId", "quantity"], "file": HASH, "name": "May.csv"}
    answer = admin.post("/uploads/new/columns", chosen)
    assert answer.status_code == 400
    assert "Choose a column for: Unit price, Customer name" in answer.text
    assert 'value="quantity" selected' in answer.text
    unknown = {**chosen, "field": ["orderId", "colour"]}
    assert "Choose a column for" in admin.post("/uploads/new/columns", unknown).text


@pytest.mark.parametrize("query", ["show=none", "after=x", "after=0", "before=-1", "after=99999999999999999999"])
def test_what_no_report_has_is_refused(live: Live, admin: Visitor, query: str) -> None:
    live.client.post("/api/orders/upload?dryRun=true", files={"file": ("May.csv", TABLE)})
    assert admin.get(f"/uploads/review/1?{query}").status_code == 400
    assert admin.get("/orders?choose=some").status_code == 400


def test_a_dry_run_is_told_from_an_import_in_the_list_of_operations(live: Live, admin: Visitor) -> None:
    for query in ("?dryRun=true", "?allowDuplicate=true"):
        live.client.post(f"/api/orders/upload{query}", files={"file": ("May.csv", TABLE)})
    page = admin.get("/operations").text
    assert page.count("Order import “May.csv”, dry run</strong>") == page.count("Order import “May.csv”</strong>") == 1
    assert "Order import “May.csv”, dry run</h1>" in admin.get("/operations/1").text


def test_a_dry_run_does_not_count_as_work_of_the_last_days(live: Live, admin: Visitor) -> None:
    live.start_worker()
    for query in ("?dryRun=true", ""):
        live.wait(
            live.client.post(f"/api/orders/upload{query}", files={"file": ("May.csv", TABLE)}).json()["operationId"]
        )
    assert "1 operation</" in admin.get("/").text.split("The last 30 days")[1]


def test_of_an_upload_that_came_in_only_the_last_try_failed(live: Live, admin: Visitor) -> None:
    live.start_worker()
    batch = live.client.post("/api/orders/upload", files={"file": ("May.csv", TABLE)}).json()
    live.wait(batch["operationId"])
    live.stop_worker()
    assert live.client.post("/api/imports/1/judge", json={"mapping": {}}).status_code == 202
    for file in (live.settings.home / "files").rglob("*"):
        if file.is_file():
            file.unlink()
    live.start_worker()
    assert live.wait(batch["operationId"])["status"] == "failed"
    page = admin.get("/uploads/1").text
    assert "The last try failed" in page
    assert "It did not come in" not in page
    begun_anew = admin.get(f"/operations/{batch['operationId']}").text
    assert " · ended " in begun_anew
    assert " · took " in begun_anew


def test_where_nothing_is_refused_no_workbook_of_errors_is_offered(live: Live, admin: Visitor) -> None:
    live.start_worker()
    refused = TABLE + b"A2,Bob,S-1,x,9.99\n"
    for number, (table, offered) in enumerate(((TABLE + TABLE.splitlines()[1], False), (refused, True)), start=1):
        query = "?onDuplicate=skip"
        batch = live.client.post(f"/api/orders/upload{query}", files={"file": ("May.csv", table)}).json()
        live.wait(batch["operationId"])
        for page in (f"/uploads/{number}", f"/operations/{batch['operationId']}"):
            text = admin.get(page).text
            assert ("errors.xlsx" in text) is offered, page
    assert "The row says the same as an earlier one" in admin.get("/uploads/1").text


def test_undo_is_offered_as_long_as_anything_of_the_upload_is_kept(live: Live, admin: Visitor) -> None:
    live.start_worker()
    batch = live.client.post("/api/orders/upload", files={"file": ("May.csv", TABLE)}).json()
    live.wait(batch["operationId"])
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE orders SET status = 'invoiced'")
    pages = ("/uploads/1", f"/operations/{batch['operationId']}")
    for page in pages:
        assert "1 order came in by it" in admin.get(page).text, page
    live.wait(int(admin.post("/uploads/1/undo").headers["location"].rsplit("/", 1)[1]))
    for page in pages:
        assert "The last undo kept 1 order." in admin.get(page).text, page
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute("UPDATE orders SET status = 'open'")
    again = admin.post(f"/operations/{batch['operationId']}/undo").headers["location"]
    assert live.wait(int(again.split("?")[0].rsplit("/", 1)[1]))["succeeded"] == 1
    for page in pages:
        assert "/undo" not in admin.get(page).text, page


def test_an_import_of_items_is_undone_from_its_page(live: Live, admin: Visitor) -> None:
    live.start_worker()
    made = live.client.post("/api/items/upload", files={"file": ("items.csv", b"sku,name\nS-1,Mug\n")}).json()["data"]
    page = f"/operations/{made['operationId']}"
    live.wait(made["operationId"])
    assert "Undo this import?" in admin.get(page).text
    undone = admin.post(f"{page}/undo").headers["location"]
    assert live.wait(int(undone.split("?")[0].rsplit("/", 1)[1]))["succeeded"] == 1
    assert "Undo this import?" not in admin.get(page).text


def test_a_page_says_why_nothing_of_it_can_be_undone(live: Live, admin: Visitor) -> None:
    live.start_worker()
    later = TABLE.replace(b"9.99", b"8.00")
    for table in (TABLE, later):
        batch = live.client.post("/api/orders/upload?onDuplicate=update", files={"file": ("May.csv", table)}).json()
        live.wait(batch["operationId"])
    why = "Nothing of batch 2 can be undone: each of its orders was there before it"
    viewer = visit(live, role=Role.VIEWER)
    for page in ("/uploads/2", f"/operations/{batch['operationId']}"):
        assert (why in admin.get(page).text, why in viewer.get(page).text) == (True, False), page
    for _ in range(2):
        file = {"file": ("items.csv", b"sku,name\nS-2,Mug\n")}
        made = live.client.post("/api/items/upload?onDuplicate=update", files=file).json()["data"]
        live.wait(made["operationId"])
    assert "its items were there before it" in admin.get(f"/operations/{made['operationId']}").text
