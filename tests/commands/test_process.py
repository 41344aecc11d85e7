"""One process of several parts: who ends, who must end with it, and what is said."""

import asyncio
import socket
import threading

import pytest

from tranche.commands.process import PortTaken, Process, bind, local_url
from tranche.kernel.errors import Conflict, Invalid, Unavailable


class Half:
    """A part that runs until it is stopped, or until it fails by itself."""

    def __init__(self, fault: Exception | None = None, *, ends: bool = False) -> None:
        self.stopped = asyncio.Event()
        self.ran = False
        self.started = threading.Event()
        self._fault = fault
        self._ends = ends

    async def run(self) -> None:
        self.ran = True
        self.started.set()
        if self._fault is not None:
            raise self._fault
        if not self._ends:
            await self.stopped.wait()

    def stop(self) -> None:
        self.stopped.set()


def test_stopped_from_outside_all_parts_end() -> None:
    parts = [Half(), Half()]
    process = Process(parts)

    def stop() -> None:
        for part in parts:
            part.started.wait(10)
        process.stop()

    outside = threading.Thread(target=stop)
    outside.start()
    process.run(signals=False)
    outside.join()
    assert all(part.stopped.is_set() for part in parts)


def test_stopped_before_its_start_it_starts_nothing() -> None:
    part = Half()
    process = Process([part])
    process.stop()
    process.run(signals=False)
    assert not part.ran


def test_a_part_that_refuses_ends_the_others_and_is_heard() -> None:
    other = Half()
    with pytest.raises(Conflict, match="The schema differs"):
        Process([other, Half(Conflict("The schema differs."))]).run(signals=False)
    assert other.stopped.is_set()


def test_a_part_that_ends_by_itself_is_no_orderly_end() -> None:
    other = Half()
    with pytest.raises(Unavailable, match="ended by itself"):
        Process([Half(ends=True), other]).run(signals=False)
    assert other.stopped.is_set()


def test_a_taken_port_is_named() -> None:
    with bind("127.0.0.1", 0) as first, pytest.raises(PortTaken, match=str(first.getsockname()[1])):
        bind("127.0.0.1", first.getsockname()[1])


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
def test_an_address_that_is_not_ours_is_refused(host: str) -> None:
    with pytest.raises(Invalid):
        bind(host, 0)


def test_a_port_of_the_system_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    class Denied(socket.socket):
        def bind(self, _: object) -> None:
            raise PermissionError

    monkeypatch.setattr(socket, "socket", Denied)
    with pytest.raises(Invalid, match="above 1023"):
        bind("127.0.0.1", 80)


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]")],  # noqa: S104  # not bound
)
def test_the_address_shown_is_one_for_this_machine(host: str, shown: str) -> None:
    assert local_url(host, 8080) == f"http://{shown}:8080"
