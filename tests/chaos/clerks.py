"""People at work through the HTTP interface: each asks again until answered, with one key, so that it counts once."""

import random
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import httpx

from tests.chaos.files import OrdersFile, make_file
from tests.chaos.house import Started
from tranche.kernel.client.events import TERMINAL

_PATIENCE = 60.0
_PAUSE = 0.2
_EXPECTED = frozenset({"nothing_selected"})


class Desk:
    """A connection that outlives the server behind it.

    `refused` are the answers that were neither right nor 503, `last` is the last one that did not do what was asked.
    """

    def __init__(self, url: str, key: str, *, branch_id: int | None) -> None:
        headers = {"Authorization": f"Bearer {key}", "X-Branch-Id": str(branch_id or "")}
        self._client = httpx.Client(base_url=url, headers=headers, timeout=30)
        self.refused: list[str] = []
        self.last = ""

    def ask(self, method: str, path: str, **content: Any) -> dict[str, Any] | None:
        """The answer's body; None where the request was refused for a reason, such as work that runs already."""
        headers = {"Idempotency-Key": str(uuid4())} if method != "GET" else {}
        ends = time.monotonic() + _PATIENCE
        while True:
            answer = self._send(method, path, headers=headers, **content)
            if answer is not None:
                break
            assert time.monotonic() < ends, f"no answer to {method} {path}"
            time.sleep(_PAUSE)
        if answer.is_success:
            found: dict[str, Any] = answer.json()
            return found
        self.last = f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        expected = answer.status_code in (404, 409) or (answer.is_client_error and answer.json()["code"] in _EXPECTED)
        if not expected:
            self.refused.append(self.last)
        return None

    def ended(self, operation_id: int, over: threading.Event) -> bool:
        """Wait for the end of an operation, or for the end of the day; whether it has ended."""
        while not over.is_set():
            found = self.ask("GET", f"/api/operations/{operation_id}")
            if found is None or found["data"]["status"] in TERMINAL:
                return True
            over.wait(_PAUSE)
        return False

    def close(self) -> None:
        self._client.close()

    def _send(self, method: str, path: str, **content: Any) -> httpx.Response | None:
        """None where nobody answered, or where the answer is to come again later."""
        try:
            answer = self._client.request(method, path, **content)
        except httpx.TransportError:
            return None
        is_at_work = answer.status_code == HTTPStatus.CONFLICT and answer.json().get("code") == "idempotency_running"
        return None if is_at_work or answer.status_code in (425, 429, 503) else answer


class Clerk:
    """One who does the same over and over until the day is over; what goes wrong ends up in `fault`."""

    def __init__(self, desk: Desk, work: Callable[[Desk, random.Random, threading.Event], None], seed: int) -> None:
        self._desk = desk
        self._work = work
        self._chance = random.Random(seed)  # noqa: S311  # a seed that can be given again, not a secret
        self._over = threading.Event()
        self.times = 0
        self.fault: BaseException | None = None
        self._thread = threading.Thread(target=self._live, daemon=True, name=work.__qualname__)
        self._thread.start()

    def end(self) -> None:
        """Let the clerk finish what is at hand."""
        self._over.set()
        self._thread.join(_PATIENCE * 2)
        assert not self._thread.is_alive(), f"{self._thread.name} does not end"
        self._desk.close()
        assert self.fault is None, repr(self.fault)
        assert not self._desk.refused, self._desk.refused[:3]

    def _live(self) -> None:
        try:
            while not self._over.is_set():
                self._work(self._desk, self._chance, self._over)
                self.times += 1
        except BaseException as fault:  # noqa: BLE001  # shown by end()
            self.fault = fault


class Importer:
    """Uploads files of orders; now and then takes one back. `kept` must be there at the end, `undone` must not."""

    def __init__(self) -> None:
        self.kept: list[tuple[OrdersFile, Started]] = []
        self.undone: list[tuple[OrdersFile, Started]] = []
        self._count = 0

    def work(self, desk: Desk, chance: random.Random, over: threading.Event) -> None:
        """One file."""
        self._count += 1
        file = make_file(f"U{self._count}", orders=chance.randrange(50, 900))
        sent = desk.ask("POST", "/api/orders/upload", files={"file": (file.name, file.data)})
        assert sent is not None, f"{file.name} was not taken: {desk.last}"
        started = Started(operation_id=sent["operationId"], import_id=0, batch_id=sent["id"])
        is_undone = chance.random() < 0.3 and desk.ended(started.operation_id, over)
        undo = desk.ask("POST", f"/api/operations/{started.operation_id}/undo") if is_undone else None
        (self.undone if undo else self.kept).append((file, started))


class Storekeeper:
    """Moves a little from any lot of an item to any other: the sum stays."""

    def __init__(self, item: int, *, lots: int) -> None:
        self._item = item
        self._lots = lots

    def work(self, desk: Desk, chance: random.Random, over: threading.Event) -> None:
        """One transfer."""
        source, destination = (f"L-{number}" for number in chance.sample(range(self._lots), 2))
        body = {"itemId": self._item, "sourceBatchNumber": source, "destinationBatchNumber": destination}
        desk.ask("POST", "/api/batch/transfer", json={"data": {**body, "quantity": chance.randrange(1, 9)}})
        over.wait(chance.random() / 10)


def invoice(desk: Desk, chance: random.Random, over: threading.Event) -> None:
    """Invoice what is open of one prefix, now and then with a cancel in the middle; then take some runs back."""
    body = {"filter": {"search": f"SO{chance.randrange(4)}-", "status": "open"}}
    job = desk.ask("POST", "/functions/v1/batch-invoice-orders", json=body)
    if job is None:
        over.wait(_PAUSE)
        return
    if chance.random() < 0.3:
        over.wait(chance.random())
        desk.ask("POST", f"/api/operations/{job['operation_id']}/cancel")
    if desk.ended(job["operation_id"], over) and chance.random() < 0.6:
        desk.ask("POST", f"/api/operations/{job['operation_id']}/undo")


def print_and_send(desk: Desk, chance: random.Random, over: threading.Event) -> None:
    """Print a few invoices, then send them by mail to the folder that stands in for a mail server."""
    found = desk.ask("GET", "/api/invoices?limit=50&status=issued")
    ids = [one["id"] for one in (found or {"data": []})["data"]]
    few = chance.sample(ids, min(len(ids), chance.randrange(1, 9)))
    for what, body in (("pdfs", {}), ("communications", {"method": "email"})):
        begun = desk.ask("POST", f"/api/batch-operations/{what}", json={"invoice_ids": few, **body}) if few else None
        if begun is None or not desk.ended(int(begun["id"]), over):
            over.wait(_PAUSE)
            return


def snapshot(desk: Desk, _: random.Random, over: threading.Event) -> None:
    """Take a snapshot; one that runs already is waited for."""
    begun = desk.ask("POST", "/api/crp-cpc/bill-stop-batch/trigger?full=true")
    if begun is None or desk.ended(begun["operation_id"], over):
        over.wait(_PAUSE)
