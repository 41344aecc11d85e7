"""Files in a local folder: whole or not at all."""

import errno
import hashlib
import io
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import BinaryIO

import pytest

from tests.disks import full_disk
from tranche.kernel.errors import NotFound, TooLarge, Unavailable
from tranche.kernel.storage.domain import StorageFull, readable_size
from tranche.kernel.storage.local import LocalFiles

LIMIT = 10_000_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def files(root: Path) -> LocalFiles:
    return LocalFiles(root)


def _kept(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def test_what_is_put_comes_back_with_its_hash_and_size(files: LocalFiles) -> None:
    content = os.urandom(3_000_000)
    stored = files.put(1, io.BytesIO(content), limit=LIMIT)
    assert stored.sha256 == hashlib.sha256(content).digest()
    assert stored.size == len(content)
    with files.open(1, stored.sha256) as file:
        assert file.read() == content
    assert files.path(1, stored.sha256).read_bytes() == content
    assert files.exists(1, stored.sha256)


def test_an_empty_file_is_a_file(files: LocalFiles) -> None:
    stored = files.put(1, io.BytesIO(b""), limit=LIMIT)
    assert stored.size == 0
    assert files.exists(1, stored.sha256)


def test_the_same_content_is_kept_once(files: LocalFiles, root: Path) -> None:
    first = files.put(1, io.BytesIO(b"same"), limit=LIMIT)
    assert files.put(1, io.BytesIO(b"same"), limit=LIMIT) == first
    assert len(_kept(root)) == 1


def test_the_address_is_organization_then_two_digits_then_hash(files: LocalFiles, root: Path) -> None:
    stored = files.put(7, io.BytesIO(b"x"), limit=LIMIT)
    name = stored.sha256.hex()
    assert _kept(root) == [root / "7" / name[:2] / name]


def test_organizations_share_nothing(files: LocalFiles) -> None:
    stored = files.put(1, io.BytesIO(b"secret"), limit=LIMIT)
    assert not files.exists(2, stored.sha256)
    with pytest.raises(NotFound):
        files.open(2, stored.sha256)
    with pytest.raises(NotFound):
        files.path(2, stored.sha256)
    assert not files.delete(2, stored.sha256)
    files.put(2, io.BytesIO(b"secret"), limit=LIMIT)
    assert files.delete(1, stored.sha256)
    assert files.exists(2, stored.sha256)


def test_deleting_twice_says_that_there_was_nothing(files: LocalFiles) -> None:
    stored = files.put(1, io.BytesIO(b"x"), limit=LIMIT)
    assert files.delete(1, stored.sha256)
    assert not files.delete(1, stored.sha256)
    assert not files.exists(1, stored.sha256)


def test_a_stream_over_the_limit_is_refused_before_it_is_read_to_its_end(files: LocalFiles, root: Path) -> None:
    endless = _Endless()
    with pytest.raises(TooLarge, match=r"limit of 5 MB") as caught:
        files.put(1, endless, limit=5_000_000)
    assert caught.value.error_code == "file_too_large"
    assert endless.given < 8_000_000
    assert _kept(root) == []


def test_a_stream_of_exactly_the_limit_is_taken(files: LocalFiles) -> None:
    assert files.put(1, io.BytesIO(b"12345"), limit=5).size == 5
    with pytest.raises(TooLarge):
        files.put(1, io.BytesIO(b"123456"), limit=5)


def test_a_source_that_breaks_leaves_no_half_file(files: LocalFiles, root: Path) -> None:
    with pytest.raises(ConnectionError):
        files.put(1, _Broken(), limit=LIMIT)
    assert _kept(root) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_storage_full_and_leaves_no_half_file(
    files: LocalFiles, root: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def full(_: int) -> None:
        raise OSError(number, "no room")

    monkeypatch.setattr(os, "fsync", full)
    root.joinpath("1").mkdir(parents=True)
    with pytest.raises(Unavailable) as caught:
        files.put(1, io.BytesIO(b"content"), limit=LIMIT)
    assert caught.value.error_code == "storage_full"
    assert str(root) not in caught.value.message
    assert _kept(root) == []


def test_other_faults_of_the_disk_are_not_called_full(
    files: LocalFiles, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(_: int) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "fsync", faulty)
    root.joinpath("1").mkdir(parents=True)
    with pytest.raises(OSError, match="broken"):
        files.put(1, io.BytesIO(b"content"), limit=LIMIT)
    assert _kept(root) == []


_UNDER_A_SIZE_LIMIT = """
import io, resource, sys
from pathlib import Path
from tranche.kernel.storage.domain import StorageFull
from tranche.kernel.storage.local import LocalFiles
resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))
try:
    LocalFiles(Path(sys.argv[1])).put(1, io.BytesIO(bytes(4_000_000)), limit=10_000_000)
except StorageFull:
    print("storage_full")
"""


def test_a_write_that_the_machine_refuses_half_way_leaves_no_half_file(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _UNDER_A_SIZE_LIMIT, str(root)], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.strip() == "storage_full"
    assert _kept(root) == []


def test_a_disk_that_fills_up_half_way_serves_no_part_of_the_file_and_takes_it_when_there_is_room(root: Path) -> None:
    files, content = LocalFiles(root), os.urandom(300_000)
    with full_disk(root, left=100_000) as is_real:
        if not is_real:
            pytest.skip("only who may mount can fill a disk")
        small = files.put(1, io.BytesIO(b"small"), limit=LIMIT)
        with pytest.raises(StorageFull):
            files.put(1, io.BytesIO(content), limit=LIMIT)
        assert not files.exists(1, hashlib.sha256(content).digest())
        assert [path.read_bytes() for path in _kept(root) if path.name != ".ballast"] == [b"small"]
        root.joinpath(".ballast").unlink()
        stored = files.put(1, io.BytesIO(content), limit=LIMIT)
        with files.open(1, stored.sha256) as whole, files.open(1, small.sha256) as still:
            assert (whole.read(), still.read()) == (content, b"small")


def test_the_folder_is_synced_after_the_rename(files: LocalFiles, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def watch(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watch)
    name = files.put(1, io.BytesIO(b"x"), limit=LIMIT).sha256.hex()
    assert synced[-1] == str(root / "1" / name[:2])
    assert any(Path(path).name.startswith(".part-") for path in synced)
    assert {str(root), str(root / "1")} <= set(synced)


def test_many_writers_of_the_same_content_leave_one_whole_file(files: LocalFiles, root: Path) -> None:
    content = os.urandom(500_000)
    threads = [
        threading.Thread(target=files.put, args=(1, io.BytesIO(content)), kwargs={"limit": LIMIT}) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (only,) = _kept(root)
    assert only.read_bytes() == content


def test_other_users_of_the_machine_cannot_read(files: LocalFiles, root: Path) -> None:
    stored = files.put(1, io.BytesIO(b"x"), limit=LIMIT)
    assert files.path(1, stored.sha256).stat().st_mode & 0o077 == 0
    assert (root / "1").stat().st_mode & 0o077 == 0


def test_a_note_for_which_there_is_no_room_leaves_the_one_before(root: Path, files: LocalFiles) -> None:
    with full_disk(root, left=100_000) as is_real:
        files.write_note(1, "audit-head", b"before")
        if is_real:
            with pytest.raises(StorageFull):
                files.write_note(1, "audit-head", bytes(500_000))
        assert files.read_note(1, "audit-head") == b"before"
        assert [path.name for path in _kept(root / "notes")] == ["audit-head"]


def test_a_hash_of_another_length_is_a_mistake_of_the_program(files: LocalFiles) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        files.exists(1, b"../../etc/passwd")


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1_500, "1.5 kB"), (200_000_000, "200 MB"), (10**9, "1 GB")]
)
def test_sizes_are_readable(size: int, text: str) -> None:
    assert readable_size(size) == text


class _Endless(io.RawIOBase, BinaryIO):  # the stream of an upload that never ends
    given = 0

    def read(self, size: int = -1) -> bytes:
        self.given += size
        return bytes(size)


class _Broken(io.RawIOBase, BinaryIO):  # a client that goes away in the middle
    calls = 0

    def read(self, size: int = -1) -> bytes:
        self.calls += 1
        if self.calls > 1:
            raise ConnectionError
        return bytes(size)
