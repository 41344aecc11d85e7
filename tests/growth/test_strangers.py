"""The work of an organization that statistics know nothing of costs what its rows are, not their square."""

from collections.abc import Iterable
from typing import Any, Final

import httpx
import pytest

from tests.growth.toil import Toil, toiling
from tests.live import Live
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection

COUNT: Final = 1_000
PRINTED: Final = 30
MOST: Final = 20 * COUNT  # rows of one node of one statement; the square would be a million


class Clerk:
    """Does all the bulk work that there is, of one organization, through the door."""

    def __init__(self, live: Live, context: Context, client: httpx.Client) -> None:
        self._live = live
        self._context = context
        self._client = client
        self._client.headers["X-Branch-Id"] = str(self._ids("branches", 1)[0])

    def work(self) -> None:
        """Each kind of work once; each must succeed."""
        self._upload("/api/items/upload", "SKU,Name,Stock tracking", (f"I-{n},Item {n},lots" for n in range(COUNT)))
        self._upload("/api/batch/upload", "SKU,Lot number,Quantity", (f"I-{n},L-{n},9000" for n in range(COUNT)))
        head = "orderId,customerCode,customerName,itemSku,quantity,unitPrice"
        bare = [f"O-{n},C-{n},Customer {n},I-{n},1,5.00" for n in range(COUNT)]
        mail = [f"P-{n},C-{n},Customer {n},I-{n},1,5.00,c{n}@example.test" for n in range(COUNT)]
        self._upload("/api/orders/upload", head, bare)
        kept = self._upload("/api/orders/upload", f"{head},customerEmail", mail)
        self._upload(
            "/api/orders/upload", head, [line.replace(",5.00", ",6.00") for line in bare], onDuplicate="update"
        )
        run = self._post("/functions/v1/batch-invoice-orders", {"filter": {"status": "open"}})
        self._wait(run["operation_id"])
        undone = self._post(f"/api/batch-jobs/{run['operation_id']}/undo", None)
        self._wait(undone["data"]["id"])
        self._wait(self._post(f"/api/orders/batches/{kept}/undo", None)["data"]["operationId"])
        customers = self._ids("customers", COUNT)
        item = {"inventory_item_id": self._ids("items", 1)[0], "quantity": 1, "unit_price": 3}
        self._run("invoices", {"customer_ids": customers, "options": {"items": [item]}})
        invoices = self._ids("invoices", PRINTED)
        self._run("pdfs", {"invoice_ids": invoices, "options": {"create_combined_pdf": True}})
        self._run("communications", {"invoice_ids": invoices, "method": "email"})

    def _upload(self, path: str, head: str, lines: Iterable[str], **params: str) -> int:
        table = "\n".join([head, *lines]).encode()
        answer = self._client.post(path, files={"file": ("a.csv", table)}, params=params)
        assert answer.status_code == 202, answer.text
        started = answer.json().get("data", answer.json())
        ended = self._wait(started["operationId"])
        assert ended["succeeded"] == COUNT, ended
        return int(started.get("id", 0))

    def _post(self, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        answer = self._client.post(path, json=body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def _run(self, what: str, body: dict[str, Any]) -> None:
        self._wait(self._post(f"/api/batch-operations/{what}", body)["id"])

    def _wait(self, operation_id: int) -> dict[str, Any]:
        ended = self._live.wait(int(operation_id), client=self._client, seconds=180)
        assert ended["status"] == "completed", ended
        return ended

    def _ids(self, what: str, most: int) -> list[int]:
        """The newest ones."""
        with self._live.database.transaction(self._context.organization_id) as conn:
            rows = conn.execute(f"SELECT id FROM {what} ORDER BY id DESC LIMIT {most}").fetchall()
        assert len(rows) == most
        return [row["id"] for row in rows]


@pytest.mark.timeout(400)
def test_no_statement_touches_the_square_of_what_it_works(live: Live, owner: Connection) -> None:
    Clerk(live, live.context, live.client).work()
    owner.execute("ANALYZE")
    stranger = Clerk(live, *live.join())
    with toiling() as found:
        stranger.work()
    assert len({one.statement for one in found}) > 100
    assert [one for one in worst(found) if one.rows > MOST] == []


def worst(found: list[Toil]) -> list[Toil]:
    """The worst run of each statement, the worst of all first."""
    by_statement: dict[str, Toil] = {}
    for one in found:
        by_statement[one.statement] = max(one, by_statement.get(one.statement, one))
    return sorted(by_statement.values(), reverse=True)
