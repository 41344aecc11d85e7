"""A clerk who does all the bulk work that there is, of one organization, through the door."""

from collections.abc import Iterable
from typing import Any, Final

import httpx

from tests.live import Live
from tranche.kernel.context import Context

COUNT: Final = 500
PRINTED: Final = 30
MERGED: Final = 200
_HEAD: Final = "orderId,customerCode,customerName,itemSku,quantity,unitPrice"


class Clerk:
    """Each kind of work must succeed, as a whole."""

    def __init__(self, live: Live, context: Context, client: httpx.Client) -> None:
        self._live = live
        self._context = context
        self._client = client
        self._client.headers["X-Branch-Id"] = str(self._ids("branches", 1)[0])

    def stock(self) -> None:
        """Items, their opening stock, many lots of one item merged into one, and taken apart again."""
        self._upload("/api/items/upload", "SKU,Name,Stock tracking", (f"I-{n},Item {n},lots" for n in range(COUNT)))
        self._upload("/api/batch/upload", "SKU,Lot number,Quantity", (f"I-{n},L-{n},9000" for n in range(COUNT)))
        for half in ("A", "B"):
            self._upload("/api/batch/upload", "SKU,Quantity", (f"{half}-{n},9000" for n in range(COUNT)))
            self._upload("/api/batch/upload", "SKU,Lot number,Quantity", (f"X-0,{half}-{n},5" for n in range(COUNT)))
        small = [f"M-{n}" for n in range(MERGED)]
        self._upload("/api/batch/upload", "SKU,Lot number,Quantity", (f"X-1,{lot},5" for lot in small))
        merge = {"destinationBatchNumber": "M-ALL", "sources": [{"batchNumber": lot} for lot in small]}
        apart = {
            "sourceBatchNumber": "M-ALL",
            "destinations": [{"batchNumber": f"N-{lot}", "quantity": 5} for lot in small],
        }
        for verb, wish in (("consolidation", merge), ("split", apart)):
            self._post(f"/api/batch/{verb}", {"data": {"itemId": self._ids("items", 1)[0], **wish}})

    def refused(self) -> None:
        """Items and stock none of which comes in: said twice or there already, and with wrong numbers."""
        for path, head, row in (
            ("/api/items/upload", "SKU,Name,Unit price", "I-0,Item 0,{wrong}"),
            ("/api/items/upload", "SKU,Name,Unit price", "I-{n},Item {n},{wrong}"),
            ("/api/batch/upload", "SKU,Lot number,Quantity", "I-{n},L-{n},{wrong}"),
        ):
            rows = [row.format(n=n, wrong="none" if n % 2 else "5") for n in range(COUNT)]
            self._upload(path, head, rows, succeeded=0, ended="failed")

    def orders(self) -> None:
        """Orders of three uploads: one is updated, one is undone."""
        bare = [f"O-{n},C-{n},Customer {n},I-{n},1,5.00" for n in range(COUNT)]
        mail = [f"P-{n},C-{n},Customer {n},I-{n},1,5.00,c{n}@example.test" for n in range(COUNT)]
        self._upload("/api/orders/upload", _HEAD, bare)
        kept = self._upload("/api/orders/upload", f"{_HEAD},customerEmail", mail)
        self._upload(
            "/api/orders/upload", _HEAD, [line.replace(",5.00", ",6.00") for line in bare], onDuplicate="update"
        )
        self._wait(self._post(f"/api/orders/batches/{kept['id']}/undo", None)["data"]["operationId"])

    def corrections(self) -> None:
        """Orders all of which are refused: one half is put right by one value, the other by a workbook."""
        lines = [f"R-{n},C-{n},Customer {n},I-{n},{'none' if n % 2 else ''},5.00" for n in range(COUNT)]
        batch = self._upload("/api/orders/upload", _HEAD, lines, succeeded=0, ended="failed")
        home = f"/api/imports/{batch['importId']}"
        group, _ = self._get(f"{home}/errors/groups")["data"]
        answer = self._post(f"{home}/errors/groups/{group['key']}/set", {"field": "quantity", "value": "1"})
        self._wait(answer["data"]["id"])
        rows = "\n".join(["_row,quantity", *(f"{n + 2},1" for n in range(COUNT))]).encode()
        sent = self._client.post(f"{home}/corrections", files={"file": ("a.csv", rows)})
        assert sent.status_code == 202, sent.text
        self._wait(sent.json()["data"]["id"])
        assert self._get(f"/api/orders/batches/{batch['id']}")["successfulOrders"] == COUNT

    def invoices(self) -> None:
        """Invoices of orders with stock, and their undoing; invoices of customers, printed and sent."""
        run = self._post("/functions/v1/batch-invoice-orders", {"filter": {"status": "open"}})
        self._wait(run["operation_id"])
        self._wait(self._post(f"/api/batch-jobs/{run['operation_id']}/undo", None)["data"]["id"])
        customers = self._ids("customers", COUNT)
        item = {"inventory_item_id": self._ids("items", 1)[0], "quantity": 1, "unit_price": 3}
        self._run("invoices", {"customer_ids": customers, "options": {"items": [item]}})
        invoices = self._ids("invoices", PRINTED)
        self._run("pdfs", {"invoice_ids": invoices, "options": {"create_combined_pdf": True}})
        self._run("communications", {"invoice_ids": invoices, "method": "email"})

    def snapshots(self) -> None:
        """Two snapshots of a billing system, compared."""
        folder = self._live.settings.home / "sources" / str(self._context.organization_id)
        folder.mkdir(parents=True)
        head = "crp_account_no,cpc_customer_no,customer_name,address,last_bill_date,current_balance"
        for day in ("2020-01-01", ""):
            lines = [f"A-{n % 100},{n},Customer {n},,{day if n % 3 else '2020-02-01'},10.50" for n in range(COUNT)]
            (folder / "stops.csv").write_text("\n".join([head, *lines, ""]))
            source = self._client.put(
                "/api/crp-cpc/bill-stop-source", json={"data": {"kind": "csv", "file": "stops.csv"}}
            )
            assert source.status_code == 200, source.text
            self._wait(self._post("/api/crp-cpc/bill-stop-batch/trigger", None)["operation_id"])

    def _upload(
        self,
        path: str,
        head: str,
        lines: Iterable[str],
        *,
        succeeded: int | None = None,
        ended: str = "completed",
        **params: str,
    ) -> dict[str, Any]:
        rows = list(lines)
        table = "\n".join([head, *rows]).encode()
        answer = self._client.post(path, files={"file": ("a.csv", table)}, params=params)
        assert answer.status_code == 202, answer.text
        started: dict[str, Any] = answer.json().get("data", answer.json())
        end = self._wait(started["operationId"], ended)
        assert end["succeeded"] == (len(rows) if succeeded is None else succeeded), end
        return started

    def _get(self, path: str) -> dict[str, Any]:
        answer = self._client.get(path)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def _post(self, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        answer = self._client.post(path, json=body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def _run(self, what: str, body: dict[str, Any]) -> None:
        self._wait(self._post(f"/api/batch-operations/{what}", body)["id"])

    def _wait(self, operation_id: int, ended: str = "completed") -> dict[str, Any]:
        end = self._live.wait(int(operation_id), client=self._client, seconds=180)
        assert end["status"] == ended, end
        return end

    def _ids(self, what: str, most: int) -> list[int]:
        """The newest ones."""
        with self._live.database.transaction(self._context.organization_id) as conn:
            rows = conn.execute(f"SELECT id FROM {what} ORDER BY id DESC LIMIT {most}").fetchall()
        assert len(rows) == most
        return [row["id"] for row in rows]
