"""A goldsmiths' workshop with customers and invoices, for the pictures of the guides to sending and printing."""

from typing import Any, Final

from tests.kernel.notify.mailbox import Mailbox
from tests.live import Live
from tranche.kernel.db.pool import connect

CUSTOMERS: Final = (
    ("K-1001", "Hotel Rheinblick", "buchhaltung@rheinblick.example"),
    ("K-1002", "Galerie am Dom", "office@galerie-dom.example"),
    ("K-1003", "Atelier Nordlicht", "anna@nordlicht.example"),
    ("K-1004", "Weinhaus Sommer", "sommer@weinhaus.example"),
    ("K-1005", "Opernhaus Köln", None),
    ("K-1006", "Café Zentral", "mail@cafe-zentral.example"),
    ("K-1007", "Praxis Dr. Yıldız", "praxis@yildiz.example"),
    ("K-1008", "Buchhandlung Falter", "laden@falter.example"),
)
_ITEMS: Final = (("RING-18", "Gold ring, 18 carat"), ("CHAIN-45", "Silver chain, 45 cm"), ("POLISH", "Polishing"))
_SELLER: Final = {
    "name": "Mondlicht Goldschmiede GmbH",
    "address": "Lindenallee 14\n50968 Köln",
    "taxId": "DE136695976",
    "registration": "HRB 48211",
    "email": "rechnung@mondlicht.example",
    "phone": "+49 221 555 01 30",
}
_BANK: Final = {"bank": "Sparkasse KölnBonn", "iban": "DE89 3704 0044 0532 0130 00", "bic": "COLSDE33XXX"}


def open_workshop(live: Live) -> None:
    """The seller, the customers and the articles."""
    with connect(live.urls.owner) as owner:
        owner.execute("UPDATE organizations SET name = 'Mondlicht', currency = 'EUR'")
    with live.database.transaction(live.context.organization_id) as conn:
        for number, (code, name, email) in enumerate(CUSTOMERS, start=1):
            conn.execute(
                """
                INSERT INTO customers (organization_id, id, code, name, name_folded, email, address)
                VALUES (current_organization(), %(id)s, %(code)s, %(name)s, lower(%(name)s), %(email)s, %(address)s)
                """,
                {
                    "id": number,
                    "code": code,
                    "name": name,
                    "email": email,
                    "address": f"Domstraße {number}\n50668 Köln",
                },
            )
        for number, (code, name) in enumerate(_ITEMS, start=1):
            conn.execute(
                """
                INSERT INTO items (organization_id, id, code, name, name_folded)
                VALUES (current_organization(), %(id)s, %(code)s, %(name)s, lower(%(name)s))
                """,
                {"id": number, "code": code, "name": name},
            )
    settings = {"seller": _SELLER, "bank": _BANK, "taxRate": 19, "paymentTerms": "30 days net", "notes": "Thank you."}
    _put(live, "/api/invoice-settings", settings)
    _put(live, "/api/invoice-design", {"country": "DE", "footer": "Mondlicht Goldschmiede GmbH, HRB 48211, Köln"})


def by_mail(live: Live, post_box: Mailbox) -> None:
    """The channel for mails."""
    settings = {
        "host": "127.0.0.1",
        "port": str(post_box.port),
        "tls": "none",
        "from": "Mondlicht <pay@mondlicht.example>",
    }
    _put(live, "/api/message-channels/email", {"provider": "smtp", "settings": settings})


def invoice_all(live: Live) -> list[int]:
    """An invoice for every customer; their ids."""
    items = [
        {"inventory_item_id": number, "quantity": quantity, "unit_price": price}
        for number, quantity, price in ((1, 1, 1249), (2, 2, 38.5), (3, 1, 24.9))
    ]
    options = {"language": "en", "due_days": 30, "items": items}
    body = {"customer_ids": list(range(1, len(CUSTOMERS) + 1)), "options": options}
    answer = live.client.post("/api/batch-operations/invoices", json=body)
    assert answer.status_code == 202, answer.text
    live.wait(answer.json()["id"])
    return sorted(row["id"] for row in live.client.get("/api/invoices", params={"limit": 100}).json()["data"])


def tell(live: Live, code: str, status: str, error: str | None = None) -> None:
    """What a provider told of the message to a customer, or what a lost worker left of it."""
    with live.database.transaction(live.context.organization_id) as conn:
        conn.execute(
            """
            WITH told AS (
                UPDATE messages SET status = %(status)s, error = %(error)s, updated_at = now()
                WHERE customer_id = (SELECT id FROM customers WHERE code = %(code)s) RETURNING id
            )
            INSERT INTO message_events (organization_id, message_id, status, detail)
            SELECT current_organization(), id, %(status)s, coalesce(%(error)s, '') FROM told
            """,
            {"status": status, "error": error, "code": code},
        )


def _put(live: Live, path: str, data: dict[str, Any]) -> None:
    answer = live.client.put(path, json={"data": data})
    assert answer.status_code == 200, answer.text
