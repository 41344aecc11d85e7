"""The hub: one listener and one read per notification and process, the bytes shared by all who follow.

Every event is the operation's full state and its id the operation's version, so a follower keeps only the
newest one: a slow client costs one slot, never a queue, and the last state is never dropped.

Who follows `ORGANIZATION` instead of an operation hears the bell: what runs and what has just ended, read anew at
most every `_BELL_SECONDS`, whichever operation has moved.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

import msgspec
import structlog

from tranche.kernel.errors import NotFound, TooMany, Unavailable
from tranche.kernel.faults import describe
from tranche.kernel.web.threads import Lane

ORGANIZATION: Final = 0

_BELL_SECONDS: Final = 0.4

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class State:
    """An operation at one version: `data` is its JSON on one line, `frame` the event that carries it."""

    version: int
    data: bytes
    finished: bool
    event: str = "operation"
    frame: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Build the event once, for all who follow."""
        frame = b"id: %d\nevent: %b\ndata: %b\n\n" % (self.version, self.event.encode(), self.data)
        object.__setattr__(self, "frame", frame)


class Load(Protocol):
    """Reads an operation, or the bell; None when the organization has no such one. Blocking; may raise Unavailable."""

    def __call__(self, organization_id: int, operation_id: int, /) -> State | None: ...


class Ear(Protocol):
    """What hears notifications: `kernel.db.listen.Listener`."""

    async def run(self, *, heard: Callable[[str], None], connected: Callable[[], None]) -> None: ...


class Notice(msgspec.Struct, frozen=True):
    """The payload of a notification: organization, operation, version."""

    o: int
    i: int
    v: int


@dataclass(eq=False)
class _Topic:
    organization_id: int
    operation_id: int
    followers: set["Subscription"] = field(default_factory=set)
    state: State | None = None
    failure: Exception | None = None
    task: asyncio.Task[None] | None = None
    again: bool = False
    read_at: float = 0.0

    def publish(self, state: State | None) -> None:
        self.failure = None
        self.read_at = time.monotonic()
        if state is None:
            for follower in self.followers:
                follower.close()
        elif self._is_news(state):
            self.state = state
            for follower in self.followers:
                follower.wake()

    def _is_news(self, state: State) -> bool:
        """The bell has no version of its own, so that what looks the same is the same."""
        if self.state is None:
            return True
        same = self.operation_id == ORGANIZATION and state.data == self.state.data
        return state.version > self.state.version and not same

    @property
    def is_fresh(self) -> bool:
        """Whether nobody needs to read the bell again yet."""
        fresh = time.monotonic() - self.read_at < _BELL_SECONDS
        return self.operation_id == ORGANIZATION and self.state is not None and fresh


