"""The parent's side of reading a file: a killable child does it, and nothing that it says is taken on trust."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tranche.imports.domain import FileHeader, OriginalRow, ParseRequest, Slice


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file being read: what is known of it, and its slices, which may be walked once."""

    header: FileHeader
    slices: Iterator[Slice]


@dataclass(frozen=True, slots=True)
class Originals:
    """Some rows of a file as they stand there, which may be walked once."""

    header: FileHeader
    rows: Iterator[OriginalRow]


@contextmanager
def parse(request: ParseRequest, *, should_abort: Callable[[], bool]) -> Iterator[Parsed]:
    """Read a file in slices; the child is gone when the block is left, however it is left.

    Raises:
        MissingColumns: a required field has no column (before the first slice).
        InvalidMapping: the mapping names what is not there.
        UnreadableFile, UnsupportedFile, FileTooLarge: with one sentence for the person who sent the file.
        ParseAbortedError: `should_abort` said so; it is asked at least every 0.2 s while waiting.
    """
    raise NotImplementedError


def inspect(request: ParseRequest, *, should_abort: Callable[[], bool]) -> FileHeader:
    """What a file holds: sheets, columns with samples, and how they would be mapped.

    Unlike `parse` it does not refuse a file whose required columns are missing: see `matching.missing`.
    """
    raise NotImplementedError


@contextmanager
def read_rows(request: ParseRequest, *, rows: Sequence[int], should_abort: Callable[[], bool]) -> Iterator[Originals]:
    """The cells of just these rows (Excel's numbers), in rising order, for the workbook of errors."""
    raise NotImplementedError
