"""The parent reads through a child that may lie, hang, burst or die, and is none the worse for it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import xlsxwriter

from tests.imports.factories import FIELDS, copied, orders, request, write_csv, write_text, write_xlsx
from tranche.imports import process
from tranche.imports.domain import (
    FileTooLarge,
    InvalidMapping,
    Limits,
    Mapping,
    MissingColumns,
    ParseAbortedError,
    ParseRequest,
    UnreadableFile,
    UnsupportedFile,
)
from tranche.imports.parser import inspect, parse, read_rows
from tranche.imports.readers import ReaderLost, Readers

_HEADER = (
    '{"type":"began","header":{"kind":"csv","sheet":null,"sheets":[],'
    '"header_row":1,"rows":1,"matching":{"columns":[]}}}'
)


def _go_on() -> bool:
    return False


def _walk(asked: ParseRequest) -> None:
    with parse(asked, should_abort=_go_on) as parsed:
        for _ in parsed.slices:
            pass


def _descendants(pid: int) -> set[int]:
    """The processes that this one has started, and those that they have, as far as they are not gone."""
    try:
        children = {
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        }
    except (FileNotFoundError, ProcessLookupError):
        return set()
    return children.union(*map(_descendants, children))


def _readers() -> set[int]:
    """The nursery of this process, and its readers; other children, such as a browser, are none of them."""
    nursery = process.READERS._nursery
    assert nursery is not None
    return {nursery.pid} | _descendants(nursery.pid)


@contextmanager
def _nobody_left() -> Iterator[None]:
    process.READERS.warm()
    before = _readers()
    yield
    assert _readers() <= before


@pytest.fixture
def liar(monkeypatch: pytest.MonkeyPatch) -> Iterator["Liar"]:
    """A reader that says what a test wants it to say."""
    made = Liar(monkeypatch)
    yield made
    made.readers.close()


class Liar:
    """Puts a script in the reader's place."""

    readers: Readers

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def says(self, script: str) -> None:
        """The script has `put(text)`; the request waits on its standard input."""
        begin = "import os, sys, time, signal\ndef put(text): sys.stdout.write(text); sys.stdout.flush()\n"
        nursery = (
            "import socket, sys; from tranche.imports.nursery import serve; "
            f"serve(socket.socket(fileno=int(sys.argv[1])), lambda: exec({begin + script!r}, {{}}) or 0)"
        )
        self.readers = Readers((sys.executable, "-c", nursery))
        self._monkeypatch.setattr(process, "_REAP_SECONDS", 1)
        self._monkeypatch.setattr(process, "READERS", self.readers)


def test_a_csv_file_comes_in_slices(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv", [["Order no", "Qty", "Price", "Shelf"], *([f"A{i}", "1", "2", "x"] for i in range(45))]
    )
    with _nobody_left(), parse(request(path, limits=Limits(slice_rows=20)), should_abort=_go_on) as parsed:
        assert (parsed.header.rows, parsed.header.header_row, parsed.header.delimiter) == (45, 1, ",")
        slices = list(parsed.slices)
    assert [(part.rows, part.last_row) for part in slices] == [(20, 21), (20, 41), (5, 46)]
    rows = [row for part in slices for row in copied(part.copy, FIELDS)]
    assert [row["orderId"] for row in rows] == [f"A{i}" for i in range(45)]


def test_a_workbook_comes_with_its_faults(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", orders(("Date", ["soon", "2024-01-02"])))
    with parse(request(path), should_abort=_go_on) as parsed:
        (part,) = parsed.slices
    assert [(fault.row, fault.column, fault.field, fault.code) for fault in part.faults] == [
        (2, "Date", "orderDate", "not_a_date")
    ]
    assert part.faults[0].message == "D2 holds “soon”, which is not a date."


def test_missing_columns_are_refused_before_the_first_row(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["Ref", "Qty", "Price"], ["A1", "1", "2"]])
    words = r"No column for orderId\. Columns found: Ref, Qty, Price"
    with _nobody_left(), pytest.raises(MissingColumns, match=words) as refused:
        _walk(request(path))
    assert [error.pointer for error in refused.value.errors] == ["orderId"]
    assert inspect(request(path), should_abort=_go_on).matching.missing == ("orderId",)


