"""A source that takes the call and says nothing ends the run, or the look at it, within a bound and with a sentence."""

import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

import oracledb
import psycopg
import pytest

from tests.billing_stops.company import Company
from tests.billing_stops.desk import HOME, Desk
from tests.billing_stops.mute import MuteServer
from tests.chaos.proxy import Proxy
from tests.live import Live
from tranche.billing_stops import probing
from tranche.billing_stops.bill_stop import BILL_STOP
from tranche.billing_stops.domain import SourceFault
from tranche.billing_stops.sources import oracle, waiting
from tranche.billing_stops.sources.oracle import OracleAddress, OracleReader
from tranche.billing_stops.sources.port import Wanted
from tranche.billing_stops.sources.queries import PostgresReader

_WANTED = Wanted(data_set=BILL_STOP, query="SELECT 1 FROM dual", cutoff=date(2026, 10, 24))
_BOUND = 20.0  # far above what is waited for, far below for ever


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a minute of patience is half a second here."""
    monkeypatch.setattr(waiting, "OPEN_SECONDS", 0.5)
    monkeypatch.setattr(oracle, "_CLOSE_SECONDS", 0.5)


@pytest.fixture(params=[False, True], ids=["mute", "mute after the welcome"])
def mute(request: pytest.FixtureRequest) -> Iterator[MuteServer]:
    with MuteServer(welcomes=request.param) as server:
        yield server


def _words(server: MuteServer) -> dict[str, Any]:
    return {
        "hostaddr": "127.0.0.1", "host": "127.0.0.1", "port": server.port, "dbname": "x", "user": "u", "password": "p",
        "connect_timeout": 2,
    }  # fmt: skip


def _refusal(read: Callable[[], object]) -> str:
    """What is said, in a thread of its own so that a hang fails the test and does not become its own."""
    told: list[str] = []

    def run() -> None:
        try:
            read()
        except SourceFault as error:
            told.append(error.message)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(_BOUND)
    assert not thread.is_alive(), "it waits for ever"
    (said,) = told
    return said


@pytest.mark.usefixtures("hurried")
def test_a_postgresql_source_that_says_nothing_is_given_up(mute: MuteServer) -> None:
    def read() -> None:
        with PostgresReader(_words(mute), timeout_seconds=3_600).open(_WANTED) as reading:
            list(reading.parts())

    assert "does not answer" in _refusal(read)
    assert mute.callers


@pytest.mark.usefixtures("hurried")
def test_an_oracle_listener_that_says_nothing_is_given_up() -> None:
    with MuteServer() as server:
        address = OracleAddress(host="127.0.0.1", port=server.port, service="X", user="u", password="p")  # noqa: S106

        def read() -> None:
            with OracleReader(oracledb, address, timeout_seconds=3_600).open(_WANTED):
                raise AssertionError

        assert "said nothing for" in _refusal(read)
        assert b"SERVICE_NAME=X" in bytes(server.heard)


class _Stuck:
    """A driver whose connection is lost: each of these calls waits until it is let go."""

    Error = oracledb.Error

    def __init__(self, *stuck: str) -> None:
        self.stuck = stuck
        self.let_go = threading.Event()
        self.closed = threading.Event()
        self.limits: list[int] = []

    def connect(self, **_words: Any) -> "_Stuck":
        self._wait("connect")
        return self

    def cursor(self) -> "_Stuck":
        return self

    def execute(self, *_words: Any) -> None:
        return

    def fetchone(self) -> tuple[datetime]:
        return (datetime(2026, 11, 28, 2, 0),)  # noqa: DTZ001  # as SYS_EXTRACT_UTC comes

    def close(self) -> None:
        self._wait("close")
        self.closed.set()

    def __setattr__(self, name: str, value: object) -> None:
        if name == "call_timeout" and isinstance(value, int):
            self.limits.append(value)
        super().__setattr__(name, value)

    def _wait(self, name: str) -> None:
        if name in self.stuck:
            self.let_go.wait(_BOUND * 2)


_ADDRESS = OracleAddress(host="10.0.0.1", port=1521, service="CCB", user="reader", password="tiger")  # noqa: S106


@pytest.mark.usefixtures("hurried")
def test_a_connection_that_comes_after_all_is_closed() -> None:
    driver = _Stuck("connect")

    def read() -> None:
        with OracleReader(driver, _ADDRESS, timeout_seconds=60).open(_WANTED):
            raise AssertionError

    assert "said nothing for" in _refusal(read)
    assert not driver.closed.is_set()
    driver.let_go.set()
    assert driver.closed.wait(_BOUND)


@pytest.mark.usefixtures("hurried")
def test_a_connection_that_cannot_say_goodbye_is_left() -> None:
    driver = _Stuck("close")
    with OracleReader(driver, _ADDRESS, timeout_seconds=60).open(_WANTED) as reading:
        assert reading.as_of is not None
    assert not driver.closed.is_set()
    driver.let_go.set()


def test_the_first_words_to_oracle_have_less_time_than_the_query() -> None:
    driver = _Stuck()
    with OracleReader(driver, _ADDRESS, timeout_seconds=3_600).open(_WANTED):
        assert driver.limits == [30_000, 3_600_000]


def test_what_a_call_raises_is_raised_where_it_is_waited_for() -> None:
    with pytest.raises(psycopg.OperationalError, match="no"):
        waiting.within(_BOUND, _fail, late=lambda _: None)


def _fail() -> None:
    raise psycopg.OperationalError("no")


@pytest.mark.usefixtures("hurried")
def test_a_run_whose_source_falls_silent_behind_its_door_ends(open_live: Callable[..., Live]) -> None:
    with MuteServer(welcomes=True) as server:
        desk = Desk(open_live()).use(
            {"kind": "postgresql", "host": "127.0.0.1", "port": server.port, "database": "x", "user": "u",
             "password": "p"}
        )  # fmt: skip
        started = desk.trigger().json()
        operation = desk.live.wait(started["operation_id"], seconds=60)
        assert (operation["status"], operation["error"]["code"]) == ("failed", "source_unavailable")
        assert server.callers >= 3, "it was tried three times"
        answer = desk.client.post(f"{HOME}/bill-stop-source/test")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")


def test_a_look_at_a_source_that_falls_silent_in_its_query_ends(
    company: Company, open_live: Callable[..., Live], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "_PATIENCE", 2.0)
    live = open_live(working=False)
    folder = live.settings.home / "queries"
    folder.mkdir(parents=True)
    (folder / "waits.sql").write_text(
        "SELECT 'CRP1' AS crp_account_no, n::text AS cpc_customer_no, pg_sleep(0.02)::text AS customer_name, "
        "NULL AS address, NULL AS last_bill_date, 1 AS current_balance FROM generate_series(1, 3000) AS n"
    )
    with Proxy(company.url) as way:
        port = int(way.url.rpartition(":")[2].partition("/")[0])
        desk = Desk(live).use(
            {"kind": "postgresql", "host": "127.0.0.1", "port": port, "database": company.name, "user": "tranche_app",
             "password": "not asked for", "query": "waits.sql"}
        )  # fmt: skip
        answers: list[int] = []
        asking = threading.Thread(
            target=lambda: answers.append(desk.client.post(f"{HOME}/bill-stop-source/test").status_code)
        )
        asking.start()
        company.wait_until_read(seconds=_BOUND)
        way.mute()
        asking.join(_BOUND * 2)
    assert answers == [503]
