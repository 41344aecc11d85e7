"""What every kind of storage promises: a folder, and a bucket of S3 by its real protocol."""

import contextlib
import hashlib
import io
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.buckets import S3Server, s3, s3_server
from tests.keeping import keep
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import NotFound, TooLarge, Unavailable
from tranche.kernel.storage import abandoned
from tranche.kernel.storage.abandoned import clear_abandoned
from tranche.kernel.storage.cache import Cache
from tranche.kernel.storage.domain import Storage
from tranche.kernel.storage.local import LocalFiles
from tranche.kernel.storage.s3 import Bucket, S3Files

__all__ = ["s3", "s3_server"]

LIMIT = 100_000_000
FUTURE = time.time() + 1e6


@pytest.fixture
def open_s3(s3: S3Server, tmp_path: Path) -> Callable[..., S3Files]:
    """Opens the same bucket from several machines: `open_s3("other")`."""
    bucket = Bucket(name=s3.make_bucket(), prefix="acme/tranche", endpoint=s3.url)

    def open_one(machine: str = "one", *, most_bytes: int = 10**9, least_seconds: float = 0.0) -> S3Files:
        cache = Cache(tmp_path / machine, most_bytes=most_bytes, least_seconds=least_seconds)
        return S3Files(bucket, cache=cache)

    return open_one


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return LocalFiles(tmp_path / "files")
    made: Storage = request.getfixturevalue("open_s3")()
    return made


def _put(storage: Storage, content: bytes, *, organization_id: int = 1) -> bytes:
    return storage.put(organization_id, io.BytesIO(content), limit=LIMIT).sha256


def _read(storage: Storage, sha256: bytes, *, organization_id: int = 1) -> bytes:
    with storage.stream(organization_id, sha256) as stream:
        return b"".join(iter(lambda: stream.read(1_000_003), b""))


def test_what_is_put_comes_back_in_every_way(storage: Storage) -> None:
    content = os.urandom(20_000_000)
    sha256 = _put(storage, content)
    assert sha256 == hashlib.sha256(content).digest()
    assert storage.exists(1, sha256)
    assert storage.path(1, sha256).read_bytes() == content
    assert _read(storage, sha256) == content
    with storage.open(1, sha256) as file:
        assert file.read() == content


def test_what_is_not_there_is_refused_in_every_way(storage: Storage) -> None:
    nowhere = bytes(32)
    assert not storage.exists(1, nowhere)
    assert not storage.delete(1, nowhere)
    for ask in (storage.open, storage.path):
        with pytest.raises(NotFound):
            ask(1, nowhere)
    with pytest.raises(NotFound), storage.stream(1, nowhere):
        pytest.fail("there is nothing to read")


def test_what_is_too_large_is_not_kept(storage: Storage) -> None:
    with pytest.raises(TooLarge):
        storage.put(1, io.BytesIO(b"0123456789"), limit=9)
    assert not list(storage.list_kept(1))


def test_organizations_share_nothing(storage: Storage) -> None:
    sha256 = _put(storage, b"same")
    assert not storage.exists(2, sha256)
    _put(storage, b"same", organization_id=2)
    assert storage.organizations() == [1, 2]
    assert storage.delete(1, sha256)
    assert not storage.exists(1, sha256)
    assert _read(storage, sha256, organization_id=2) == b"same"


def test_all_that_is_kept_is_listed_with_its_size(storage: Storage) -> None:
    wanted = {_put(storage, bytes([number]) * number): number for number in range(5)}
    kept = list(storage.list_kept(1))
    assert {one.sha256: one.size for one in kept} == wanted
    assert all(abs(time.time() - one.modified) < 60 for one in kept)
    assert not list(storage.list_kept(2))


def test_what_is_older_is_discarded_and_what_was_put_since_stays(storage: Storage) -> None:
    sha256 = _put(storage, b"x")
    assert not storage.discard(1, sha256, before=time.time() - 60)
    assert storage.exists(1, sha256)
    assert storage.discard(1, sha256, before=FUTURE)
    assert not list(storage.list_kept(1))


def test_a_storage_that_works_has_no_fault(storage: Storage) -> None:
    assert storage.find_fault() is None
    assert not storage.organizations()


def test_another_machine_reads_what_one_has_put(open_s3: Callable[..., S3Files]) -> None:
    sha256 = _put(open_s3("one"), b"from one")
    assert open_s3("other").path(1, sha256).read_bytes() == b"from one"


def test_a_copy_is_used_and_the_oldest_goes_when_there_are_too_many(
    open_s3: Callable[..., S3Files], tmp_path: Path
) -> None:
    writing, reading = open_s3("one"), open_s3("other")
    old, new = (_put(writing, content * 1_000) for content in (b"old", b"new"))
    path = reading.path(1, old)
    assert reading.path(1, old) == path
    os.utime(path, (1.0, 1.0))
    reading.path(1, new)
    small = Cache(tmp_path / "other", most_bytes=3_000, least_seconds=60.0)
    assert small.trim(now=time.time()) == 1
    assert not path.exists()
    assert reading.path(1, old).read_bytes() == b"old" * 1_000


