"""What the judge of one import goes by: the sender's choices, and the columns that the file has."""

from dataclasses import dataclass


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
        return {
            "import_id": self.import_id,
            "batch_id": self.batch_id,
            "on_duplicate": self.on_duplicate,
            "accept_returns": self.accept_returns,
            "default_customer": self.default_customer,
            "default_currency": self.default_currency,
            "has_items": "itemSku" in headers or "itemDescription" in headers,
            "fields": list(headers),
            "names": list(headers.values()),
            "order_header": headers.get("orderId"),
            "customer_header": headers.get("customerCode") or headers.get("customerName"),
            "item_header": headers.get("itemDescription"),
            "currency_header": headers.get("currency"),
            "quantity_header": headers.get("quantity"),
        }
