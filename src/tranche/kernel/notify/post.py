"""The threads of a worker that send: each with its postman, woken by a bell or by the clock."""

import threading
import time
from collections.abc import Sequence

import structlog

from tranche.kernel.errors import TrancheError
from tranche.kernel.notify.sending import Postman

log = structlog.get_logger(__name__)


class Post:
    """All postmen of one process. A slow receiver holds up one of its channel's threads, and no work of operations."""

    def __init__(self, postmen: Sequence[Postman], *, poll_seconds: float) -> None:
        """Without a bell, what is due is looked for every `poll_seconds`."""
        self._poll = poll_seconds
        self._stop = threading.Event()
        self._bells = [threading.Event() for _ in postmen]
        self._threads = [
            threading.Thread(target=self._work, args=(postman, bell), daemon=True, name=f"post {postman.channel}")
            for postman, bell in zip(postmen, self._bells, strict=True)
        ]

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def ring(self) -> None:
        """Something is due now."""
        for bell in self._bells:
            bell.set()

    def stop(self) -> None:
        """Begin nothing new."""
        self._stop.set()
        self.ring()

    def join(self, *, seconds: float) -> bool:
        """Wait until what is being sent has been recorded; False when that takes longer."""
        ends = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self, postman: Postman, bell: threading.Event) -> None:
        while not self._stop.is_set():
            bell.clear()
            try:
                postman.drain(should_stop=self._stop.is_set)
            except TrancheError as error:
                log.warning("notify.waiting", channel=postman.channel.value, reason=error.error_code)
            except Exception:
                log.exception("notify.fault", channel=postman.channel.value)
            bell.wait(self._poll)
