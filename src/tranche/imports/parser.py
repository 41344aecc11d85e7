"""The parent's side of reading a file: a killable child does it, and nothing that it says is taken on trust."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from tranche.imports.domain import (
    FileHeader,
    FileTooLarge,
    InvalidMapping,
    MissingColumns,
    OriginalRow,
    ParseRequest,
    Slice,
    UnreadableFile,
    UnsupportedFile,
)
from tranche.imports.mapping import missing_message
from tranche.imports.process import Child, nonsense, started
from tranche.imports.wire import Began, Cells, Done, Failed, Message, Mode, Named, Refusal, Sent
from tranche.kernel.errors import FieldError

_Kind = TypeVar("_Kind", bound=Message)
_CELL_BYTES: Final = 1_000_000
_COPY_FACTOR: Final = 64


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file being read: what is known of it, and its slices, which may be walked once."""

    header: FileHeader
    slices: Iterator[Slice]


@dataclass(frozen=True, slots=True)
class Originals:
    """Some rows of a file as they stand there, which may be walked once, its headers and the names of its sheets."""

    headers: tuple[str, ...]
    rows: Iterator[OriginalRow]
    sheets: tuple[str, ...] = ()


@contextmanager
def parse(request: ParseRequest, *, should_abort: Callable[[], bool]) -> Iterator[Parsed]:
    """Read a file in slices; the child is gone when the block is left, however it is left.

    The slices must be walked in the thread that entered the block: the child dies with that thread.

    Raises:
        MissingColumns: a required field has no column (before the first slice).
        InvalidMapping: the mapping names what is not there.
        UnreadableFile, UnsupportedFile, FileTooLarge: with one sentence for the person who sent the file.
        ParseAbortedError: `should_abort` said so; it is asked at least every 0.2 s while waiting.
    """
    with started(request, mode=Mode.PARSE, should_abort=should_abort) as child:
        header = _expect(child, Began).header
        require_columns(header)
        yield Parsed(header, _slices(child, request, header))


def require_columns(header: FileHeader) -> None:
    """Refuse a header that has not all columns.

    Raises:
        MissingColumns
    """
    if missing := header.matching.missing:
        errors = [FieldError(name, f"No column for {name}.", "missing_column") for name in missing]
        raise MissingColumns(missing_message(header.matching), errors=errors)


def inspect(request: ParseRequest, *, should_abort: Callable[[], bool]) -> FileHeader:
    """What a file holds: sheets, columns with samples, and how they would be mapped.

    Unlike `parse` it does not refuse a file whose required columns are missing: see `matching.missing`.
    """
    with started(request, mode=Mode.INSPECT, should_abort=should_abort) as child:
        return _expect(child, Began).header


@contextmanager
def read_rows(
    request: ParseRequest, *, rows: Sequence[int] | None, should_abort: Callable[[], bool]
) -> Iterator[Originals]:
    """The cells of just these rows (Excel's numbers), in rising order, for the workbook of errors; None: of all."""
    wanted = None if rows is None else tuple(rows)
    with started(request, mode=Mode.ROWS, should_abort=should_abort, rows=wanted) as child:
        named = _expect(child, Named)
        yield Originals(named.headers, _originals(child), named.sheets)


def _slices(child: Child, request: ParseRequest, header: FileHeader) -> Iterator[Slice]:
    """Check what can be checked cheaply: counts, sizes, rising rows; a wrong word ends the reading."""
    rows, last_row = 0, header.header_row
    while True:
        message = _next(child)
        if isinstance(message, Done):
            if not message.rows == rows == header.rows:
                raise nonsense()
            return
        most = max(request.limits.slice_bytes, _CELL_BYTES) * _COPY_FACTOR
        if (
            not isinstance(message, Sent)
            or not 0 < message.rows <= request.limits.slice_rows
            or not 0 < message.size <= most
            or message.last_row <= last_row
        ):
            raise nonsense()
        rows, last_row = rows + message.rows, message.last_row
        yield Slice(copy=child.read(message.size), rows=message.rows, last_row=message.last_row, faults=message.faults)


def _originals(child: Child) -> Iterator[OriginalRow]:
    while True:
        message = _next(child)
        if isinstance(message, Done):
            return
        if not isinstance(message, Cells):
            raise nonsense()
        yield OriginalRow(message.row, message.cells)


def _expect(child: Child, kind: type[_Kind]) -> _Kind:
    message = _next(child)
    if not isinstance(message, kind):
        raise nonsense()
    return message


def _next(child: Child) -> Message:
    message = child.message()
    if isinstance(message, Failed):
        raise _REFUSALS[message.refusal](message.message, code=message.code, errors=message.errors)
    return message


_REFUSALS: Final = {
    Refusal.UNREADABLE: UnreadableFile,
    Refusal.UNSUPPORTED: UnsupportedFile,
    Refusal.TOO_LARGE: FileTooLarge,
    Refusal.MAPPING: InvalidMapping,
}
