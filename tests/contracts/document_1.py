"""What document 1 prints, word for word, and the means to compare an answer with it."""

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import xlsxwriter

HEADER = ("orderId", "customer", "sku", "description", "quantity", "unitPrice")

LIST = """
{
  "batches": [
    {
      "id": 1,
      "fileName": "october_trades.xlsx",
      "fileSize": 245678,
      "status": "completed",
      "totalOrders": 250,
      "successfulOrders": 248,
      "failedOrders": 2,
      "successRate": "99.20",
      "duration": 5,
      "importedAt": "2025-10-29T08:00:00Z",
      "completedAt": "2025-10-29T08:00:05Z"
    }
  ],
  "pagination": {
    "page": 1,
    "limit": 20,
    "total": 45,
    "pages": 3
  }
}
"""
STATS = """
{
  "totalBatches": 45,
  "completedBatches": 42,
  "failedBatches": 3,
  "processingBatches": 0,
  "totalOrdersImported": 12350,
  "averageSuccessRate": 98.5,
  "recentBatches": []
}
"""
ERROR_LOG = """
{
  "parseErrors": [
    {
      "row": 45,
      "error": "Missing required field: orderId"
    }
  ]
}
"""
AUDIT_TRAIL = """
SELECT b.fileName, b.totalOrders, u.name, b.importedAt
FROM batches b
JOIN users u ON b.userId = u.id
ORDER BY b.importedAt DESC;
"""
ADDED_TO_BATCH = frozenset(
    {
        "skippedOrders",
        "errorCount",
        "warningCount",
        "failure",
        "importId",
        "operationId",
        "undoneOrders",
        "keptOrders",
        "undoneAt",
        "undoOperationId",
    }
)  # additive: no document names them

_MADE = datetime(2025, 10, 29, 8, tzinfo=UTC)  # the same bytes whenever it is made
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_RATE = re.compile(r"\d{1,3}\.\d\d")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


@dataclass(frozen=True, slots=True)
class Desk:
    """Document 1's requests, at the path where this house serves them."""

    client: httpx.Client
    home: str

    def send(self, content: bytes, *, name: str = "orders.csv", wait: int = 0, **params: str) -> httpx.Response:
        """One upload; with `wait` the answer is the finished batch."""
        headers = {"Prefer": f"wait={wait}"} if wait else {}
        return self.client.post("/api/orders/upload", files={"file": (name, content)}, params=params, headers=headers)

    def bring(self, content: bytes, *, name: str = "orders.csv", **params: str) -> Any:
        """One upload, and its batch when that has ended."""
        answer = self.send(content, name=name, wait=30, **params)
        assert answer.status_code == 200, answer.text
        return read(answer)

    def get(self, path: str = "", **params: str | int) -> Any:
        """What is at a path below the batches' home."""
        answer = self.client.get(self.home + path, params=params)
        assert answer.status_code == 200, answer.text
        return read(answer)

    def orders_of(self, batch_id: int) -> list[str]:
        """The numbers of a batch's orders."""
        return [order["orderId"] for order in self.get(f"/{batch_id}/orders", limit=1000)["orders"]]


def read(answer: httpx.Response) -> Any:
    """The JSON with its numbers as they stand there."""
    return _DECODER.decode(answer.content)


def printed(text: str) -> Any:
    """What the document prints, decoded alike."""
    return _DECODER.decode(text)


def assert_same_shape(document: Any, answer: Any, *, path: str = "$") -> None:
    """Every field of the document is there with the document's JSON type and format."""
    assert kind_of(answer) == kind_of(document), f"{path} is {answer!r}, the document has {document!r}"
    if isinstance(document, dict):
        missing = document.keys() - answer.keys()
        assert not missing, f"{path} lacks {missing}"
        for key, value in document.items():
            assert_same_shape(value, answer[key], path=f"{path}.{key}")
    elif isinstance(document, list) and document:
        for index, entry in enumerate(answer):
            assert_same_shape(document[0], entry, path=f"{path}[{index}]")


def kind_of(value: Any) -> str:
    """The JSON type of a value; a text also by what is written in it, a number by whether it is whole."""
    if isinstance(value, str):
        return "moment" if _MOMENT.fullmatch(value) else "rate" if _RATE.fullmatch(value) else "text"
    if isinstance(value, bool) or value is None:
        return str(value)
    return "number" if isinstance(value, int | Decimal) else type(value).__name__


def csv(*lines: Sequence[object], header: Sequence[str] = HEADER) -> bytes:
    """A CSV file of these lines."""
    return "".join(",".join(str(cell) for cell in line) + "\n" for line in (header, *lines)).encode()


def xlsx(lines: Iterable[Sequence[object]], *, header: Sequence[str] = HEADER) -> bytes:
    """An Excel workbook of these lines."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        book.set_properties({"created": _MADE})
        sheet = book.add_worksheet("Orders")
        for row, line in enumerate((header, *lines)):
            sheet.write_row(row, 0, line)
    return target.getvalue()


def october_trades() -> bytes:
    """250 orders of one line, of which row 45 lacks its orderId and row 100 has the quantity 0."""
    lines = [[f"T-{n:04}", f"Customer {n % 7}", f"SKU-{n % 9}", "Trade", 1 + n % 5, 10.5] for n in range(250)]
    lines[45 - 2][0] = ""
    lines[100 - 2][4] = 0
    return xlsx(lines)


def errors_of(batch: Any) -> list[tuple[int, str]]:
    """Rows and codes of a batch's error log."""
    log = batch["errorLog"]
    return [] if log is None else [(entry["row"], entry["code"]) for entry in log["parseErrors"]]
