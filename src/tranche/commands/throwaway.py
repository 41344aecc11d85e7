"""A whole installation in a temporary folder: database, server and worker, gone without a trace at the end."""

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tranche.app import make_web
from tranche.commands.database import Addresses, use_database
from tranche.commands.home import Home
from tranche.commands.install import prepare
from tranche.commands.process import Process, WebPart, bind, url_of
from tranche.commands.users import sign_in_address
from tranche.kernel.client.address import Address
from tranche.kernel.db.account import server_account
from tranche.kernel.db.embedded import EmbeddedPostgres
from tranche.kernel.errors import TrancheError, Unavailable
from tranche.kernel.identity.domain import LOCAL_EMAIL
from tranche.kernel.settings import Settings
from tranche.worker import Worker

COMPANY = "Demo Company"
_PREFIX = "tranche-demo-"
_MARK = "throw-away"
_START_SECONDS = 60.0

Step = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """One that answers: where, by which key, and in which folder."""

    url: str
    key: str = field(repr=False)
    home: Path
    door: str = field(repr=False)

    @property
    def address(self) -> Address:
        """For a client."""
        return Address(url=self.url, key=self.key)


@contextmanager
def throwaway(settings: Settings, *, keep: bool, done: Step) -> Iterator[Installation]:
    """Start everything in a new folder; `done` hears of each step. With `keep` the folder stays behind.

    Raises:
        TrancheError: a part did not start.
    """
    folder = _make_folder()
    _clear_abandoned(folder.parent, settings)
    ours = replace(settings, home=folder, host="127.0.0.1", port=0, database_url=None, owner_url=None, listen_url=None)
    leftovers = [folder]
    home = Home(folder)
    try:
        with home.held():
            if not keep:
                (folder / _MARK).touch()
            with use_database(ours) as addresses:
                leftovers.append(_socket_folder(addresses))
                done(f"PostgreSQL {addresses.version}")
                key = prepare(addresses, home, company=COMPANY)
                done(f"Schema, organization “{COMPANY}”, API key")
                with _running(ours, addresses, home) as url:
                    done(f"Server and worker at {url}")
                    door = sign_in_address(addresses.require_app(), email=LOCAL_EMAIL, base=url)
                    yield Installation(url=url, key=key or "", home=folder, door=door)
    finally:
        for left in leftovers if not keep else []:
            shutil.rmtree(left, ignore_errors=True)


def _clear_abandoned(parent: Path, settings: Settings) -> None:
    """Remove what killed ones have left behind: folders with our mark, of ours, that nobody has up; servers too."""
    for mark in parent.glob(f"{_PREFIX}*/{_MARK}"):
        folder = mark.parent
        with suppress(TrancheError, OSError):
            if folder.lstat().st_uid == os.geteuid() and not folder.is_symlink():
                with Home(folder).held():
                    # Joining and leaving ends the server, if it still runs.
                    EmbeddedPostgres.start(folder, pg_bin=settings.pg_bin).stop()
                    shutil.rmtree(folder, ignore_errors=True)


def _make_folder() -> Path:
    """Where the database's own user may pass through: below another folder of root's it could not."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    account = server_account()
    if account.switched:
        folder.chmod(0o711)
        if not account.can_enter(folder):
            folder.rmdir()
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir="/tmp"))  # made new, by a random name
            folder.chmod(0o711)
    return folder


@contextmanager
def _running(settings: Settings, addresses: Addresses, home: Home) -> Iterator[str]:
    """Server and worker in a thread, so that the main one can watch them as any client would."""
    url = addresses.require_app()
    with closing(bind(settings.host, settings.port)) as bound, closing(make_web(settings, database_url=url)) as web:
        ready = threading.Event()
        part = WebPart(web, settings, bound=bound, started=ready.set)
        process = Process([part, Worker(replace(settings, owner_url=addresses.owner), database_url=url)])
        house = _House(process, ready)
        house.start()
        try:
            home.write_url(url_of(bound))
            yield url_of(bound)
        finally:
            house.stop(seconds=settings.shutdown_seconds + 5)


class _House:
    """A process' parts in a thread, with the reason should they end by themselves."""

    def __init__(self, process: Process, ready: threading.Event) -> None:
        self._process = process
        self._ready = ready
        self._fault: TrancheError | None = None
        self._thread = threading.Thread(target=self._run, name="tranche house", daemon=True)

    def start(self) -> None:
        self._thread.start()
        if not self._ready.wait(_START_SECONDS) or self._fault is not None:
            self.stop(seconds=1)
            raise self._fault or Unavailable("The server did not start in time.")

    def stop(self, *, seconds: float) -> None:
        self._process.stop()
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self._process.run(signals=False)
        except TrancheError as fault:
            self._fault = fault
        finally:
            self._ready.set()


def _socket_folder(addresses: Addresses) -> Path:
    """Where the database's socket lies: not below the home where its path would be too long for that."""
    return Path(parse_qs(urlsplit(addresses.require_app()).query)["host"][0])
