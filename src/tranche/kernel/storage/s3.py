"""Files in a bucket of S3 or of a server that speaks it, with copies of what was used lately on this machine."""

import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final, ParamSpec, TypeVar

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import S3Store

from tranche.kernel.storage.cache import Cache
from tranche.kernel.storage.domain import FileMissing, Kept, Readable, StorageAway, StoredFile, note_name

P = ParamSpec("P")
T = TypeVar("T")

_PART: Final = 8 << 20
_PARTS_AT_ONCE: Final = 2
_HASH_BYTES: Final = 32
_TIMEOUT: Final = timedelta(seconds=30)
_CONNECT: Final = timedelta(seconds=5)
_RETRY: Final = timedelta(seconds=20)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Where the files are; credentials come from where AWS's own programs take them."""

    name: str
    prefix: str = ""
    endpoint: str | None = None
    region: str = "us-east-1"


class S3Files:
    """The port `Storage` over a bucket: `<prefix>/files/<organization>/<first two hex digits>/<hash>`.

    Notes lie under `<prefix>/notes/<organization>/<name>`.

    A discarded file lies under `<prefix>/discarded` for a day, because S3 cannot move a file aside in one step: who
    asks meanwhile for one that has been registered after all gets it back.
    """

    def __init__(self, bucket: Bucket, *, cache: Cache) -> None:
        """Opens no connection yet."""
        self._name = bucket.name
        self._cache = cache
        self._store = S3Store(
            bucket.name,
            prefix=bucket.prefix.strip("/") or None,
            region=bucket.region,
            client_options={"timeout": _TIMEOUT, "connect_timeout": _CONNECT, "allow_http": bool(bucket.endpoint)},
            retry_config={"max_retries": 4, "retry_timeout": _RETRY},
            # Other servers than AWS's have the bucket in the path.
            config={"endpoint": bucket.endpoint, "virtual_hosted_style_request": False} if bucket.endpoint else None,
        )

    def put(self, organization_id: int, stream: Readable, *, limit: int) -> StoredFile:
        """See `Files.put`. The stream is spooled to the disk first: its name is known only at its end."""
        stored = self._cache.put(organization_id, stream, limit=limit)
        with self._cache.open(organization_id, stored.sha256) as file:
            _ask(
                obstore.put,
                self._store,
                _key(organization_id, stored.sha256),
                file,
                use_multipart=stored.size > _PART,
                chunk_size=_PART,
                max_concurrency=_PARTS_AT_ONCE,
            )
        self._cache.trim()
        return stored

    def open(self, organization_id: int, sha256: bytes) -> BinaryIO:
        """See `Files.open`."""
        return self.path(organization_id, sha256).open("rb")

    def path(self, organization_id: int, sha256: bytes) -> Path:
        """See `Files.path`: a copy on this machine, fetched where it is not there yet."""
        found = self._cache.find(organization_id, sha256)
        if found is not None:
            return found
        with self.stream(organization_id, sha256) as stream:
            path = self._cache.fill(organization_id, stream, sha256=sha256)
        self._cache.trim()
        return path

    def exists(self, organization_id: int, sha256: bytes) -> bool:
        """See `Files.exists`."""
        try:
            self._find(organization_id, sha256)
        except FileMissing:
            return False
        return True

    def delete(self, organization_id: int, sha256: bytes) -> bool:
        """See `Files.delete`."""
        self._cache.drop(organization_id, sha256)
        found = self.exists(organization_id, sha256)
        for key in (_key(organization_id, sha256), _aside(organization_id, sha256)):
            _ask(obstore.delete, self._store, key)
        return found

    @contextmanager
    def stream(self, organization_id: int, sha256: bytes) -> Iterator[Readable]:
        """See `Storage.stream`."""
        key = _key(organization_id, sha256)
        try:
            found = _ask(obstore.get, self._store, key)
        except FileMissing:
            self._bring_back(organization_id, sha256)
            found = _ask(obstore.get, self._store, key)
        yield _Pieces(iter(found.stream(min_chunk_size=1 << 20)))

    def organizations(self) -> list[int]:
        """See `Storage.organizations`."""
        return self._folders("files")

    def list_kept(self, organization_id: int) -> Iterator[Kept]:
        """See `Storage.list_kept`; parts of uploads that were cut off are the bucket's, and no file."""
        return self._list(f"files/{int(organization_id)}")

    def discard(self, organization_id: int, sha256: bytes, *, before: float) -> bool:
        """See `Storage.discard`."""
        key = _key(organization_id, sha256)
        try:
            found = _ask(obstore.head, self._store, key)
        except FileMissing:
            return False
        if found["last_modified"].timestamp() >= before:
            return False
        _ask(obstore.copy, self._store, key, _aside(organization_id, sha256))
        _ask(obstore.delete, self._store, key)
        return True

    def list_discarded(self, organization_id: int, *, before: float) -> Iterable[bytes]:
        """See `Storage.list_discarded`."""
        found = self._list(f"discarded/{int(organization_id)}")
        return [kept.sha256 for kept in found if kept.sha256 is not None and kept.modified < before]

    def settle(self, organization_id: int, sha256: bytes, *, keep: bool) -> None:
        """See `Storage.settle`."""
        if keep:
            self._find(organization_id, sha256)
        _ask(obstore.delete, self._store, _aside(organization_id, sha256))

    def clear_parts(self, organization_id: int, *, before: float) -> int:
        """See `Storage.clear_parts`; of this machine's copies."""
        return self._cache.clear_parts(organization_id, before=before)

    def write_note(self, organization_id: int, name: str, content: bytes) -> None:
        """See `Storage.write_note`."""
        _ask(obstore.put, self._store, _note(organization_id, name), content)

    def read_note(self, organization_id: int, name: str) -> bytes | None:
        """See `Storage.read_note`."""
        try:
            found = _ask(obstore.get, self._store, _note(organization_id, name))
            return bytes(_ask(found.bytes))
        except FileMissing:
            return None

    def delete_note(self, organization_id: int, name: str) -> None:
        """See `Storage.delete_note`."""
        _ask(obstore.delete, self._store, _note(organization_id, name))

    def list_notes(self, name: str) -> list[int]:
        """See `Storage.list_notes`."""
        return [found for found in self._folders("notes") if self.read_note(found, name) is not None]

    def find_fault(self) -> str | None:
        """See `Storage.find_fault`."""
        key, content = f"probes/{secrets.token_hex(8)}", secrets.token_bytes(64)
        try:
            _ask(obstore.put, self._store, key, content)
            answer = bytes(_ask(obstore.get, self._store, key).bytes())
            _ask(obstore.delete, self._store, key)
        except (StorageAway, FileMissing) as error:
            return f"the bucket {self._name} does not take a file: {_cause(error)}"
        return None if answer == content else f"the bucket {self._name} gives back other bytes than were written"

    def _folders(self, folder: str) -> list[int]:
        found = _ask(obstore.list_with_delimiter, self._store, folder)
        names = (prefix.rstrip("/").rpartition("/")[2] for prefix in found["common_prefixes"])
        return sorted(int(name) for name in names if name.isdigit())

    def _find(self, organization_id: int, sha256: bytes) -> None:
        try:
            _ask(obstore.head, self._store, _key(organization_id, sha256))
        except FileMissing:
            self._bring_back(organization_id, sha256)

    def _bring_back(self, organization_id: int, sha256: bytes) -> None:
        """What was discarded in the moment in which it was put again; raises FileMissing where nothing was."""
        _ask(obstore.copy, self._store, _aside(organization_id, sha256), _key(organization_id, sha256))

    def _list(self, folder: str) -> Iterator[Kept]:
        for page in _listed(obstore.list(self._store, f"{folder}/", chunk_size=1_000)):
            for found in page:
                name = found["path"].rpartition("/")[2]
                yield Kept(
                    name=found["path"],
                    sha256=bytes.fromhex(name),
                    size=found["size"],
                    modified=found["last_modified"].timestamp(),
                )


