"""The hub: reads shared, nothing lost, nothing left behind."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable

import pytest

from tests.kernel.web.sample import Ledger
from tranche.kernel.errors import NotFound, TooMany, Unavailable
from tranche.kernel.web.stream import ORGANIZATION, Hub, State


def on_loop(work: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(10):
            await work()

    asyncio.run(limited())


def test_a_notification_is_read_once_for_all_who_follow() -> None:
    async def work() -> None:
        ledger = Ledger()
        hub = Hub(load=ledger)
        with hub.follow(1, 5) as one, hub.follow(1, 5) as two:
            await asyncio.gather(one.first(), two.first())
            before = ledger.reads
            hub.heard(ledger.change(2))
            first, second = await asyncio.gather(one.after(1, seconds=5), two.after(1, seconds=5))
            assert first is second is ledger.states[1, 5]
            assert ledger.reads == before + 1

    on_loop(work)


def test_what_nobody_follows_is_not_read() -> None:
    async def work() -> None:
        ledger = Ledger()
        hub = Hub(load=ledger)
        hub.heard(ledger.change(2))
        hub.heard("rubbish")
        hub.heard('{"o":1,"i":null,"v":1}')
        await asyncio.sleep(0.05)
        assert ledger.reads == 0

    on_loop(work)


def test_a_notification_during_a_read_is_read_afterwards() -> None:
    async def work() -> None:
        ledger = Ledger()
        may_end, started = threading.Event(), threading.Event()

        def slow(organization_id: int, operation_id: int) -> State | None:
            state = ledger(organization_id, operation_id)
            started.set()
            may_end.wait(5)
            return state

        hub = Hub(load=slow)
        with hub.follow(1, 5) as follower:
            first = asyncio.create_task(follower.first())
            assert await asyncio.to_thread(started.wait, 5)
            hub.heard(ledger.change(2))
            may_end.set()
            await first
            state = await follower.after(1, seconds=5)
            assert state is not None
            assert state.version == 2

    on_loop(work)


def test_a_slow_follower_gets_the_newest_state_only_and_the_last_for_certain() -> None:
    async def work() -> None:
        ledger = Ledger()
        hub = Hub(load=ledger)
        with hub.follow(1, 5) as follower:
            await follower.first()
            for version in range(2, 50):
                hub.heard(ledger.change(version, finished=version == 49))
                await asyncio.sleep(0)
            seen = 1
            while seen < 49:
                state = await follower.after(seen, seconds=5)
                assert state is not None
                seen = state.version
            assert state is not None
            assert state.finished

    on_loop(work)


def test_a_missed_notification_costs_one_poll() -> None:
    async def work() -> None:
        ledger = Ledger()
        hub = Hub(load=ledger, poll_seconds=0.5)
        running = asyncio.create_task(hub.run())
        with hub.follow(1, 5) as follower:
            await follower.first()
            ledger.change(2)
            reads = ledger.reads
            assert (await follower.after(1, seconds=5)) is not None
            assert ledger.reads == reads + 1
        running.cancel()

    on_loop(work)


def test_a_failed_read_ends_no_stream_and_is_made_good_by_the_poll() -> None:
    async def work() -> None:
        ledger = Ledger()
        hub = Hub(load=ledger, poll_seconds=0.2)
        running = asyncio.create_task(hub.run())
        with hub.follow(1, 5) as follower:
            await follower.first()
            ledger.failure = Unavailable("away")
            hub.heard(ledger.change(2))
            assert await follower.after(1, seconds=0.3) is None
            assert not follower.closed
            ledger.failure = None
            assert (await follower.after(1, seconds=5)) is not None
        running.cancel()

    on_loop(work)


def test_an_unknown_and_a_foreign_operation_are_not_found() -> None:
    async def work() -> None:
        hub = Hub(load=Ledger())
        for organization_id, operation_id in ((1, 6), (2, 5)):
            with hub.follow(organization_id, operation_id) as follower, pytest.raises(NotFound):
                await follower.first()
            assert hub.open_streams(organization_id) == 0

    on_loop(work)


def test_streams_are_limited_per_organization() -> None:
    async def work() -> None:
        hub = Hub(load=Ledger(), most_per_organization=2)
        with hub.follow(1, 5), hub.follow(1, 5):
            with pytest.raises(TooMany, match="2 streams"), hub.follow(1, 5):
                pass
            with hub.follow(2, 5):
                assert hub.open_streams(2) == 1
            assert hub.open_streams(1) == 2
        assert hub.open_streams(1) == 0

    on_loop(work)


def test_closing_ends_every_follower_and_takes_no_more() -> None:
    async def work() -> None:
        hub = Hub(load=Ledger())
        with hub.follow(1, 5) as follower:
            await follower.first()
            waiting = asyncio.create_task(follower.after(1, seconds=30))
            await asyncio.sleep(0.01)
            hub.close()
            assert await waiting is None
            assert follower.closed
        with pytest.raises(Unavailable), hub.follow(1, 5):
            pass

    on_loop(work)


def test_a_deleted_operation_ends_its_streams() -> None:
    async def work() -> None:
        ledger = Ledger()
        hub = Hub(load=ledger)
        with hub.follow(1, 5) as follower:
            await follower.first()
            ledger.states.clear()
            hub.refresh_all()
            assert await follower.after(1, seconds=5) is None
            assert follower.closed

    on_loop(work)


def bell(reads: list[int], *, change: Callable[[], bytes]) -> Callable[[int, int], State]:
    """A hub's way to read the bell of an organization."""

    def read(organization_id: int, operation_id: int, /) -> State:
        assert (organization_id, operation_id) == (1, ORGANIZATION)
        reads.append(1)
        return State(len(reads), change(), finished=False, event="bell")

    return read


