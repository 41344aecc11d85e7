"""Invoices and their settings over HTTP: lists, one, closing, roles, faults by name."""

import re
from typing import Any, Final

import httpx
import pytest

from tests.invoicing.factories import make_customer, make_orders
from tests.live import Live
from tests.pages.visits import visit
from tests.shell import Shell
from tranche.kernel.context import Role

_ONE = "/functions/v1/create-invoice-from-order"
_SETTINGS: Final = {
    "series": "INV",
    "numberFormat": "{series}-{year}-{number}",
    "numberDigits": "6",
    "dueDays": "30",
    "taxRate": "0",
}


def _issue(live: Live, count: int = 1, **shape: Any) -> list[dict[str, Any]]:
    with live.database.transaction(live.context.organization_id) as conn:
        customer_id = make_customer(conn, name=f"Miller {shape.get('prefix', '')}")
        ids = make_orders(conn, customer_id=customer_id, count=count, **shape)
    answers = [live.client.post(_ONE, json={"order_id": order_id}) for order_id in ids]
    assert [answer.status_code for answer in answers] == [201] * count
    return [answer.json() for answer in answers]


def _list(live: Live, **query: object) -> list[dict[str, Any]]:
    answer = live.client.get("/api/invoices", params={name: str(value) for name, value in query.items()})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def test_a_list_is_narrowed_sorted_and_paged(live: Live) -> None:
    small = _issue(live, 2, lines=1)
    large = _issue(live, 1, lines=5, prefix="XL")
    numbers = [each["invoice_number"] for each in (*small, *large)]
    assert [row["number"] for row in _list(live)] == numbers[::-1]
    assert [row["number"] for row in _list(live, sort="-total", limit=1)] == [numbers[2]]
    assert [row["number"] for row in _list(live, sort="id", limit=1, page=2)] == [numbers[1]]
    assert [row["number"] for row in _list(live, search=numbers[1])] == [numbers[1]]
    assert len(_list(live, search=numbers[0][:-1])) == 3
    assert [row["number"] for row in _list(live, orderId=large[0]["order_id"])] == [numbers[2]]
    assert len(_list(live, **{"from": "2000-01-01", "to": "2100-01-01"})) == 3
    assert _list(live, to="2000-01-01") == []
    assert _list(live, kind="credit_note") == []


def test_a_list_is_walked_by_cursors_and_exported(live: Live) -> None:
    made = _issue(live, 5, lines=1)
    walked: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = live.client.get("/api/invoices", params={"cursor": cursor, "limit": 2, "sort": "number"}).json()
        walked += [row["number"] for row in answer["data"]]
        cursor = answer["cursors"]["next"]
    assert walked == [each["invoice_number"] for each in made]
    table = live.client.get("/api/invoices/export?format=csv&sort=number").text.removeprefix("\ufeff").splitlines()
    assert table[0].startswith("id,number,kind,status,invoiceDate")
    assert [line.split(",")[1] for line in table[1:]] == walked


