"""What a process does that reads a spreadsheet and may be killed: a request in JSON comes in, frames go out."""

import ctypes
import math
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from tranche.imports.domain import FileTooLarge, InvalidMapping, UnsupportedFile
from tranche.imports.reading.header import find_header, list_candidates
from tranche.imports.reading.several import choose
from tranche.imports.reading.sheet import Sheet, prepare
from tranche.imports.reading.slices import cut
from tranche.imports.reading.table import Table
from tranche.imports.wire import Began, Cells, Done, Failed, Message, Mode, Named, Refusal, Request, Sent
from tranche.kernel.errors import TrancheError

_PR_SET_PDEATHSIG: Final = 1
_DAMAGED: Final = "The file is damaged and could not be read. Open it in a spreadsheet program and save it again."
_MEMORY: Final = "Reading the file takes more memory than the limit allows. It is damaged, or too large: split it."


def main() -> int:
    """Read one request from standard input, answer on standard output; 0 also when the file is refused."""
    out = _own_output()
    with os.fdopen(0, "rb", closefd=False) as paper:
        request = msgspec.json.decode(paper.read(), type=Request)
    _limit(request)
    try:
        for message, data in _JOBS[request.mode](request):
            _send(out, message, data)
    except MemoryError:
        _send(out, Failed(refusal=Refusal.TOO_LARGE, code=FileTooLarge.code, message=_MEMORY))
    except TrancheError as error:
        _send(out, _refused(error))
    except (BrokenPipeError, KeyboardInterrupt):
        return 1
    except BaseException as error:  # noqa: BLE001  # a reader's panic is not an Exception; the process ends anyway
        sys.stderr.write(f"{type(error).__name__}: {str(error)[:1000]}\n")
        _send(out, Failed(refusal=Refusal.UNREADABLE, code="unreadable_file", message=_DAMAGED))
    return 0


_Frames = Iterator[tuple[Message, bytes]]


def _inspect(request: Request) -> _Frames:
    sheet = _prepared(request)
    yield Began(header=replace(sheet.header, candidates=list_candidates(sheet.table))), b""
    yield Done(rows=0), b""


def _parse(request: Request) -> _Frames:
    sheet = _prepared(request)
    yield Began(header=sheet.header), b""
    rows = 0
    if not sheet.header.matching.missing:
        for part in cut(sheet, fields=request.fields, limits=request.limits):
            rows += part.rows
            sent = Sent(rows=part.rows, size=len(part.copy), last_row=part.last_row, faults=part.faults)
            yield sent, part.copy
    yield Done(rows=rows), b""


def _rows(request: Request) -> _Frames:
    table = _loaded(request)
    _, matching = find_header(table, fields=request.fields, mapping=request.mapping)
    yield Named(headers=tuple(column.header for column in matching.columns), sheets=table.sheets), b""
    rows = 0
    wanted = range(1, table.height + 1) if request.rows is None else request.rows
    for row, cells in table.rows(sorted({row - 1 for row in wanted if 0 < row <= table.height})):
        rows += 1
        yield Cells(row=row + 1, cells=tuple(cells)), b""
    yield Done(rows=rows), b""


_JOBS: Final[dict[Mode, Callable[[Request], _Frames]]] = {
    Mode.INSPECT: _inspect,
    Mode.PARSE: _parse,
    Mode.ROWS: _rows,
}


def _prepared(request: Request) -> Sheet:
    return prepare(
        _loaded(request),
        path=Path(request.path),
        fields=request.fields,
        mapping=request.mapping,
        limits=request.limits,
    )


def _loaded(request: Request) -> Table:
    return choose(
        Path(request.path),
        file_name=request.file_name,
        fields=request.fields,
        mapping=request.mapping,
        limits=request.limits,
    )


def _own_output() -> BinaryIO:
    """Standard output for us alone: what a library prints goes to standard error instead."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=1 << 20)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return out


def _limit(request: Request) -> None:
    """Take the limits on ourselves before a byte of the file is looked at."""
    seconds = math.ceil(request.limits.seconds)
    for which, most, hard in (
        (resource.RLIMIT_AS, request.limits.memory_bytes, request.limits.memory_bytes),
        (resource.RLIMIT_CPU, seconds, seconds + 5),  # of two equal ones the kernel takes the kill, which says nothing
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, 0, 0),
    ):
        resource.setrlimit(which, (most, hard))


def die_with(parent: int) -> None:
    """Be killed when the parent is, where the kernel can; a parent that is gone already is noticed anywhere."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _refused(error: TrancheError) -> Failed:
    refusal = next((kind for kind, error_type in _REFUSALS if isinstance(error, error_type)), Refusal.UNREADABLE)
    return Failed(refusal=refusal, code=error.error_code, message=error.message, errors=error.errors)


_REFUSALS: Final = (
    (Refusal.TOO_LARGE, FileTooLarge),
    (Refusal.UNSUPPORTED, UnsupportedFile),
    (Refusal.MAPPING, InvalidMapping),
)


def _send(out: BinaryIO, message: Message, data: bytes = b"") -> None:
    out.write(msgspec.json.encode(message) + b"\n" + data)
    if not isinstance(message, Cells):
        out.flush()