def test_whoever_follows_the_organization_hears_of_any_operation() -> None:
    async def work() -> None:
        reads: list[int] = []
        hub = Hub(load=bell(reads, change=lambda: b"%d" % len(reads)))
        with hub.follow(1, ORGANIZATION) as follower:
            first = await follower.first()
            assert first.frame == b"id: 1\nevent: bell\ndata: 1\n\n"
            for operation in (5, 6, 7):
                hub.heard(f'{{"o":1,"i":{operation},"v":3}}')
            hub.heard('{"o":2,"i":5,"v":3}')
            state = await follower.after(first.version, seconds=5)
            assert state is not None
            assert state.data == b"2"

    on_loop(work)


def test_the_bell_is_read_a_few_times_a_second_for_five_hundred_who_watch() -> None:
    async def work() -> None:
        reads: list[int] = []
        hub = Hub(load=bell(reads, change=lambda: b"%d" % len(reads)), most_per_organization=500)
        with contextlib.ExitStack() as stack:
            followers = [stack.enter_context(hub.follow(1, ORGANIZATION)) for _ in range(500)]
            await asyncio.gather(*(follower.first() for follower in followers))
            begun = time.monotonic()
            while time.monotonic() < begun + 1:
                hub.heard('{"o":1,"i":5,"v":3}')
                await asyncio.sleep(0.01)
            newest = await asyncio.gather(*(follower.after(0, seconds=5) for follower in followers))
            assert len({state.version for state in newest if state is not None}) == 1
            assert 2 <= len(reads) <= 4 * (time.monotonic() - begun) + 1
            with pytest.raises(TooMany), hub.follow(1, ORGANIZATION):
                pass
        assert hub.open_streams(1) == 0

    on_loop(work)


def test_a_bell_that_says_the_same_rings_for_nobody() -> None:
    async def work() -> None:
        reads: list[int] = []
        hub = Hub(load=bell(reads, change=lambda: b"quiet"))
        with hub.follow(1, ORGANIZATION) as follower:
            first = await follower.first()
            hub.heard('{"o":1,"i":5,"v":3}')
            assert await follower.after(first.version, seconds=0.8) is None
            assert len(reads) == 2

    on_loop(work)
