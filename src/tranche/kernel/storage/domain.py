"""What storage promises: the port that every kind of storage fills, and its refusals."""

import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol, runtime_checkable

from tranche.kernel.errors import NotFound, TooLarge, Unavailable
from tranche.kernel.text import plural

_NOTE: Final = re.compile(r"[a-z]{1,20}(-[a-z]{1,20}){0,3}")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is safely on the disk: its SHA-256 (32 bytes) and its size in bytes."""

    sha256: bytes
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Something that lies in the storage: a file by its hash, or (`sha256` None) what an ended upload left behind.

    `name` says to an operator what it is, `modified` is when it was last put, in seconds of the clock.
    """

    name: str
    sha256: bytes | None
    size: int
    modified: float


class Readable(Protocol):
    """What can be read piece by piece, such as an upload that is spooled."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, none at the end."""
        ...


@runtime_checkable
class Files(Protocol):
    """Files by organization and hash; organizations share nothing, not even equal files."""

    def put(self, organization_id: int, stream: Readable, *, limit: int) -> StoredFile:
        """Keep what the stream holds, at most `limit` bytes; the same content again is the same file.

        Raises:
            FileTooLarge: the stream holds more than `limit` bytes; nothing is kept.
            StorageFull: there is no room; nothing is kept.
        """
        ...

    def open(self, organization_id: int, sha256: bytes) -> BinaryIO:
        """Open a kept file for reading; raises FileMissing."""
        ...

    def path(self, organization_id: int, sha256: bytes) -> Path:
        """A local path to the file, for child processes; raises FileMissing."""
        ...

    def exists(self, organization_id: int, sha256: bytes) -> bool:
        """Whether the file is kept."""
        ...

    def delete(self, organization_id: int, sha256: bytes) -> bool:
        """Remove the file; False when there was none."""
        ...


@runtime_checkable
class Storage(Files, Protocol):
    """Files with what looks after them: the sweep, `doctor`, backup and restore."""

    def stream(self, organization_id: int, sha256: bytes) -> AbstractContextManager[Readable]:
        """A kept file to be read once, leaving no copy on this machine; raises FileMissing."""
        ...

    def organizations(self) -> list[int]:
        """The organizations of which something is kept, in order."""
        ...

    def list_kept(self, organization_id: int) -> Iterator[Kept]:
        """All that is kept of an organization, unfinished parts too."""
        ...

    def discard(self, organization_id: int, sha256: bytes, *, before: float) -> bool:
        """Remove a file that nobody registered, unless it was put again since `before`."""
        ...

    def list_discarded(self, organization_id: int, *, before: float) -> Iterable[bytes]:
        """What was discarded before a moment of the clock and can still be brought back."""
        ...

    def settle(self, organization_id: int, sha256: bytes, *, keep: bool) -> None:
        """Bring a discarded file back, or forget it for good."""
        ...

    def clear_parts(self, organization_id: int, *, before: float) -> int:
        """Remove what uploads left behind that ended before they were whole; returns how many."""
        ...

    def write_note(self, organization_id: int, name: str, content: bytes) -> None:
        """Keep a few bytes under a name, whole or not at all, instead of those before; no sweep ever looks at them."""
        ...

    def read_note(self, organization_id: int, name: str) -> bytes | None:
        """The note of this name, if there is one."""
        ...

    def delete_note(self, organization_id: int, name: str) -> None:
        """Forget the note of this name, if there is one."""
        ...

    def list_notes(self, name: str) -> list[int]:
        """The organizations that have a note of this name, in order."""
        ...

    def find_fault(self) -> str | None:
        """None when a file can be written, read and removed now; else what is wrong, for operators."""
        ...


class FileTooLarge(TooLarge):
    """The stream went past the limit."""

    code = "file_too_large"

    def __init__(self, limit: int) -> None:
        """`limit` is in bytes."""
        super().__init__(f"The file is larger than the limit of {readable_size(limit)}. Split it and send the parts.")


class StorageFull(Unavailable):
    """The disk, a quota or a file size limit of the machine is exhausted."""

    code = "storage_full"

    def __init__(self) -> None:
        """Without details of the machine, which are for its operators."""
        super().__init__(
            "There is no room left to store the file. Nothing was kept; tell whoever runs this server.",
            retry_after=300,
        )


class StorageAway(Unavailable):
    """The storage does not answer, or does not let us in."""

    code = "storage_away"

    def __init__(self) -> None:
        """Without addresses, which are for operators."""
        super().__init__(
            "The file storage cannot be reached right now. Nothing was changed; try again in a moment.", retry_after=5
        )


class FileMissing(NotFound):
    """The file was never kept, or has been removed."""

    code = "file_missing"

    def __init__(self) -> None:
        """Without the path, which is nobody's business."""
        super().__init__("The stored file is not there any more; upload it again, or make it again.")


def note_name(name: str) -> str:
    """The name, if it can be that of a note: small letters and dashes, so that it leads nowhere else."""
    if not _NOTE.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a note")
    return name


def readable_size(size: int) -> str:
    """A size for people, in decimal units: 200000000 is "200 MB"."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
    return plural(size, "byte")
