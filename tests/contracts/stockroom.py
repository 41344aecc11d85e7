"""A running product with an item and branches, as the contract of document 5 needs it."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.live import Live


@dataclass(frozen=True, slots=True)
class Stockroom:
    """A client in a branch, an item, and the branches of the organization."""

    live: Live
    client: httpx.Client
    item: int
    branch: int
    other_branch: int

    @classmethod
    def open(cls, live: Live) -> "Stockroom":
        """The admin in the first branch; one item in it, code ITEM-001."""
        assert live.context.branch_id
        branch = live.context.branch_id
        other = live.client.post("/api/branches", json={"data": {"name": "Harbour"}}).json()["data"]["id"]
        item = live.client.post("/api/items", json={"data": {"name": "Item Name", "code": "ITEM-001"}})
        assert item.status_code == 201, item.text
        live.client.headers["x-branch-id"] = str(branch)
        return cls(live, live.client, item.json()["data"]["id"], branch, other)

    def post(self, path: str, /, **data: Any) -> httpx.Response:
        """POST with `itemId` and these fields."""
        return self.client.post(path, json={"data": {"itemId": self.item, **data}})

    def receive(self, number: str, quantity: float, **data: Any) -> dict[str, Any]:
        """Stock comes in; returns the movement."""
        answer = self.post("/api/batch/receive", batchNumber=number, quantity=quantity, **data)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["data"]
        return found

    def batch(self, number: str, branch: int | None = None) -> dict[str, Any]:
        """The batch of this number, as this branch sees it."""
        headers = {"x-branch-id": str(branch or self.branch)}
        found = self.client.get("/api/batches", params={"search": number, "limit": 1000}, headers=headers).json()[
            "data"
        ]
        (batch,) = (batch for batch in found if batch["batchNumber"] == number)
        return dict(batch)

    def quantities(self, *numbers: str) -> list[float]:
        """What the branch has of these batches."""
        return [self.batch(number)["quantity"] for number in numbers]
