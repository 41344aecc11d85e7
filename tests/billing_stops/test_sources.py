"""PostgreSQL, CSV files and Oracle; of Oracle the driver's interface is played back, no real one was ever asked."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.billing_stops.company import Company
from tests.billing_stops.desk import ISSUE, Desk
from tests.live import Live
from tranche.billing_stops.bill_stop import BILL_STOP
from tranche.billing_stops.domain import BadRow, SourceFault, SourceRefused
from tranche.billing_stops.sources.csv_file import CsvReader
from tranche.billing_stops.sources.feed import Feed
from tranche.billing_stops.sources.oracle import ARRAY_SIZE, OracleAddress, OracleReader
from tranche.billing_stops.sources.port import Part, Wanted
from tranche.billing_stops.sources.queries import PostgresReader
from tranche.kernel.db.copy_out import MOST_ROWS

_HEADER = "crp_account_no,cpc_customer_no,customer_name,address,last_bill_date,current_balance"
_WANTED = Wanted(data_set=BILL_STOP, query="SELECT 1 FROM dual", cutoff=date(2026, 10, 24))


def _read(path: Path) -> bytes:
    with CsvReader(path).open(_WANTED) as reading:
        return b"".join(part.data for part in reading.parts())


def _write(folder: Path, *lines: str, head: str = _HEADER) -> Path:
    path = folder / "stops.csv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


def test_a_csv_file_is_read_from_the_organizations_own_folder(open_live: Callable[..., Live]) -> None:
    live = open_live()
    folder = live.settings.home / "sources" / str(live.context.organization_id)
    folder.mkdir(parents=True)
    _write(folder, 'A,1,"Rahman, A",,2020-01-01,10.50', 'A,2,"says ""no""\tand\\n",x,,', "B,3,=1+1,y,2999-01-01,-3")
    desk = Desk(live).use({"kind": "csv", "file": "stops.csv"})
    run = desk.run()
    assert (run["status"], run["details_count"], run["summary_count"]) == ("completed", 3, 2), run
    rows = {row["cpc_customer_no"]: row for row in desk.details(billing_status="all")}
    assert (rows["1"]["customer_name"], rows["1"]["current_balance"]) == ("Rahman, A", 10.5)
    assert (rows["2"]["customer_name"], rows["2"]["current_balance"]) == ('says "no"\tand\\n', None)
    assert [row["billing_status"] for row in rows.values()] == [ISSUE, ISSUE, "Active Billing"]
    desk.use({"kind": "csv", "file": "none.csv"})
    for name in ("../1/stops.csv", "/etc/passwd", ".hidden"):
        failed = desk.use({"kind": "csv", "file": name}).run()
        assert "is not the name of a file" in failed["error_message"]


@pytest.mark.parametrize(("line", "said"), [
    ("A,1,x,y,01.02.2026,1", "last_bill_date is not a day"),
    ("A,1,x,y,,NaN", "current_balance is not a finite number"),
    ("A,1,x,y,,1e999999", "current_balance is too large"),
    ("A,1,x,y,,ten", "current_balance is not a number"),
])  # fmt: skip
def test_a_bad_cell_is_named_by_its_row(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises((BadRow, SourceRefused), match=f"Row 2.*{said}"):
        _read(_write(tmp_path, "A,0,x,y,,1", line))


@pytest.mark.parametrize(("head", "line", "said"), [
    (_HEADER, "A,1,x", "has 3 cells, the header has 6"),
    (_HEADER, "A", "has 1 cell, the header has 6"),
    ("crp_account_no;cpc_customer_no", "A;1", "gives no column customer_name"),
    (_HEADER + ",address", "A,1,x,y,,1,z", "address twice"),
    (_HEADER, 'A,1,"x', "cannot be read"),
])  # fmt: skip
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, head: str, line: str, said: str) -> None:
    with pytest.raises(SourceRefused, match=said):
        _read(_write(tmp_path, line, head=head))


def test_a_file_that_is_not_there_may_come(tmp_path: Path) -> None:
    with pytest.raises(SourceFault, match="TRANCHE_HOME"):
        _read(tmp_path / "none.csv")


class _Fault(Exception):
    """As oracledb.Error carries its _Error."""

    def __init__(self, code: int) -> None:
        super().__init__(SimpleNamespace(code=code, full_code=f"ORA-{code:05d}", message="secret words"))


class _Recorded:
    """What python-oracledb was seen to offer: connect, cursor, execute, fetchmany, description, cancel, close."""

    Error = _Fault

    def __init__(self, rows: list[tuple[Any, ...]], *, connect_fault: int = 0, fetch_fault: int = 0) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.description = [(name.upper(), None) for name in _HEADER.split(",")]
        self.arraysize = self.prefetchrows = 100
        self._rows = rows
        self._faults = (connect_fault, fetch_fault)

    def connect(self, **words: Any) -> Any:
        self.calls.append(("connect", words))
        if self._faults[0]:
            raise _Fault(self._faults[0])
        return self

    def cursor(self) -> Any:
        return self

    def execute(self, statement: str, words: Any = None, **options: Any) -> None:
        self.calls.append((statement, {**(words or {}), **options}))

    def fetchone(self) -> Any:
        return (datetime(2026, 11, 28, 2, 0, 0),)  # noqa: DTZ001  # as SYS_EXTRACT_UTC comes

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        self.calls.append(("fetchmany", size))
        if self._faults[1] and len(self._rows) < size:
            raise _Fault(self._faults[1])
        taken, self._rows = self._rows[:size], self._rows[size:]
        return taken

    def cancel(self) -> None:
        self.calls.append(("cancel", None))

    def close(self) -> None:
        self.calls.append(("close", None))


def _oracle(driver: _Recorded, wanted: Wanted = _WANTED) -> tuple[list[Part], datetime | None]:
    address = OracleAddress(host="10.0.0.1", port=1521, service="CCB", user="reader", password="tiger")  # noqa: S106
    with OracleReader(driver, address, timeout_seconds=60).open(wanted) as reading:
        return list(reading.parts()), reading.as_of


def test_oracle_is_read_by_ten_thousand_as_of_one_moment() -> None:
    row = ("A", "1", "Näme", None, datetime(2026, 11, 1, 10, 0), Decimal("12.30"))  # noqa: DTZ001  # a DATE of Oracle
    driver = _Recorded([row] * (ARRAY_SIZE + 5))
    parts, as_of = _oracle(driver)
    assert sum(part.rows for part in parts) == ARRAY_SIZE + 5
    assert parts[0].data.splitlines()[0].decode() == "A\t1\tNäme\t\\N\t2026-11-01\tActive Billing\t12.30"
    assert as_of == datetime(2026, 11, 28, 2, 0, tzinfo=UTC)
    statements = [name for name, _ in driver.calls]
    assert statements.index("SET TRANSACTION READ ONLY") < statements.index("SELECT 1 FROM dual")
    assert dict(driver.calls)["SELECT 1 FROM dual"] == {"fetch_decimals": True, "fetch_lobs": False}
    assert (driver.arraysize, driver.call_timeout) == (ARRAY_SIZE, 60_000)  # type: ignore[attr-defined]  # set by the reader
    assert driver.calls[-1] == ("close", None)


def test_oracle_gives_changes_with_the_moment_as_a_bind() -> None:
    driver = _Recorded([("A", "1", None, None, None, None, 1)])
    driver.description.append(("IS_REMOVED", None))
    since = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)
    wanted = Wanted(data_set=BILL_STOP, query="Q", cutoff=date(2026, 10, 24), since=since)
    parts, _ = _oracle(driver, wanted)
    assert parts[0].data.decode().endswith("\tt\n")
    assert dict(driver.calls)["Q"]["since"] == since.replace(tzinfo=None)


@pytest.mark.parametrize(("code", "kind"), [(1017, SourceRefused), (942, SourceRefused), (12170, SourceFault)])
def test_faults_of_oracle_are_told_without_its_words(code: int, kind: type[Exception]) -> None:
    with pytest.raises(kind) as told:
        _oracle(_Recorded([], connect_fault=code))
    assert f"ORA-{code:05d}" in str(told.value)
    assert "secret" not in str(told.value)
    with pytest.raises(SourceFault):
        _oracle(_Recorded([], fetch_fault=3113))


def test_a_source_that_gives_nothing_counts_as_gone_and_is_cancelled() -> None:
    gone = threading.Event()

    class Silent:
        as_of: datetime | None = None
        is_status_given = False

        def parts(self) -> Any:
            gone.wait(30)
            yield from ()

        def cancel(self) -> None:
            gone.set()

    asked: list[int] = []
    with pytest.raises(SourceFault, match="counts as gone"):
        list(Feed(Silent(), idle=lambda: asked.append(1), first_seconds=0.5))
    assert gone.is_set()
    assert asked


@pytest.mark.parametrize("rows", [0, 1, 999, 1_000, 1_001, 2_999, 3_000])
def test_parts_of_a_postgresql_source_hold_every_row_once(
    company: Company, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """Balances are NULL, so that the last bytes of each row look like the end of a COPY."""
    monkeypatch.setattr("tranche.billing_stops.sources.queries.PART_BYTES", 1)
    query = (
        "SELECT 'CRP1' AS crp_account_no, n::text AS cpc_customer_no, NULL AS customer_name, NULL AS address, "
        f"NULL AS last_bill_date, NULL AS current_balance FROM generate_series(1, {rows}) AS n"
    )
    wanted = Wanted(data_set=BILL_STOP, query=query, cutoff=date(2026, 11, 1))
    reader = PostgresReader({"conninfo": company.url}, timeout_seconds=20)
    company.run("CREATE TEMP TABLE taken (a text, b text, c text, d text, e date, f text, g numeric)")
    with reader.open(wanted) as reading:
        counts = []
        for part in reading.parts():
            with company.conn.cursor() as cursor, cursor.copy("COPY taken FROM STDIN (FORMAT binary)") as copy:
                copy.write(part.data)
            counts.append(part.rows)
    assert sum(counts) == rows
    assert len(counts) == -(-rows // MOST_ROWS)
    (taken,) = company.ask("SELECT count(*) AS n, count(DISTINCT b) AS keys FROM taken")
    assert (taken["n"], taken["keys"]) == (rows, rows)