@pytest.mark.parametrize(
    ("query", "name"),
    [("sort=price", "sort"), ("from=2026-02-30", "from"), ("status=paid", "status"), ("customerId=x", "customerId")],
)
def test_a_parameter_that_cannot_be_read_is_named(live: Live, query: str, name: str) -> None:
    answer = live.client.get(f"/api/invoices?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, name)


def test_an_invoice_is_voided_once_for_a_key(live: Live) -> None:
    (made,) = _issue(live)
    path, body = f"/api/invoices/{made['invoice_id']}/void", {"data": {"reason": "wrong"}}
    first, again = (live.client.post(path, json=body, headers={"Idempotency-Key": "v"}) for _ in range(2))
    assert (first.status_code, first.json()["data"]["invoice"]["status"]) == (200, "void")
    assert again.content == first.content
    second = live.client.post(path, json=body)
    assert (second.status_code, second.json()["code"]) == (409, "invoice_not_live")
    missing = live.client.post(path, json={"data": {"reason": ""}})
    assert (missing.status_code, missing.json()["errors"][0]["pointer"]) == (400, "/data/reason")


def test_a_viewer_looks_and_closes_nothing(live: Live) -> None:
    (made,) = _issue(live)
    with httpx.Client(
        base_url=live.url, headers={"Authorization": f"Bearer {live.key_for(Role.VIEWER)}"}, timeout=30
    ) as viewer:
        assert viewer.get(f"/api/invoices/{made['invoice_id']}").status_code == 200
        for path in ("void", "credit-note"):
            answer = viewer.post(f"/api/invoices/{made['invoice_id']}/{path}", json={"data": {"reason": "x"}})
            assert answer.status_code == 403
        assert viewer.put("/api/invoice-settings", json={"data": {"dueDays": 1}}).status_code == 403


def test_new_settings_hold_for_what_is_issued_next(live: Live) -> None:
    (before,) = _issue(live, prefix="A")
    changes = {
        "series": "RE",
        "numberFormat": "{series}{year}/{number}",
        "numberDigits": 3,
        "dueDays": 7,
        "seller": {"name": "Acme GmbH", "taxId": "DE1"},
        "bank": {"iban": "DE02120300000000202051"},
    }
    assert live.client.put("/api/invoice-settings", json={"data": changes}).status_code == 200
    (after,) = _issue(live, prefix="B")
    year = before["invoice_number"].split("-")[1]
    assert (before["invoice_number"], after["invoice_number"]) == (f"INV-{year}-000001", f"RE{year}/001")
    old, new = (live.client.get(f"/api/invoices/{made['invoice_id']}").json()["data"] for made in (before, after))
    assert (old["seller"]["name"], new["seller"]["name"]) == ("Acme", "Acme GmbH")
    assert (old["bank"]["iban"], new["bank"]["iban"]) == (None, "DE02120300000000202051")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"series": "inv"}, "/data/series"),
        ({"numberFormat": "{number}-{year}"}, "/data/numberFormat"),
        ({"numberFormat": "{series}{year}{number}"}, "/data/numberFormat"),
        ({"numberDigits": 0}, "/data/numberDigits"),
        ({"dueDays": 4000}, "/data/dueDays"),
        ({"taxRate": 100.5}, "/data/taxRate"),
        ({"seller": {"address": "x" * 2001}}, "/data/seller/address"),
        ({"seller": {"taxId": "x" * 2001}}, "/data/seller/taxId"),
        ({"seller": {"phone": "n/a"}}, "/data/seller/phone"),
        ({"bank": {"iban": "DE89 3704 0044 0532 0130 01"}}, "/data/bank/iban"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(live: Live, changes: dict[str, Any], pointer: str) -> None:
    answer = live.client.put("/api/invoice-settings", json={"data": changes})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)


def test_an_upload_is_undone_by_its_operation_too(live: Live) -> None:
    table = b"orderId,customer,sku,quantity,unitPrice\nA1,Bob,S-1,2,9.99\n"
    batch = live.client.post("/api/orders/upload", files={"file": ("a.csv", table)}).json()
    live.wait(batch["operationId"])
    answer = live.client.post(f"/api/operations/{batch['operationId']}/undo")
    assert answer.status_code == 202
    assert live.wait(answer.json()["data"]["id"])["succeeded"] == 1
    assert live.client.get("/api/orders").json()["data"] == []


def test_an_order_names_its_invoices_and_its_page_leads_to_the_live_one(live: Live, shell: Shell) -> None:
    (made,) = _issue(live)
    order, clerk = made["order_id"], visit(live)
    assert live.client.get(f"/api/orders/{order}").json()["data"]["invoices"] == [
        {"id": made["invoice_id"], "number": made["invoice_number"], "kind": "invoice", "status": "issued"}
    ]
    assert f'href="/invoices/{made["invoice_id"]}">' in clerk.get(f"/orders/{order}").text
    assert made["invoice_number"] in shell("orders", "show", f"id:{order}").out
    voided = live.client.post(f"/api/invoices/{made['invoice_id']}/void", json={"data": {"reason": "x"}})
    assert voided.status_code == 200
    (found,) = live.client.get(f"/api/orders/{order}").json()["data"]["invoices"]
    assert found["status"] == "void"
    page = clerk.get(f"/orders/{order}").text
    assert f'class="btn btn-primary" href="/invoices/{made["invoice_id"]}"' not in page
    assert made["invoice_number"] in page


def test_a_slip_in_an_iban_or_a_phone_is_told_at_its_field(live: Live) -> None:
    page = visit(live).post("/settings/invoices", {**_SETTINGS, "iban": "DE89 3704 0044 0532 0130 01"})
    assert page.status_code == 400
    assert re.search(r'id="iban-fault">Is mistyped: its check digits do not fit', page.text)
    page = visit(live).post("/settings/invoices", {**_SETTINGS, "phone": "n/a"})
    assert (page.status_code, 'id="phone-fault">Must be a phone number' in page.text) == (400, True)
    assert visit(live).post("/settings/invoices", {**_SETTINGS, "iban": "0119 0000 1"}).status_code == 303
