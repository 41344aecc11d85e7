"""Document 3's own JSON, and a house in which it makes sense."""

import copy
from typing import Any

from tests.live import Live

INVOICES: dict[str, Any] = {
    "customer_ids": [1, 2, 3],
    "options": {
        "language": "en",
        "due_days": 30,
        "generate_pdf": True,
        "send_immediately": True,
        "communication_method": "email",
        "items": [{"inventory_item_id": 1, "quantity": 2, "unit_price": 100.00}],
    },
}
PDFS: dict[str, Any] = {"invoice_ids": [1, 2, 3], "options": {"language": "en", "create_combined_pdf": True}}
MESSAGES: dict[str, Any] = {
    "invoice_ids": [1, 2, 3],
    "method": "email",
    "options": {"subject": "Your Invoice", "include_pdf": True},
}
OPERATION = "id type status progress processed_count total_count metadata summary error_message created_by"
OPERATION_COLUMNS = {*OPERATION.split(), "started_at", "completed_at"}
ITEM = "id batch_operation_id reference_type reference_id customer_id status error_message data processed_at"
ITEM_COLUMNS = set(ITEM.split())


def seed(live: Live) -> None:
    """Customers 1 to 3 and the item 1, as the document numbers them."""
    with live.database.transaction(live.context.organization_id) as conn:
        for number in (1, 2, 3):
            conn.execute(
                """
                INSERT INTO customers (organization_id, id, code, name, name_folded, email, phone)
                VALUES (current_organization(), %(id)s, %(code)s, %(name)s, lower(%(name)s), %(email)s, %(phone)s)
                """,
                {
                    "id": number,
                    "code": f"C-{number}",
                    "name": f"Customer {number}",
                    "email": f"customer{number}@example.test",
                    "phone": f"+4930123450{number}",
                },
            )
        conn.execute(
            """
            INSERT INTO items (organization_id, id, code, name, name_folded)
            VALUES (current_organization(), 1, 'RING', 'Gold ring', 'gold ring')
            """
        )


def invoices(**options: Any) -> dict[str, Any]:
    """The document's request with other options."""
    body = copy.deepcopy(INVOICES)
    body["options"].update(options)
    return body


def begin(live: Live, what: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send it, and return the row that the 202 holds."""
    answer = live.client.post(f"/api/batch-operations/{what}", json=body)
    assert answer.status_code == 202, answer.text
    row: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/api/batch-operations/{row['id']}"
    return row


def finish(live: Live, what: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send it and wait for its end; the row at the end."""
    row = begin(live, what, body)
    live.wait(row["id"])
    found: dict[str, Any] = live.client.get(f"/api/batch-operations/{row['id']}").json()
    return found


def issue(live: Live) -> list[int]:
    """An invoice for each of the three customers, without file and message; their ids."""
    finish(live, "invoices", invoices(generate_pdf=False, send_immediately=False))
    rows = live.client.get("/api/invoices", params={"limit": 100}).json()["data"]
    return sorted(row["id"] for row in rows)
