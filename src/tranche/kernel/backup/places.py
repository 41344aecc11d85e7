"""Where a backup lies: in a folder that is brought up to date again and again, or in one tar file."""

import contextlib
import hashlib
import io
import os
import re
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import msgspec

from tranche.kernel.backup.domain import FORMAT, MANIFEST, ForeignBackup, Manifest, NoBackup, NoRoom, Occupied
from tranche.kernel.storage.domain import Readable, StorageFull
from tranche.kernel.storage.local import room

TAR: Final = ".tar"
_ARCHIVES: Final = frozenset({".zip", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z"})
_PRIVATE: Final = 0o600
_FILE: Final = re.compile(r"files/(\d+)/[0-9a-f]{2}/([0-9a-f]{64})")
_PIECE: Final = 1 << 20


class Target(Protocol):
    """A backup that is being written."""

    folder: Path

    def has(self, name: str, *, size: int) -> bool:
        """Whether an earlier backup into the same place brought this part already."""
        ...

    def add(self, name: str, stream: Readable, *, size: int) -> None:
        """Write one part."""
        ...

    def take(self, name: str, path: Path) -> None:
        """Take over a file that lies in `folder`."""
        ...

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest; from now on it is a backup."""
        ...


class Source(Protocol):
    """A backup that is being read."""

    manifest: Manifest

    def open(self, name: str) -> BinaryIO:
        """One part; raises NoBackup where it is missing."""
        ...

    def list_files(self) -> Iterator[tuple[int, bytes, int, str]]:
        """Of every stored file the organization, the SHA-256, the size and the part's name."""
        ...


@contextmanager
def writing(place: Path, *, overwrite: bool) -> Iterator[Target]:
    """A target at this place; what was not finished is gone afterwards.

    Raises:
        Occupied: there is a file already (unless `overwrite`), or a folder that holds something else.
        NoRoom: the disk is full.
    """
    if place.suffix == TAR:
        if place.exists() and not overwrite:
            raise Occupied(f"{place} exists already. Name another file, or add --overwrite.")
        with _room_for(place), _TarTarget.begin(place) as target:
            yield target
        return
    if place.suffix in _ARCHIVES and not place.exists():
        raise Occupied(f"{place} would be a folder of that name. Name a folder, or a file that ends in {TAR}.")
    if place.is_file() or (place.is_dir() and any(place.iterdir()) and not (place / MANIFEST).exists()):
        raise Occupied(
            f"{place} is neither empty nor a backup. Name a new folder, a folder with an earlier backup, or a file "
            f"that ends in {TAR}."
        )
    with _room_for(place):
        yield _FolderTarget(place)


@contextmanager
def _room_for(place: Path) -> Iterator[None]:
    try:
        with room():
            yield
    except StorageFull as error:
        raise NoRoom(place) from error


@contextmanager
def reading(place: Path) -> Iterator[Source]:
    """The backup at this place.

    Raises:
        NoBackup: there is none, or it was cut off.
        ForeignBackup: it is of another format.
    """
    if place.is_dir():
        yield _FolderSource(place)
        return
    try:
        archive = tarfile.open(place, "r:")  # noqa: SIM115  # closed below; only its opening may say that it is none
    except (OSError, tarfile.TarError) as error:
        raise NoBackup(f"{place} is no backup: {error}.") from error
    with archive:
        yield _TarSource(archive, place)


def file_name(organization_id: int, sha256: bytes) -> str:
    """The part of a stored file."""
    return f"files/{organization_id}/{sha256.hex()[:2]}/{sha256.hex()}"


def hash_of(stream: Readable) -> tuple[str, int]:
    """SHA-256 in hex, and size."""
    digest, size = hashlib.sha256(), 0
    while piece := stream.read(_PIECE):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


class _FolderTarget:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def has(self, name: str, *, size: int) -> bool:
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / name).stat().st_size == size
        return False

    def add(self, name: str, stream: Readable, *, size: int) -> None:
        del size
        path = self.folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _scratch(path.parent) as (file, scratch):
            while piece := stream.read(_PIECE):
                file.write(piece)
            _sync(file)
            scratch.replace(path)

    def take(self, name: str, path: Path) -> None:
        path.replace(self.folder / name)

    def finish(self, manifest: Manifest) -> None:
        self.add(MANIFEST, io.BytesIO(_encode(manifest)), size=0)
        for old in self.folder.glob("database-*.dump"):
            if old.name != manifest.database.name:
                old.unlink()


class _TarTarget:
    def __init__(self, archive: tarfile.TarFile, folder: Path) -> None:
        self.folder = folder
        self._archive = archive
        self.is_finished = False

    @classmethod
    @contextmanager
    def begin(cls, place: Path) -> Iterator["_TarTarget"]:
        place.parent.mkdir(parents=True, exist_ok=True)
        with _scratch(place.parent) as (file, scratch):
            with tarfile.open(fileobj=file, mode="w:", format=tarfile.PAX_FORMAT) as archive:
                target = cls(archive, place.parent)
                yield target
            if target.is_finished:
                _sync(file)
                scratch.replace(place)

    def has(self, name: str, *, size: int) -> bool:
        del name, size
        return False

    def add(self, name: str, stream: Readable, *, size: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, _PRIVATE
        self._archive.addfile(entry, stream)  # type: ignore[arg-type]  # it only reads

    def take(self, name: str, path: Path) -> None:
        with path.open("rb") as file:
            self.add(name, file, size=path.stat().st_size)
        path.unlink()

    def finish(self, manifest: Manifest) -> None:
        content = _encode(manifest)
        self.add(MANIFEST, io.BytesIO(content), size=len(content))
        self.is_finished = True


class _FolderSource:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with self.open(MANIFEST) as file:
            self.manifest = _decode(file.read(), folder)

    def open(self, name: str) -> BinaryIO:
        try:
            return (self._folder / name).open("rb")
        except FileNotFoundError:
            raise NoBackup(f"{self._folder} holds no whole backup: {name} is missing.") from None

    def list_files(self) -> Iterator[tuple[int, bytes, int, str]]:
        for path in sorted(self._folder.glob("files/*/*/*")):
            name = path.relative_to(self._folder).as_posix()
            if match := _FILE.fullmatch(name):
                yield int(match[1]), bytes.fromhex(match[2]), path.stat().st_size, name


class _TarSource:
    def __init__(self, archive: tarfile.TarFile, place: Path) -> None:
        self._archive = archive
        self._place = place
        with self.open(MANIFEST) as file:
            self.manifest = _decode(file.read(), place)

    def open(self, name: str) -> BinaryIO:
        try:
            found = self._archive.extractfile(name)
        except (KeyError, tarfile.TarError, EOFError):
            found = None
        if found is None:
            raise NoBackup(f"{self._place} holds no whole backup: {name} is missing.")
        return found  # type: ignore[return-value]  # typed as IO[bytes]

    def list_files(self) -> Iterator[tuple[int, bytes, int, str]]:
        for entry in self._archive.getmembers():
            if match := _FILE.fullmatch(entry.name):
                yield int(match[1]), bytes.fromhex(match[2]), entry.size, entry.name


@contextmanager
def _scratch(folder: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """A file that only we can read; it is removed unless it was renamed."""
    handle, name = tempfile.mkstemp(prefix=".part-", dir=folder)
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file, path
    finally:
        path.unlink(missing_ok=True)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _encode(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def _decode(content: bytes, place: Path) -> Manifest:
    try:
        found = msgspec.json.decode(content, type=dict[str, object])
        if found.get("format") != FORMAT:
            raise ForeignBackup(
                f"{place} is a backup of format {found.get('format')}; this Tranche reads format {FORMAT}."
            )
        return msgspec.convert(found, Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NoBackup(f"{place} holds no backup: its manifest cannot be read.") from error
