"""The source read ahead in a thread of its own, so that nobody waits for it inside a transaction of ours."""

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator
from typing import Final

from tranche.billing_stops.domain import SourceFault
from tranche.billing_stops.sources.port import Part, Reading

_AHEAD: Final = 2
_POLL: Final = 1.0
_END_SECONDS: Final = 10.0
_STALL: Final = 120.0


class Feed:
    """The parts of a reading, at most two of them ahead.

    `idle` is called about once a second while nothing comes; what it raises ends the reading.
    """

    def __init__(
        self, reading: Reading, *, idle: Callable[[], None], first_seconds: float, stall_seconds: float = _STALL
    ) -> None:
        """A source counts as gone that gives nothing for `first_seconds`, and once it gives, for `stall_seconds`."""
        self._reading = reading
        self._idle = idle
        self._patience = first_seconds
        self._stall = stall_seconds
        self._parts: queue.Queue[Part | Exception | None] = queue.Queue(_AHEAD)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True, name="source")

    def __iter__(self) -> Iterator[Part]:
        """See `parts`."""
        return self.parts()

    def parts(self) -> Generator[Part, None, None]:
        """Read to the end, or raise what the source raised; closing it ends the reading."""
        self._thread.start()
        try:
            while (part := self._next()) is not None:
                yield part
        finally:
            self._end()

    def _next(self) -> Part | None:
        ends = time.monotonic() + self._patience
        while True:
            try:
                part = self._parts.get(timeout=_POLL)
            except queue.Empty:
                self._idle()
                if time.monotonic() > ends:
                    raise SourceFault(
                        f"The source has given nothing for {self._patience:.0f} s and counts as gone. The data of the "
                        "last run stay.",
                        code="source_stalled",
                    ) from None
                continue
            if isinstance(part, Exception):
                raise part
            self._patience = self._stall
            return part

    def _read(self) -> None:
        try:
            for part in self._reading.parts():
                if not self._put(part):
                    return
            self._put(None)
        except Exception as error:  # noqa: BLE001  # raised again where the parts are asked for
            self._put(error)

    def _put(self, part: Part | Exception | None) -> bool:
        while not self._is_over.is_set():
            try:
                self._parts.put(part, timeout=_POLL)
            except queue.Full:
                continue
            return True
        return False

    def _end(self) -> None:
        self._is_over.set()
        if self._thread.is_alive():
            self._reading.cancel()
            self._thread.join(_END_SECONDS)
