"""Why an invoice was not sent, told wherever somebody looks, with the way to where it is put right."""

from tests.contracts.document_3 import finish
from tests.invoicing.factories import make_customer, make_orders
from tests.live import Live
from tests.pages.visits import visit
from tests.shell import Shell
from tranche.kernel.context import Role

_WHY = "The customer Miller has no phone number."


def _invoice(live: Live) -> tuple[int, int]:
    """One invoice of a customer who has no phone number, and that customer."""
    with live.database.transaction(live.context.organization_id) as conn:
        customer = make_customer(conn, name="Miller")
        (order,) = make_orders(conn, customer_id=customer, count=1)
    made = live.client.post("/functions/v1/create-invoice-from-order", json={"order_id": order}).json()
    return made["invoice_id"], customer


def test_a_missing_number_is_named_by_api_pages_and_command_and_entered_where_they_lead(
    live: Live, shell: Shell
) -> None:
    invoice, customer = _invoice(live)
    asked = {"invoice_ids": [invoice], "method": "sms", "options": {"include_pdf": False}}
    row = finish(live, "communications", asked)
    assert (row["status"], row["error_message"]) == ("failed", _WHY)
    operation = live.client.get(f"/api/operations/{row['id']}").json()["data"]
    assert operation["error"] == {"code": "all_failed", "message": _WHY}
    (item,) = live.client.get(f"/api/operations/{row['id']}/items").json()["data"]["items"]
    assert (item["error"]["code"], item["result"]) == ("no_recipient", {"customerId": customer})
    (step,) = live.client.get(f"/api/invoices/{invoice}").json()["data"]["steps"]
    assert (step["operationId"], step["stage"], step["status"]) == (row["id"], "send", "failed")
    assert (step["code"], step["error"]) == ("no_recipient", _WHY)
    clerk = visit(live, role=Role.OPERATOR)
    for path in (f"/operations/{row['id']}", f"/invoices/{invoice}", f"/invoices/sendings/{row['id']}"):
        page = clerk.get(path).text
        assert _WHY in page, path
        assert f'<a href="/customers/{customer}">To the customer</a>' in page, path
    ahead = clerk.post("/invoices/send", {"ids": str(invoice), "method": "sms"}).text
    assert f'<a href="/customers/{customer}">Miller</a>' in ahead
    assert _WHY in shell("invoices", "show", invoice).out
    saved = clerk.post(f"/customers/{customer}", {"name": "Miller", "phone": "+8801711000000"})
    assert saved.status_code == 303
    live.client.post(f"/api/operations/{row['id']}/retry")
    assert live.wait(row["id"])["status"] == "completed"
    assert _WHY not in clerk.get(f"/invoices/{invoice}").text


def test_the_commonest_reason_stands_for_all_where_several_failed(live: Live) -> None:
    invoices = [_invoice(live)[0], _invoice_of(live, "Smith")]
    row = finish(live, "communications", {"invoice_ids": invoices, "method": "sms", "options": {"include_pdf": False}})
    assert row["error_message"] == f"None of 2 succeeded; each says why, such as: {_WHY}"


def _invoice_of(live: Live, name: str) -> int:
    with live.database.transaction(live.context.organization_id) as conn:
        (order,) = make_orders(conn, customer_id=make_customer(conn, name=name), count=1, prefix=name)
    made = live.client.post("/functions/v1/create-invoice-from-order", json={"order_id": order}).json()
    return int(made["invoice_id"])
