"""What is costly to find out and the same for all: one of the processes that test finds it out, the others wait."""

import fcntl
from collections.abc import Callable
from pathlib import Path


def once(home: Path, name: str, find_out: Callable[[], str]) -> str:
    """What `find_out` answers, from a file of that name in the session's home once anybody has asked."""
    kept = home / name
    with (home / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_text(find_out(), encoding="utf-8")
    return kept.read_text(encoding="utf-8")