def test_a_wrong_mapping_is_refused_with_its_field(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["Ref", "Qty", "Price"], ["A1", "1", "2"]])
    with pytest.raises(InvalidMapping, match="no column “No”") as refused:
        inspect(request(path, mapping=Mapping(columns={"orderId": "No"})), should_abort=_go_on)
    assert [(error.pointer, error.code) for error in refused.value.errors] == [("orderId", "unknown_header")]


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", UnreadableFile, "empty"),
        (b"%PDF-1.4", UnsupportedFile, "PDF"),
        (b'Order no,Qty\nA1,"1\n', UnreadableFile, "never closed"),
    ],
)
def test_the_child_s_refusals_arrive_as_they_are(
    tmp_path: Path, data: bytes, kind: type[Exception], words: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    with _nobody_left(), pytest.raises(kind, match=words):
        inspect(request(path), should_abort=_go_on)


def test_the_original_cells_of_some_rows_come_back_untouched(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.csv", "Order no,Qty,Price,\nA1, 1 ,2,x\n\nA2,two,3\n")
    with _nobody_left(), read_rows(request(path), rows=[4, 2, 4, 99, 0, -3], should_abort=_go_on) as originals:
        assert originals.headers == ("Order no", "Qty", "Price", "Column D")
        rows = list(originals.rows)
    assert [(row.row, row.cells) for row in rows] == [(2, ("A1", " 1 ", "2", "x")), (4, ("A2", "two", "3", None))]


def test_original_error_cells_come_by_their_names(tmp_path: Path) -> None:
    def error(book: xlsxwriter.Workbook) -> None:
        book.get_worksheet_by_name("Data").write_formula(1, 1, "=1/0", None, "#DIV/0!")

    path = write_xlsx(tmp_path / "a.xlsx", orders(("Notes", ["n"])), more=error)
    with read_rows(request(path), rows=[2], should_abort=_go_on) as originals:
        assert [row.cells for row in originals.rows] == [("A1", "#DIV/0!", "2.50", "n")]


def test_a_request_of_a_million_rows_does_not_choke_the_pipe(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["Order no"], ["A1"]])
    with read_rows(request(path), rows=range(1_000_000), should_abort=_go_on) as originals:
        assert len(list(originals.rows)) == 2


def test_a_file_over_the_memory_limit_is_too_large_and_we_live(tmp_path: Path) -> None:
    rows = "".join(f"A{number},1,2,{number:0400}\n" for number in range(100_000))
    path = write_text(tmp_path / "a.csv", f"Order no,Qty,Price,Notes\n{rows}")
    with _nobody_left(), pytest.raises(FileTooLarge, match=r"memory|limit"):
        inspect(request(path, limits=Limits(memory_bytes=210_000_000)), should_abort=_go_on)


def test_a_line_of_half_a_gigabyte_meets_the_memory_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.truncate(0)
        for _ in range(60):
            file.write(b"x" * 10_000_000)
    with _nobody_left(), pytest.raises(FileTooLarge, match="memory"):
        inspect(request(path, limits=Limits(memory_bytes=600_000_000)), should_abort=_go_on)


def test_we_may_leave_early_and_the_child_is_gone(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["Order no", "Qty", "Price"], *([f"A{i}", "1", "2"] for i in range(50_000))])
    with _nobody_left(), parse(request(path, limits=Limits(slice_rows=100)), should_abort=_go_on) as parsed:
        assert next(parsed.slices).rows == 100


def test_the_child_hangs_and_we_stop_at_the_time_limit(tmp_path: Path, liar: Liar) -> None:
    liar.says("time.sleep(60)")
    begun = time.monotonic()
    with _nobody_left(), pytest.raises(FileTooLarge, match="longer than 1 second\\."):
        inspect(request(tmp_path / "a.csv", limits=Limits(seconds=0.6)), should_abort=_go_on)
    assert time.monotonic() - begun < 30


