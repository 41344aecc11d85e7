"""A client that follows an operation's events as a browser does: it comes back, and says what it has seen."""

import json
import threading
from typing import Any

import httpx

from tranche.kernel.client.events import TERMINAL

_PAUSE = 0.1


class Follower:
    """`versions` are the event ids in the order of arrival, `refusals` the codes of refused connections.

    `broken` counts streams that were cut off in the middle, instead of ended; `connections` those that were opened,
    and the answers that there is nothing more to follow. `begun` is set by the first event, `finished` by the end.
    """

    def __init__(self, url: str, key: str, *, operation_id: int) -> None:
        self._url = f"{url}/api/operations/{operation_id}/events"
        self._key = key
        self._leave = threading.Event()
        self._drop = threading.Event()
        self.versions: list[int] = []
        self.refusals: list[int] = []
        self.connections = 0
        self.broken = 0
        self.last: dict[str, Any] = {}
        self.begun = threading.Event()
        self.finished = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True, name="follower")
        self._thread.start()

    def drop(self) -> None:
        """Lose the connection, at the next event or sign of life, and come back."""
        self._drop.set()

    def move(self, url: str) -> None:
        """Come back to another server, once the present stream has ended."""
        self._url = f"{url}/{self._url.split('/', 3)[3]}"

    def close(self) -> None:
        self._leave.set()
        self._drop.set()

    def _follow(self) -> None:
        while not self._leave.is_set() and not self.finished.is_set():
            try:
                self._connect()
            except httpx.HTTPError:
                self._leave.wait(_PAUSE)

    def _connect(self) -> None:
        headers = {"Authorization": f"Bearer {self._key}", "Accept": "text/event-stream"}
        if self.versions:
            headers["Last-Event-ID"] = str(self.versions[-1])
        with httpx.Client(timeout=30) as client, client.stream("GET", self._url, headers=headers) as answer:
            if answer.status_code == 204:
                self.connections += 1
                self.finished.set()
                return
            if answer.status_code != 200:
                self.refusals.append(answer.status_code)
                self._leave.wait(_PAUSE)
                return
            self.connections += 1
            try:
                self._read(answer)
            except httpx.RemoteProtocolError:
                self.broken += 1

    def _read(self, answer: httpx.Response) -> None:
        for line in answer.iter_lines():
            self._take(line)
            if self._drop.is_set() or self.finished.is_set():
                self._drop.clear()
                return

    def _take(self, line: str) -> None:
        name, _, value = line.partition(": ")
        if name == "id":
            self.versions.append(int(value))
            self.begun.set()
        elif name == "data":
            self.last = json.loads(value)
            if self.last["status"] in TERMINAL:
                self.finished.set()
