"""A real PostgreSQL for every test: one server per session, a migrated database per test or for what a module reads."""

import fcntl
import gc
import logging
import os
import shutil
import signal
from asyncio.events import _get_running_loop, _set_running_loop
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from types import CodeType
from typing import Final

import pytest
import structlog
from httpx._transports import default
from jinja2 import Environment
from playwright.sync_api import Browser, sync_playwright

from tests.databases import Copier, DatabaseUrls, Shared, copier, pool, sharing
from tests.factories import Organization, make_organization
from tests.homes import clear, clear_abandoned, make_home
from tranche import app
from tranche.kernel.context import Context
from tranche.kernel.db.embedded import APP_ROLE, OWNER_ROLE, EmbeddedPostgres
from tranche.kernel.db.migrate import migrate
from tranche.kernel.db.pool import Connection, Database, connect
from tranche.kernel.db.roles import settle_role
from tranche.kernel.garbage import settle

_HOME = "TRANCHE_TESTS_HOME"  # set by the first process; pytest-xdist's workers inherit it
_LOCK: pytest.StashKey[int] = pytest.StashKey()
_TEMPLATE = "tranche_template"
_BROWSER: Final = os.environ.get("TRANCHE_BROWSER") or shutil.which("chromium-headless-shell")
_ARGUMENTS: Final = ("--no-sandbox", "--force-color-profile=srgb", "--font-render-hinting=none")


# Done once in a process, not once in a test: reading the certificates of the world, compressing what browsers load,
# translating a template.
default.create_ssl_context = cache(default.create_ssl_context)  # type: ignore[attr-defined]
app.Assets = cache(app.Assets)  # type: ignore[assignment, attr-defined]
_translate = Environment.compile
_translated: dict[tuple[str, str | None, str | None], CodeType] = {}


def _translate_once(of: Environment, source: str, name: str | None = None, filename: str | None = None) -> CodeType:
    key = source, name, filename
    if key not in _translated:
        _translated[key] = _translate(of, source, name, filename)
    return _translated[key]


Environment.compile = _translate_once  # type: ignore[assignment, method-assign]


def pytest_configure(config: pytest.Config) -> None:
    _log_by_writing()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background; what tests start would inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if "PYTEST_XDIST_WORKER" not in os.environ:
        clear_abandoned()
        home, config.stash[_LOCK] = make_home()
        os.environ[_HOME] = str(home)


def pytest_collection_finish() -> None:
    """What has been imported by now stays; a test's own garbage is looked for less often than in a small program."""
    settle()
    gc.set_threshold(50_000, 20, 20)


def pytest_unconfigure(config: pytest.Config) -> None:
    if _LOCK in config.stash:
        clear(Path(os.environ.pop(_HOME)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # What takes longest begins first: else the last minutes of a run are one process alone with it.
    items.sort(key=lambda item: item.get_closest_marker("chaos") is None)
    if _BROWSER is None:
        missing = pytest.mark.skip(
            reason="no browser: apt-get install chromium-headless-shell, or name one by TRANCHE_BROWSER"
        )
        for item in items:
            if "browser" in getattr(item, "fixturenames", ()):
                item.add_marker(missing)


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    """A command that a test runs in this process sets up logs on the test's own stderr: the next test has another."""
    handlers = logging.getLogger().handlers[:]
    yield
    _log_by_writing()
    logging.getLogger().handlers = handlers


def _log_by_writing() -> None:
    """Not by `print`: it may end the process where a thread logs while a test changes sys.stdout (cpython 130163)."""
    structlog.reset_defaults()
    structlog.configure(logger_factory=structlog.WriteLoggerFactory())


@pytest.fixture(autouse=True)
def own_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """A browser opened by an earlier test leaves its event loop running in this thread; others need their own."""
    loop = _get_running_loop()
    if loop is None or "browser" in request.fixturenames:
        yield
        return
    _set_running_loop(None)
    yield
    _set_running_loop(loop)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this process, wherever they live: a second would not start beside its loop."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=_BROWSER, args=_ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def session_home() -> Path:
    """The temporary home that all workers of this session share; it is cleared away with its servers."""
    return Path(os.environ[_HOME])


@pytest.fixture(scope="session")
def postgres(session_home: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres.start(session_home, pg_bin=None, fsync=False) as server:
        yield server


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres, session_home: Path) -> str:
    """The name of a migrated database to copy; the first worker makes it, the others wait."""
    done = session_home / "template.done"
    with (session_home / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            postgres.create_database(_TEMPLATE)
            migrate(postgres.url(OWNER_ROLE, database=_TEMPLATE))
            with connect(postgres.url(APP_ROLE, database=_TEMPLATE)) as conn:
                settle_role(conn)
            done.touch()
    return _TEMPLATE


@pytest.fixture(scope="session")
def copies(postgres: EmbeddedPostgres) -> Iterator[Copier]:
    with copier(postgres) as found:
        yield found


@pytest.fixture
def database_urls(copies: Copier, template: str) -> Iterator[DatabaseUrls]:
    """This test's own migrated database; it is dropped afterwards."""
    with copies.copy(template) as urls:
        yield urls


@pytest.fixture(scope="module")
def shared(copies: Copier, template: str) -> Iterator[Shared]:
    """One migrated database for a module: it fills it in a fixture of its own, and its tests only read."""
    with copies.copy(template) as urls, sharing(urls) as found:
        yield found


@pytest.fixture
def owner_url(database_urls: DatabaseUrls) -> str:
    return database_urls.owner


@pytest.fixture
def app_url(database_urls: DatabaseUrls) -> str:
    return database_urls.app


@pytest.fixture
def database(database_urls: DatabaseUrls) -> Iterator[Database]:
    """The pool that the product uses, as the plain role."""
    with pool(database_urls) as opened:
        yield opened


@pytest.fixture
def owner(owner_url: str) -> Iterator[Connection]:
    """A connection of the owner, in autocommit: it sees all organizations."""
    with connect(owner_url, name="tests owner") as conn:
        yield conn


@pytest.fixture
def organization(owner: Connection) -> Callable[..., Organization]:
    """Makes organizations: `organization(name="Acme")`, each with a default branch and an admin."""
    return partial(make_organization, owner)


@pytest.fixture
def context(organization: Callable[..., Organization]) -> Context:
    """The admin of a new organization."""
    return organization().context()
