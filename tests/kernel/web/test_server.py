"""The server ends in order: streams first, then the rest, with exit code 0."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.kernel.web.sample import Ledger, bearer, running, sample_app
from tests.ports import free_port
from tranche.kernel.web.server import GRACE_SECONDS
from tranche.kernel.web.stream import Hub

ROOT = Path(__file__).parents[3]
_PATIENCE = 60.0  # a start takes seconds where others are at work too


class Process:
    """The sample application in a process of its own."""

    def __init__(self) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.kernel.web.served", str(self.port)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=bearer("admin"), timeout=20)
        ends = time.monotonic() + _PATIENCE
        while True:
            try:
                self.client.get("/livez")
            except httpx.TransportError:
                assert self.process.poll() is None, "the server ended at its start"
                assert time.monotonic() < ends, "the server did not start"
                time.sleep(0.05)
            else:
                return

    def end(self, sig: int) -> tuple[int, float, str]:
        """Send a signal; the exit code, how long it took, and what was printed."""
        began = time.monotonic()
        self.process.send_signal(sig)
        out, _ = self.process.communicate(timeout=20)
        return self.process.returncode, time.monotonic() - began, out


@pytest.fixture
def process() -> Iterator[Process]:
    process = Process()
    yield process
    process.client.close()
    process.process.kill()
    process.process.wait()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_at_once_although_streams_are_open(process: Process, sig: int) -> None:
    path = "/operations/5/events"
    with process.client.stream("GET", path) as one, process.client.stream("GET", path) as two:
        lines = [one.iter_lines(), two.iter_lines()]  # a forgotten iterator would close its stream
        assert [next(line) for line in lines] == ["retry: 2000", "retry: 2000"]
        code, seconds, out = process.end(sig)
    assert code == 0
    assert seconds < GRACE_SECONDS, "the streams held it"
    assert "ended in order" in out


def test_a_stream_is_closed_cleanly_and_not_broken(process: Process) -> None:
    with process.client.stream("GET", "/operations/5/events") as answer:
        lines = answer.iter_lines()
        next(lines)
        process.process.send_signal(signal.SIGTERM)
        assert list(lines)[-1] == ""  # a broken stream raises RemoteProtocolError here


def test_a_request_that_runs_too_long_does_not_hold_the_exit(process: Process) -> None:
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(process.client.get, "/slow")
        time.sleep(0.5)
        code, seconds, _ = process.end(signal.SIGTERM)
        assert slow.exception(timeout=5) is not None or slow.result().status_code >= 500
    assert code == 0
    assert seconds < 5


def test_a_server_beside_a_worker_leaves_signals_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    hub = Hub(load=Ledger())
    with running(sample_app(hub=hub), hub) as house:
        assert house.client.get("/livez").status_code == 200
        assert signal.getsignal(signal.SIGTERM) is before
    assert hub.closed
