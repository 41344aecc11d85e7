"""The installation as a whole for Prometheus, from its database, seldom enough to cost nothing."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from tranche.kernel.db.pool import Connection, Database, Row
from tranche.kernel.errors import Unavailable
from tranche.kernel.operations.queries import measures

# By the name in SQL: help, and what the two words are.
_NOW: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "operations_open": ("Operations that have not ended.", ("kind", "status")),
    "queue_jobs": ("Jobs that wait or run.", ("queue", "status")),
    "queue_oldest_seconds": ("How long the oldest job that may run has waited.", ("queue",)),
    "workers": ("Workers that said within 30 s that they live.", ("version",)),
    "worker_slots": ("Slices that these workers run at once.", ()),
    "heartbeat_seconds": ("Age of the newest sign of life of any worker.", ()),
    "snapshot_age_seconds": ("Age of the oldest published snapshot.", ("data_set",)),
    "notifications_open": ("Notifications to be sent or being sent.", ("channel", "status")),
    "doctor_ok": ("Whether the last examination found nothing.", ()),
    "doctor_age_seconds": ("Age of the last examination.", ()),
}
_HISTORY: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "operations": ("Operations that are kept.", ("kind", "status")),
    "operation_seconds": ("Seconds of work of kept operations, in sum.", ("kind", "status")),
    "operation_items": ("Items of kept operations.", ("kind", "outcome")),
    "messages": ("Messages to customers.", ("channel", "status")),
    "notifications": ("Notifications that are kept.", ("channel", "status")),
}
_NOW_SECONDS: Final = 10.0
_HISTORY_SECONDS: Final = 300.0


class Installation(Collector):
    """Asked at every scrape; asks the database at most so often, and leaves out what it cannot tell."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`database` is open before the first scrape."""
        self._clock = clock
        self._looks = (
            _Look(database, measures.measure_now, _NOW, seconds=_NOW_SECONDS),
            _Look(database, measures.measure_history, _HISTORY, seconds=_HISTORY_SECONDS),
        )

    def describe(self) -> Iterator[Metric]:
        """Names alone, so that nothing is asked when it is registered."""
        for look in self._looks:
            yield from look.families([])

    def collect(self) -> Iterator[Metric]:
        """See Collector."""
        now = self._clock()
        answers = [look.ask(now) for look in self._looks]
        up = GaugeMetricFamily("tranche_database_up", "Whether the database answers the questions of this page.")
        up.add_metric((), float(all(rows is not None for rows in answers)))
        yield up
        for look, rows in zip(self._looks, answers, strict=True):
            if rows is not None:
                yield from look.families(rows)


class _Look:
    """One question with its last answer."""

    def __init__(
        self,
        database: Database,
        question: Callable[[Connection], list[Row]],
        names: Mapping[str, tuple[str, Sequence[str]]],
        *,
        seconds: float,
    ) -> None:
        self._db = database
        self._question = question
        self._names = names
        self._seconds = seconds
        self._lock = threading.Lock()
        self._asked: float | None = None
        self._answer: list[Row] | None = None

    def ask(self, now: float) -> list[Row] | None:
        """The rows, None while the database is away."""
        with self._lock:
            if self._asked is None or now - self._asked >= self._seconds or self._answer is None:
                self._asked = now
                try:
                    with self._db.transaction(None) as conn:
                        self._answer = self._question(conn)
                except Unavailable:
                    self._answer = None
            return self._answer

    def families(self, rows: Sequence[Row]) -> Iterator[GaugeMetricFamily]:
        """As Prometheus takes them."""
        for name, (text, labels) in self._names.items():
            family = GaugeMetricFamily(f"tranche_{name}", text, labels=labels)
            for row in rows:
                if row["name"] == name:
                    family.add_metric((row["one"], row["two"])[: len(labels)], row["value"])
            yield family