def test_a_copy_in_use_stays_however_little_room_there_is(open_s3: Callable[..., S3Files], tmp_path: Path) -> None:
    storage = open_s3()
    sha256 = _put(storage, b"in use")
    assert Cache(tmp_path / "one", most_bytes=0, least_seconds=60.0).trim(now=time.time()) == 0
    assert storage.path(1, sha256).exists()


def test_an_object_that_holds_something_else_is_not_taken(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        Cache(tmp_path / "one", most_bytes=0).fill(1, io.BytesIO(b"other"), sha256=bytes(32))
    assert not [path for path in (tmp_path / "one").rglob("*") if path.is_file()]


def test_what_was_registered_while_it_was_discarded_comes_back(open_s3: Callable[..., S3Files]) -> None:
    storage = open_s3()
    sha256 = _put(storage, b"just now")
    assert storage.discard(1, sha256, before=FUTURE)
    assert open_s3("other").path(1, sha256).read_bytes() == b"just now"
    assert [kept.sha256 for kept in storage.list_kept(1)] == [sha256]


def test_a_day_later_the_register_decides_what_is_forgotten(
    open_s3: Callable[..., S3Files], database: Database, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, org = open_s3(), context.organization_id
    lost = _put(storage, b"lost", organization_id=org)
    _put(storage, b"stays", organization_id=org)
    assert clear_abandoned(database, storage, older_than=-60) == 2
    with database.transaction(org) as conn:
        kept = keep(conn, open_s3("other"), org, b"stays").sha256
    assert storage.discard(org, kept, before=FUTURE)
    assert clear_abandoned(database, storage) == 0
    monkeypatch.setattr(abandoned, "DISCARDED", -60)
    _put(storage, b"so that the organization is seen", organization_id=org)
    clear_abandoned(database, storage)
    assert not storage.list_discarded(org, before=FUTURE)
    assert not storage.exists(org, lost)
    assert _read(storage, kept, organization_id=org) == b"stays"


def test_a_bucket_that_is_not_there_is_a_fault_in_words(s3: S3Server, tmp_path: Path) -> None:
    bucket = Bucket(name="nowhere", endpoint=s3.url)
    storage = S3Files(bucket, cache=Cache(tmp_path, most_bytes=0))
    assert "the bucket nowhere does not take a file" in (storage.find_fault() or "")


def test_a_server_that_is_away_refuses_for_now(tmp_path: Path, s3: S3Server) -> None:
    del s3
    bucket = Bucket(name="any", endpoint="http://127.0.0.1:9")
    storage = S3Files(bucket, cache=Cache(tmp_path, most_bytes=0))
    with pytest.raises(Unavailable) as caught:
        storage.exists(1, bytes(32))
    assert "127.0.0.1" not in caught.value.message
    with contextlib.suppress(Unavailable):
        storage.put(1, io.BytesIO(b"x"), limit=LIMIT)
    assert not isinstance(caught.value, NotFound)


@pytest.mark.parametrize(
    ("bucket", "token"), [("with blank", "any"), ("tranche", "broken\nby a line")], ids=["bucket", "token"]
)
def test_a_request_that_the_library_cannot_make_is_a_storage_that_is_away(
    bucket: str, token: str, s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    storage = S3Files(Bucket(name=bucket, endpoint=s3.url), cache=Cache(tmp_path, most_bytes=0))
    for ask in (
        lambda: storage.exists(1, bytes(32)),
        lambda: storage.put(1, io.BytesIO(b"x"), limit=LIMIT),
        lambda: list(storage.list_kept(1)),
        lambda: storage.list_notes("audit-head"),
    ):
        with pytest.raises(Unavailable, match="file storage cannot be reached"):
            ask()
    assert "no request can be made of TRANCHE_S3_BUCKET" in (storage.find_fault() or "")


def test_a_note_is_replaced_whole_and_is_no_file(storage: Storage) -> None:
    assert storage.read_note(7, "audit-head") is None
    assert storage.list_notes("audit-head") == []
    storage.delete_note(7, "audit-head")
    for content in (b"one", b"two, which is longer"):
        storage.write_note(7, "audit-head", content)
        storage.write_note(12, "audit-head", content)
        assert storage.read_note(7, "audit-head") == content
    storage.write_note(8, "other", b"x")
    assert storage.list_notes("audit-head") == [7, 12]
    assert storage.organizations() == []
    assert not list(storage.list_kept(7))
    assert storage.clear_parts(7, before=FUTURE) == 0
    storage.delete_note(7, "audit-head")
    assert storage.list_notes("audit-head") == [12]
    assert storage.read_note(12, "audit-head") == b"two, which is longer"


@pytest.mark.parametrize("name", ["", ".", "../x", "a/b", "A", "audit head", "-a", "a-", "a" * 30, "a.b"])
def test_a_note_is_nowhere_else_than_among_the_notes(storage: Storage, name: str) -> None:
    with pytest.raises(ValueError, match="no name of a note"):
        storage.write_note(1, name, b"x")
    for ask in (storage.read_note, storage.delete_note):
        with pytest.raises(ValueError, match="no name of a note"):
            ask(1, name)


def test_the_sweep_leaves_notes_alone(storage: Storage, database: Database, context: Context) -> None:
    storage.write_note(context.organization_id, "audit-head", b"x")
    clear_abandoned(database, storage, older_than=-FUTURE)
    assert storage.read_note(context.organization_id, "audit-head") == b"x"