class _Pieces:
    """What comes from the bucket in pieces of its own size, read in pieces of ours."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, none at the end."""
        if not self._rest:
            self._rest = bytes(_ask(next, self._pieces, b""))
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece


def _key(organization_id: int, sha256: bytes) -> str:
    return f"files/{int(organization_id)}/{_digits(sha256)[:2]}/{_digits(sha256)}"


def _note(organization_id: int, name: str) -> str:
    return f"notes/{int(organization_id)}/{note_name(name)}"


def _aside(organization_id: int, sha256: bytes) -> str:
    return f"discarded/{int(organization_id)}/{_digits(sha256)}"


def _digits(sha256: bytes) -> str:
    if len(sha256) != _HASH_BYTES:
        raise ValueError("a SHA-256 has 32 bytes")
    return sha256.hex()


def _listed(pages: Iterator[T]) -> Iterator[T]:
    while (page := _ask(next, pages, None)) is not None:
        yield page


def _ask(act: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """One request, its faults as ours: what is missing, and all else as a storage that is away.

    The library panics at a request that cannot be built, such as with a line break in a token; that is no `Exception`.
    """
    began = time.monotonic()
    try:
        return act(*args, **kwargs)
    except FileNotFoundError:
        raise FileMissing from None
    except BaseException as error:
        if not (isinstance(error, BaseError | OSError) or _is_panic(error)):
            raise
        _log.warning("storage.away", error=type(error).__name__, seconds=round(time.monotonic() - began, 1))
        raise StorageAway from error


def _cause(error: StorageAway | FileMissing) -> str:
    cause = error.__cause__ or error
    line = str(cause).strip().splitlines()[0]
    if _is_panic(cause):
        return f"no request can be made of TRANCHE_S3_BUCKET, TRANCHE_S3_ENDPOINT and the credentials ({line})"
    return line


def _is_panic(error: BaseException) -> bool:
    # Its class can be imported from nowhere.
    return type(error).__module__ == "pyo3_runtime"