class Subscription:
    """One follower of one operation."""

    def __init__(self, hub: "Hub", topic: _Topic) -> None:
        self._hub = hub
        self._topic = topic
        self._woken = asyncio.Event()
        self.closed = False

    def wake(self) -> None:
        """Something is new."""
        self._woken.set()

    def close(self) -> None:
        """Nothing more will come."""
        self.closed = True
        self._woken.set()

    async def first(self) -> State:
        """The operation as it is now.

        Raises:
            NotFound: the organization has no such operation.
            Unavailable: the database cannot be reached.
        """
        if not self._topic.is_fresh:
            await self._hub.refresh(self._topic)
        if self._hub.closed:
            raise closing()
        if self._topic.failure is not None:
            raise self._topic.failure
        if self._topic.state is None:
            raise NotFound(f"There is no operation with the id {self._topic.operation_id}.")
        return self._topic.state

    async def after(self, version: int, *, seconds: float) -> State | None:
        """The newest state past `version`; None when `seconds` went by or the subscription closed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.closed:
                    self._woken.clear()
                    state = self._topic.state
                    if state is not None and state.version > version:
                        return state
                    await self._woken.wait()
        return None


def closing() -> Unavailable:
    """The refusal of a server that is about to end."""
    return Unavailable("The server is restarting; connect again in a moment.", code="closing", retry_after=1)


class Hub:
    """Knows who follows which operation; lives on one event loop."""

    def __init__(
        self,
        *,
        load: Load,
        listener: Ear | None = None,
        most_per_organization: int = 1_000,
        poll_seconds: float = 5.0,
    ) -> None:
        """`load` runs in the hub's own threads; give it a small pool of its own, so that it never queues.

        A follower whose notification was lost sees the change `poll_seconds` later.
        """
        self._load = load
        self._listener = listener
        self._most = most_per_organization
        self._poll_seconds = poll_seconds
        self._lane = Lane("hub", size=4)
        self._topics: dict[tuple[int, int], _Topic] = {}
        self._open: Counter[int] = Counter()
        self.closed = False

    def open_streams(self, organization_id: int) -> int:
        """How many follow an operation of this organization now."""
        return self._open[organization_id]

    async def run(self) -> None:
        """Listen and poll until cancelled; started and ended by the application."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._poll())
            if self._listener is not None:
                group.create_task(self._listener.run(heard=self.heard, connected=self.refresh_all))

    def close(self) -> None:
        """End every stream and wait cleanly; call it on the loop."""
        self.closed = True
        for topic in self._topics.values():
            for follower in topic.followers:
                follower.close()
        self._lane.close()

    @contextlib.contextmanager
    def follow(self, organization_id: int, operation_id: int) -> Iterator[Subscription]:
        """Follow one operation; leaving is synchronous, because a cancelled stream can no longer await.

        Raises:
            TooMany: the organization has too many streams open.
            Unavailable: the server is about to end.
        """
        if self.closed:
            raise closing()
        if self._open[organization_id] >= self._most:
            raise TooMany(
                f"Your organization has {self._most} streams open; close one first.",
                code="too_many_streams",
                retry_after=5,
            )
        key = (organization_id, operation_id)
        topic = self._topics.setdefault(key, _Topic(*key))
        subscription = Subscription(self, topic)
        topic.followers.add(subscription)
        self._open[organization_id] += 1
        try:
            yield subscription
        finally:
            topic.followers.discard(subscription)
            if not topic.followers:
                self._topics.pop(key, None)
            self._open[organization_id] -= 1
            if not self._open[organization_id]:
                del self._open[organization_id]

    def heard(self, payload: str) -> None:
        """Take one notification; what nobody follows costs nothing."""
        try:
            notice = msgspec.json.decode(payload, type=Notice)
        except msgspec.MsgspecError:
            _log.warning("notification not understood")
            return
        topic = self._topics.get((notice.o, notice.i))
        if topic is not None and (topic.state is None or notice.v > topic.state.version):
            self._start(topic)
        if (bell := self._topics.get((notice.o, ORGANIZATION))) is not None:
            self._start(bell)

    def refresh_all(self) -> None:
        """Read everything that is followed: notifications may have been missed."""
        for topic in self._topics.values():
            self._start(topic)

    async def refresh(self, topic: _Topic) -> None:
        """Read one operation; those who ask at the same time share the read."""
        task = topic.task if topic.task is not None and not topic.task.done() else self._start(topic)
        await asyncio.shield(task)

    def _start(self, topic: _Topic) -> asyncio.Task[None]:
        """Read now, or once more when the read that runs is over: it may have come too early."""
        if topic.task is not None and not topic.task.done():
            topic.again = True
            return topic.task
        topic.task = asyncio.create_task(self._read(topic))
        return topic.task

    async def _read(self, topic: _Topic) -> None:
        topic.again = True
        while topic.again and not self.closed:
            topic.again = False
            if topic.operation_id == ORGANIZATION:
                await asyncio.sleep(max(0.0, topic.read_at + _BELL_SECONDS - time.monotonic()))
            try:
                topic.publish(await self._lane.run(self._load, topic.organization_id, topic.operation_id))
            except Exception as error:  # noqa: BLE001  # kept for those who wait; the poll tries again
                topic.failure = error
                _log.warning("operation not read", operation_id=topic.operation_id, **describe(error))

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self._poll_seconds / 5)
            stale = time.monotonic() - self._poll_seconds * 0.8
            for topic in [topic for topic in self._topics.values() if topic.read_at < stale]:
                await self.refresh(topic)
                if topic.failure is not None:
                    break
