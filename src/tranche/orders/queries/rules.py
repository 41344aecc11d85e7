"""What the judge of one import goes by: the sender's choices, and the columns that the file has."""

from dataclasses import dataclass

# The name of the customer of a line `l`: the default one is for lines that name none, not for those with a code.
CUSTOMER_NAME = """
    coalesce(l.customer_name, CASE WHEN l.customer_code IS NULL THEN %(default_customer)s::text END, '')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the sender of the file chose, and the columns that the file has (field -> header)."""

    import_id: int
    batch_id: int | None
    on_duplicate: str
    accept_returns: bool
    default_customer: str | None
    default_currency: str
    headers: dict[str, str]

    def params(self) -> dict[str, object]:
        """As the parameters of the judge's statements."""
        headers = self.headers
        shown = {**_stand_ins(headers), **headers}
        return {
            "import_id": self.import_id,
            "batch_id": self.batch_id,
            "on_duplicate": self.on_duplicate,
            "accept_returns": self.accept_returns,
            "default_customer": self.default_customer,
            "default_currency": self.default_currency,
            "has_items": "itemSku" in headers or "itemDescription" in headers,
            "fields": list(shown),
            "names": list(shown.values()),
            "order_header": headers.get("orderId"),
            "customer_header": headers.get("customerCode") or headers.get("customerName"),
            "item_header": headers.get("itemDescription"),
            "currency_header": headers.get("currency"),
            "quantity_header": headers.get("quantity"),
            "date_header": headers.get("orderDate"),
            "name_header": headers.get("customerName"),
            "email_header": headers.get("customerEmail"),
            "phone_header": headers.get("customerPhone"),
            "address_header": headers.get("customerAddress"),
        }


def _stand_ins(headers: dict[str, str]) -> dict[str, str]:
    """The column to point at where one of two would do and the file has only the other."""
    pairs = (("customerName", "customerCode"), ("itemSku", "itemDescription"))
    return {field: headers[other] for field, other in pairs if other in headers}
