"""Files that go up piece by piece, and files that come down whole or not at all."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, TypeAlias

from tranche.kernel.errors import Invalid

Progress: TypeAlias = Callable[[int, int], None]


class Counted:
    """An open file that says how much of it was read; it never gives more than the size it had at first."""

    def __init__(self, file: BinaryIO, *, name: str, progress: Progress | None) -> None:
        """`name` is what the receiver is told."""
        self.name = name
        self._file = file
        self._size = os.fstat(file.fileno()).st_size
        self._progress = progress

    def fileno(self) -> int:
        """For its size."""
        return self._file.fileno()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Another try begins anew."""
        return self._file.seek(offset, whence)

    def read(self, size: int) -> bytes:
        """The next piece, none at the end.

        Raises:
            Invalid: the file cannot be read any more, or has become shorter.
        """
        left = self._size - self._file.tell()
        try:
            data = self._file.read(min(size, left))
        except OSError as error:
            raise Invalid(f"{self.name} cannot be read: {error.strerror}.", code="cannot_read") from error
        if left > 0 and not data:
            raise Invalid(f"{self.name} changed while it was sent; send it again.", code="file_changed")
        if self._progress is not None:
            self._progress(self._file.tell(), self._size)
        return data


@contextlib.contextmanager
def open_whole(path: Path, *, progress: Progress | None) -> Iterator[Counted]:
    """Open a file to send it.

    Raises:
        Invalid: it cannot be read, or is no ordinary file.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise Invalid(f"{path} is not a file.", code="not_a_file")
        file = path.open("rb")
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.", code="cannot_read") from error
    with file:
        name = path.name.encode(errors="replace").decode()
        yield Counted(file, name=name, progress=progress)


def read_ending(path: Path, *, known: Sequence[str]) -> str:
    """The ending of a name to save under, in small letters; it says what kind of file is wanted.

    Raises:
        Invalid: it is none of those that are known, such as .csv.
    """
    ending = path.suffix.lower()
    if ending not in known:
        raise Invalid(f"{path} must end in {' or '.join(known)}, for that is what is saved.", code="bad_ending")
    return ending


@contextlib.contextmanager
def open_new(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its place at the block's end, or leaves no trace.

    Raises:
        Invalid: it cannot be written.
    """
    made: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            made = Path(file.name)
            yield file  # type: ignore[misc]  # the wrapper is a binary file in all but its type
        made.replace(path)
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error.strerror}.", code="cannot_write") from error
    finally:
        if made is not None:
            made.unlink(missing_ok=True)
