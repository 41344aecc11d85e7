"""A disk that is really full, for those who may mount one."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def full_disk(folder: Path, *, left: int = 0) -> Iterator[bool]:
    """Until the end a disk of its own is at this folder, with about `left` bytes of room; False where none may be."""
    with small_disk(folder, megabytes=1) as is_real:
        if is_real:
            fill(folder, left=left)
        yield is_real


@contextlib.contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[bool]:
    """Until the end an empty disk of this size is at this folder; False where none may be."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,nr_inodes={megabytes}k", "none", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        yield False
        return
    try:
        yield True
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, *, left: int = 0) -> None:
    """Leave about `left` bytes of room on the disk of this folder."""
    ballast = folder / ".ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    with ballast.open("r+b") as file:
        file.truncate(max(0, ballast.stat().st_size - left))
