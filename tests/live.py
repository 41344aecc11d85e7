"""The whole product alive for one test: a real server and a real worker over the test's own database.

A folder takes the fixtures into its `conftest.py` by `from tests.live import live, open_live` and an `__all__`.
"""

import asyncio
import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.databases import DatabaseUrls
from tests.kernel.identity.factories import join
from tranche.app import make_web
from tranche.kernel.client.events import TERMINAL
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Database
from tranche.kernel.identity.service import issue_key
from tranche.kernel.settings import Settings
from tranche.kernel.web.application import Fittings, make_app, refit
from tranche.kernel.web.server import Server
from tranche.kernel.web.stream import Hub
from tranche.worker import Worker

_QUICK = Settings(
    port=0,
    pool_size=6,
    slice_seconds=0.5,
    chunk_seconds=0.2,
    heartbeat_seconds=0.5,
    dead_after_seconds=5.0,
    sweep_seconds=0.5,
    shutdown_seconds=4.0,
    parser_seconds=60.0,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A running house, the admin of a new organization in it, and a client with the admin's key.

    `stop_worker` ends the worker early, so that what is uploaded afterwards waits; `start_worker` starts one.
    """

    url: str
    settings: Settings
    urls: DatabaseUrls
    database: Database
    hub: Hub
    app: Litestar
    context: Context
    key: str = field(repr=False)
    client: httpx.Client
    start_worker: Callable[[], None]
    stop_worker: Callable[[], None]

    def wait(self, operation_id: int, *, seconds: float = 60.0, client: httpx.Client | None = None) -> dict[str, Any]:
        """The operation when it has ended, seen by the admin or another client; fails the test when that is late."""
        ends = time.monotonic() + seconds
        while True:
            answer = (client or self.client).get(f"/api/operations/{operation_id}")
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()["data"]
            if found["status"] in TERMINAL:
                return found
            assert time.monotonic() < ends, f"operation {operation_id} did not end in time: {found}"
            time.sleep(0.05)

    def join(self, name: str = "Other") -> tuple[Context, httpx.Client]:
        """The admin of another new organization in the same house, and a client with that admin's key."""
        context, key = join(self.database, name=name)
        return context, httpx.Client(base_url=self.url, headers=_bearer(key), timeout=30)

    def key_for(self, role: Role) -> str:
        """One more key of the same admin, with fewer rights."""
        with self.database.transaction(self.context.organization_id) as conn:
            return issue_key(
                conn, self.context, entropy=secrets.token_bytes, now=datetime.now(UTC), name=str(role), role=role
            ).secret


class _Apps:
    """Applications to be used again with other fittings: routes take half a second to be put together."""

    def __init__(self) -> None:
        self._free: list[tuple[tuple[object, ...], Litestar]] = []
        self._kinds: dict[int, tuple[object, ...]] = {}

    def take(self, fittings: Fittings, *, routes: Sequence[Any]) -> Litestar:
        settings = fittings.settings
        kind = (settings.batches_api, settings.max_upload_bytes, settings.max_body_bytes, len(routes))
        for at, (other, app) in enumerate(self._free):
            if other == kind:
                del self._free[at]
                refit(app, fittings)
                return app
        app = make_app(fittings, routes=routes)
        self._kinds[id(app)] = kind
        return app

    def give_back(self, app: Litestar) -> None:
        self._free.append((self._kinds[id(app)], app))


_APPS = _Apps()


@pytest.fixture
def open_live(database_urls: DatabaseUrls, tmp_path: Path) -> Iterator[Callable[..., Live]]:
    """Opens houses over this test's database: `open_live(working=False, batches_api=BatchesApi.ORDERS)`.

    Every keyword but `working` changes a field of `Settings`.
    """
    with contextlib.ExitStack() as stack:

        def open_one(*, working: bool = True, **changes: Any) -> Live:
            return stack.enter_context(living(database_urls, tmp_path / "home", working=working, **changes))

        yield open_one


@pytest.fixture
def live(open_live: Callable[..., Live]) -> Live:
    """A server and a worker with small timings."""
    return open_live()


@contextlib.contextmanager
def living(urls: DatabaseUrls, home: Path, *, working: bool, **changes: Any) -> Iterator[Live]:
    """One house over this database; `changes` are fields of `Settings`."""
    settings = replace(_QUICK, home=home, **changes)
    web = make_web(settings, database_url=urls.app, build=_APPS.take)
    crew = _Crew(settings, urls.app)
    server = web.server(settings)
    thread = threading.Thread(target=server.run, daemon=True, name="live server")
    thread.start()
    try:
        url = _address(server, thread)
        if working:
            crew.start()
        context, key = join(web.pools[0], name="Acme")
        with httpx.Client(base_url=url, headers=_bearer(key), timeout=30) as client:
            yield Live(
                url=url,
                settings=settings,
                urls=urls,
                database=web.pools[0],
                hub=web.hub,
                app=web.app,
                context=context,
                key=key,
                client=client,
                start_worker=crew.start,
                stop_worker=crew.stop,
            )
    finally:
        crew.stop()
        server.stop()
        thread.join(timeout=15)
        web.close()
    assert not thread.is_alive(), "the server did not end"
    _APPS.give_back(web.app)


class _Crew:
    """At most one worker at a time, in a thread with an event loop of its own."""

    def __init__(self, settings: Settings, url: str) -> None:
        self._settings = settings
        self._url = url
        self._thread: threading.Thread | None = None
        self._end: Callable[[], None] | None = None
        self._fault: BaseException | None = None

    def start(self) -> None:
        assert self._thread is None, "there is a worker already"
        started = threading.Event()
        self._thread = threading.Thread(target=self._live, args=(started,), daemon=True, name="live worker")
        self._thread.start()
        assert started.wait(10)

    def stop(self) -> None:
        if self._thread is None:
            return
        if self._end is not None and self._thread.is_alive():
            self._end()
        self._thread.join(timeout=20)
        assert not self._thread.is_alive(), "the worker did not end"
        self._thread = None
        if self._fault is not None:
            raise AssertionError("the worker failed") from self._fault

    def _live(self, started: threading.Event) -> None:
        async def work() -> None:
            worker = Worker(self._settings, database_url=self._url)
            loop = asyncio.get_running_loop()
            self._end = lambda: _call(loop, worker.stop)
            started.set()
            await worker.run()

        try:
            asyncio.run(work())
        except BaseException as fault:  # noqa: BLE001  # told by `stop`, in the test's own thread
            self._fault = fault
        finally:
            started.set()


def _call(loop: asyncio.AbstractEventLoop, act: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended by itself
        loop.call_soon_threadsafe(act)


def _address(server: Server, thread: threading.Thread) -> str:
    ends = time.monotonic() + 10
    while not server.started:
        assert thread.is_alive(), "the server ended at its start"
        assert time.monotonic() < ends, "the server did not start"
        time.sleep(0.01)
    return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
