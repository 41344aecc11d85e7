"""The page of a customer: changed by who may, read by who may not, and the ways on."""

from tests.invoicing.factories import make_orders
from tests.live import Live, live, open_live
from tests.pages.visits import visit
from tranche.kernel.context import Role

__all__ = ["live", "open_live"]


def _make(live: Live, **fields: str) -> int:
    answer = live.client.post("/api/customers", json={"data": fields})
    return int(answer.json()["data"]["id"])


def test_a_clerk_changes_a_customer_and_is_told_what_cannot_be(live: Live) -> None:
    one, _ = _make(live, name="Miller", phone="1"), _make(live, name="Smith", code="S1")
    clerk, path = visit(live, role=Role.OPERATOR), f"/customers/{one}"
    page = clerk.get(path).text
    for way in (f"/orders?customerId={one}", f"/invoices?customerId={one}"):
        assert f'href="{way}"' in page
        assert clerk.get(way).status_code == 200
    changed = clerk.post(path, {"name": "Miller Ltd", "email": "pay@miller.test"})
    assert (changed.status_code, changed.headers["location"]) == (303, path)
    found = live.client.get(f"/api/customers/{one}").json()["data"]
    assert (found["name"], found["email"], found["phone"]) == ("Miller Ltd", "pay@miller.test", None)
    refused = clerk.post(path, {"name": "Miller Ltd", "email": "nobody"})
    assert refused.status_code == 400
    assert "Must be an e-mail address." in refused.text
    speechless = clerk.post(path, {"name": "Miller Ltd", "phone": "ask Ada"})
    assert speechless.status_code == 400
    assert "Must be a phone number such as +880 1711 000000, or empty." in speechless.text
    taken = clerk.post(path, {"name": "Miller Ltd", "code": "S1"})
    assert taken.status_code == 400
    assert "There is a customer with the code" in taken.text
    assert clerk.post("/customers/999", {"name": "X"}).status_code == 404


def test_the_list_of_invoices_says_whose_they_are_as_the_customer_is_called_now(live: Live) -> None:
    one = _make(live, name="Miller")
    clerk = visit(live, role=Role.OPERATOR)
    with live.database.transaction(live.context.organization_id) as conn:
        (order,) = make_orders(conn, customer_id=one, count=1)
    made = live.client.post("/functions/v1/create-invoice-from-order", json={"order_id": order})
    assert made.status_code == 201, made.text
    clerk.post(f"/customers/{one}", {"name": "Smith Ltd"})
    page = clerk.get(f"/invoices?customerId={one}").text
    assert "Of Smith Ltd" in page
    assert "Of Miller" not in page


def test_a_viewer_reads_a_customer_and_has_no_form(live: Live) -> None:
    one = _make(live, name="Miller", phone="+49 30 1")
    viewer = visit(live, role=Role.VIEWER)
    page = viewer.get(f"/customers/{one}").text
    assert "+49 30 1" in page
    assert 'name="phone"' not in page
    assert viewer.post(f"/customers/{one}", {"name": "X"}).status_code == 403
