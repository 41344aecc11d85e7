"""What a backup is: its manifest, and its refusals."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import msgspec

from tranche.kernel.audit.anchors import Anchor
from tranche.kernel.audit.domain import Seal
from tranche.kernel.errors import Conflict, Invalid, Unavailable
from tranche.kernel.storage.local import find_free

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
KEY: Final = "signing.key"


class Dump(msgspec.Struct, frozen=True, kw_only=True):
    """The database's part: its name in the backup, its SHA-256 in hex, and the server that it was taken from."""

    name: str
    sha256: str
    size: int
    server: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds; written last, so that one that was cut off has none.

    `audit_heads` are the heads of the audit log in the dump, which may be older than what is anchored by now.
    """

    format: int
    tranche: str
    made_at: str
    migrations: list[str]
    database: Dump
    files: int
    file_bytes: int
    key_mark: str
    has_key: bool
    audit_heads: list[Anchor] = []  # a Struct copies it


class Progress(Protocol):
    """Hears how far a backup or a restore is; `total` is in bytes."""

    def __call__(self, what: str, *, total: int | None) -> AbstractContextManager[Callable[[int], None]]:
        """A step: within it, call with the bytes that were done since."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was saved or brought back; `missing` names registered files that were not there, or not as they were.

    `known_files` of them an earlier backup into the same folder had brought. `lost` are heads of audit logs that were
    anchored where a backup was brought back, and are not in it.
    """

    manifest: Manifest
    missing: tuple[str, ...]
    known_files: int = 0
    lost: tuple[Seal, ...] = ()


class NoBackup(Invalid):
    """What is named holds no backup, or not a whole one."""

    code = "no_backup"


class Occupied(Conflict):
    """There is something already where something is to be written."""

    code = "occupied"


class NoRoom(Unavailable):
    """The disk that a backup is written to is full."""

    code = "storage_full"

    def __init__(self, place: Path) -> None:
        base, free = find_free(place)
        super().__init__(
            f"The disk of {place} has no room for the backup: {free:,} bytes are free in {base}. Make room, then run "
            "this again."
        )


class Damaged(Conflict):
    """A part of the backup is not as it was written."""

    code = "backup_damaged"


class ForeignBackup(Conflict):
    """This program or this server cannot take the backup in."""

    code = "foreign_backup"