def test_we_are_asked_to_stop_and_do(tmp_path: Path, liar: Liar) -> None:
    liar.says("time.sleep(60)")
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    begun = time.monotonic()
    with _nobody_left(), pytest.raises(ParseAbortedError):
        inspect(request(tmp_path / "a.csv"), should_abort=stop.is_set)
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize(
    ("how", "kind", "words"),
    [
        ("os.abort()", FileTooLarge, "memory"),
        ("os.kill(os.getpid(), signal.SIGKILL)", FileTooLarge, "memory"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", FileTooLarge, "memory"),
        ("os.kill(os.getpid(), signal.SIGXCPU)", FileTooLarge, "longer than"),
        ("raise MemoryError", FileTooLarge, "memory"),
        ("os._exit(3)", UnreadableFile, "broke off"),
        ("put('')", UnreadableFile, "broke off"),
        ("os.close(1); time.sleep(60)", UnreadableFile, "broke off"),
    ],
)
def test_every_death_has_its_sentence(tmp_path: Path, liar: Liar, how: str, kind: type[Exception], words: str) -> None:
    liar.says(f"import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); {how}")
    with _nobody_left(), pytest.raises(kind, match=words):
        inspect(request(tmp_path / "a.csv"), should_abort=_go_on)


@pytest.mark.parametrize(
    "script",
    [
        "put('hello\\n')",
        "put('{}\\n')",
        'put(\'{"type":"done","rows":0}\\n\')',
        'put(\'{"type":"began","header":{}}\\n\')',
        f'put({_HEADER!r} + \'\\n\' + \'{{"type":"done","rows":1}}\\n\')',
        f'put({_HEADER!r} + \'\\n\' + \'{{"type":"sent","rows":99999,"size":3,"last_row":2}}\\nabc\')',
        f'put({_HEADER!r} + \'\\n\' + \'{{"type":"sent","rows":1,"size":9999999999,"last_row":2}}\\nabc\')',
        f'put({_HEADER!r} + \'\\n\' + \'{{"type":"sent","rows":1,"size":3,"last_row":1}}\\nabc\')',
        f'put({_HEADER!r} + \'\\n\' + \'{{"type":"sent","rows":-1,"size":3,"last_row":2}}\\nabc\')',
        f"put({_HEADER!r} + '\\n' + {_HEADER!r} + '\\n')",
    ],
)
def test_nonsense_is_not_believed(tmp_path: Path, liar: Liar, script: str) -> None:
    liar.says(script + "; time.sleep(60)")
    with _nobody_left(), pytest.raises(UnreadableFile, match="no sensible answer"):
        _walk(request(tmp_path / "a.csv"))


def test_a_child_that_talks_much_on_the_side_is_not_in_the_way(tmp_path: Path, liar: Liar) -> None:
    liar.says(f"sys.stderr.write('x' * 3_000_000); put({_HEADER!r} + '\\n')")
    assert inspect(request(tmp_path / "a.csv"), should_abort=_go_on).rows == 1


def test_the_child_gets_no_secrets(tmp_path: Path, liar: Liar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    liar.says("sys.stderr.write(' '.join(os.environ)); 'DATABASE_URL' in os.environ and os.abort(); os._exit(3)")
    with pytest.raises(UnreadableFile, match="broke off"):
        inspect(request(tmp_path / "a.csv"), should_abort=_go_on)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_what_ends_the_whole_group_is_not_blamed_on_the_file(tmp_path: Path, liar: Liar, name: str) -> None:
    liar.says(f"os.kill(os.getpid(), signal.{name}); time.sleep(0.2); put({_HEADER!r} + '\\n')")
    assert inspect(request(tmp_path / "a.csv"), should_abort=_go_on).rows == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    fifo = tmp_path / "a.csv"
    os.mkfifo(fifo)
    script = (
        "import sys; from pathlib import Path; from tests.imports.factories import request; "
        "from tranche.imports.parser import inspect; inspect(request(Path(sys.argv[1])), should_abort=lambda: False)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(fifo)]) as parent:
        family = _wait_for_family(parent.pid)
        parent.kill()
    for _ in range(100):
        if not any(_lives(member) for member in family):
            return
        time.sleep(0.05)
    pytest.fail("the child outlived its parent")


def _wait_for_family(parent: int) -> set[int]:
    """The nursery, and a reader that has taken its limits on itself."""
    for _ in range(400):
        found = _descendants(parent)
        if any("2000000000" in Path(f"/proc/{child}/limits").read_text() for child in found):
            time.sleep(0.2)
            return found
        time.sleep(0.05)
    raise AssertionError


def _lives(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_nursery_that_was_killed_is_replaced(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["Order no", "Qty", "Price"], ["A1", "1", "2"]])
    process.READERS.warm()
    nursery = process.READERS._nursery
    assert nursery is not None
    for one in _readers():
        os.kill(one, signal.SIGKILL)
    nursery.wait(10)  # its first thread may be gone before the others are
    assert inspect(request(path), should_abort=_go_on).rows == 1


def test_a_nursery_that_is_killed_while_one_reads_is_not_blamed_on_the_file(tmp_path: Path, liar: Liar) -> None:
    liar.says("os.kill(os.getppid(), signal.SIGKILL); time.sleep(60)")
    with pytest.raises(ReaderLost):
        inspect(request(tmp_path / "a.csv"), should_abort=_go_on)


def test_many_files_are_read_at_once(tmp_path: Path) -> None:
    paths = [
        write_csv(tmp_path / f"{n}.csv", [["Order no", "Qty", "Price"], *([f"A{i}", "1", "2"] for i in range(n))])
        for n in range(1, 25)
    ]
    with _nobody_left(), ThreadPoolExecutor(8) as pool:
        rows = pool.map(lambda path: inspect(request(path), should_abort=_go_on).rows, paths)
        assert list(rows) == list(range(1, 25))
