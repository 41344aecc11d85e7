"""A house to measure: its own database, a real server, so many real workers, and clients that upload to it."""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import httpx

from memory import Peaks, parent_of
from tranche.kernel.client.events import TERMINAL
from tranche.kernel.db.embedded import APP_ROLE, OWNER_ROLE, EmbeddedPostgres
from tranche.kernel.db.migrate import migrate
from tranche.kernel.db.pool import Database, connect
from tranche.kernel.db.roles import settle_role
from tranche.kernel.identity.service import bootstrap

_COMMAND: Final = (sys.executable, "-c", "from tranche.cli import main; main()")
_SPOKEN: Final = "Tranche listens on "
_START_SECONDS: Final = 60
_LONGEST_SECONDS: Final = 3_600
_MOST_WAIT: Final = 30
_TAIL: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """An import that has ended: from the request's first byte until its orders were there to be queried."""

    seconds: float
    orders: int


class Client:
    """A new organization, and its HTTP client with its own key."""

    def __init__(self, url: str, key: str, organization_id: int) -> None:
        self.organization_id = organization_id
        self.http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=_LONGEST_SECONDS)

    def upload(self, book: Path, *, pause: float | None = None) -> Uploaded:
        """Send a workbook and see it through.

        Without `pause` the request itself waits for the end (`Prefer: wait`), as a client does that sends little;
        with it, the operation is asked for every so many seconds.
        """
        prefer = {} if pause else {"Prefer": f"wait={_MOST_WAIT}"}
        begun = time.perf_counter()
        with book.open("rb") as stream:
            answer = self.http.post("/api/orders/upload", files={"file": (book.name, stream)}, headers=prefer)
        batch = _body(answer)
        if answer.status_code != httpx.codes.OK:
            self.wait(batch["operationId"], pause=pause or 0.05)
        orders = self.ask("/api/orders?limit=1")["pagination"]["totalItems"]
        seconds = time.perf_counter() - begun
        ended = self.ask(f"/api/operations/{batch['operationId']}")["data"]
        if ended["status"] not in {"completed", "completed_with_errors"}:
            sys.exit(f"An import ended {ended['status']}: {ended['error']}")
        return Uploaded(seconds=seconds, orders=orders)

    def ask(self, path: str, *, params: dict[str, str] | None = None) -> dict[str, Any]:
        """The answer to a GET; any refusal ends the run."""
        return _body(self.http.get(path, params=params))

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to a POST; any refusal ends the run."""
        return _body(self.http.post(path, json=body))

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to a PUT; any refusal ends the run."""
        return _body(self.http.put(path, json=body))

    def wait(self, operation_id: int, *, pause: float) -> None:
        """Until an operation has ended."""
        ends = time.monotonic() + _LONGEST_SECONDS
        while self.ask(f"/api/operations/{operation_id}")["data"]["status"] not in TERMINAL:
            if time.monotonic() > ends:
                sys.exit("An operation did not end within an hour.")
            time.sleep(pause)

    def download(self, path: str) -> int:
        """How many bytes a GET brings; they are not kept."""
        with self.http.stream("GET", path) as answer:
            if not answer.is_success:
                answer.read()
                _body(answer)
            return sum(map(len, answer.iter_raw()))

    def close(self) -> None:
        self.http.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A database and a server on it; workers come and go by `workers`."""

    postgres: EmbeddedPostgres
    name: str
    home: Path
    url: str
    server: int
    database: Database

    @property
    def owner_url(self) -> str:
        return self.postgres.url(OWNER_ROLE, database=self.name)

    @contextmanager
    def client(self, name: str) -> Iterator[Client]:
        """A client of a new organization."""
        made = bootstrap(
            self.database,
            entropy=secrets.token_bytes,
            name=name,
            admin_email="bench@example.test",
            admin_name="Bench",
            another=True,
        )
        with closing(Client(self.url, made.issued.secret, made.organization.id)) as client:
            yield client

    @contextmanager
    def workers(self, count: int) -> Iterator[list[int]]:
        """So many worker processes with the default settings, ready before the block begins; their ids."""
        with ExitStack() as stack:
            crew = [stack.enter_context(_process("worker", self)) for _ in range(count)]
            with connect(self.owner_url) as conn:
                ends = time.monotonic() + _START_SECONDS
                while conn.execute("SELECT count(*) AS n FROM workers").fetchall()[0]["n"] < count:
                    if time.monotonic() > ends:
                        sys.exit(f"A worker did not start: {_last_words(self, 'worker')}")
                    time.sleep(0.05)
            yield [process.pid for process in crew]

    def watch(self, crew: list[int]) -> Peaks:
        """The peaks of memory of this house's server, these workers and PostgreSQL, within the block."""
        with connect(self.owner_url) as conn:
            backend = conn.execute("SELECT pg_backend_pid() AS pid").fetchall()[0]["pid"]
        return Peaks(server=self.server, workers=crew, postmaster=parent_of(backend))

    def settle(self) -> None:
        """Write out what earlier work left dirty, so that what is measured next does not pay for it.

        Statistics are taken too, as autovacuum would a minute later: they know nothing of an organization that comes
        next, which is when a careless plan shows.
        """
        with connect(self.postgres.url("postgres", database=self.name)) as conn:
            conn.execute("ANALYZE")
            conn.execute("CHECKPOINT")


@contextmanager
def open_postgres() -> Iterator[tuple[EmbeddedPostgres, Path]]:
    """A PostgreSQL of its own, with fsync on, and the temporary home that it lies in."""
    with tempfile.TemporaryDirectory(prefix="tranche-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # the database's user must pass through
        with EmbeddedPostgres.start(home, pg_bin=None) as postgres:
            yield postgres, home


@contextmanager
def open_house(postgres: EmbeddedPostgres, home: Path, *, name: str) -> Iterator[House]:
    """A new migrated database of that name and a server on it; the database goes with its PostgreSQL."""
    postgres.create_database(name)
    migrate(postgres.url(OWNER_ROLE, database=name))
    app_url = postgres.url(APP_ROLE, database=name)
    with connect(app_url) as conn:
        settle_role(conn)
    with closing(Database(app_url, size=2, name="bench").open()) as database:
        house = House(postgres=postgres, name=name, home=home, url="", server=0, database=database)
        with _process("serve", house, "--port", "0") as process:
            yield replace(house, url=_address(process, house), server=process.pid)


@contextmanager
def _process(command: str, house: House, *words: str) -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRANCHE_")}
    environment |= {
        "DATABASE_URL": house.postgres.url(APP_ROLE, database=house.name),
        "TRANCHE_HOME": str(house.home),
    }
    with (house.home / f"{command}.log").open("a") as log:
        process = subprocess.Popen(
            [*_COMMAND, command, *words], env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _address(process: subprocess.Popen[str], house: House) -> str:
    for line in process.stdout or ():
        if line.startswith(_SPOKEN):
            return line.removeprefix(_SPOKEN).strip()
    sys.exit(f"The server did not start: {_last_words(house, 'serve')}")


def _last_words(house: House, command: str) -> str:
    return (house.home / f"{command}.log").read_text()[-_TAIL:]


def _body(answer: httpx.Response) -> dict[str, Any]:
    if not answer.is_success:
        sys.exit(f"{answer.request.method} {answer.request.url.path} was answered {answer.status_code}: {answer.text}")
    body: dict[str, Any] = answer.json()
    return body
