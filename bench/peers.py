"""The peers: other ways to bring the same workbook into the same PostgreSQL, each in a process with its own Python.

What each does and does not do stands at the head of its script, `peer_django.py`, `peer_openpyxl.py` and
`peer_same.py`. Their clock runs from the opening of the file to the last commit: they need no server, no request and no
queue, and their process has started and imported its libraries before. They write into tables of theirs, in a database
of their own on the same server, with the server's settings as they are for Tranche: fsync and synchronous_commit are
on, so that every commit waits for the disk.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tranche.kernel.db.embedded import OWNER_ROLE, EmbeddedPostgres

_HERE: Final = Path(__file__).parent
_DATABASE: Final = "peers"
_MOST_SECONDS: Final = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One way, and how many times faster we mean to be; None where nobody has said so."""

    name: str
    script: str
    mode: str
    factor: int | None


PEERS: Final = (
    Peer(name="django-import-export, bulk, looking rows up", script="peer_django.py", mode="look-up", factor=20),
    Peer(name="django-import-export, bulk, insert only", script="peer_django.py", mode="insert", factor=8),
    Peer(name="openpyxl, an INSERT and a commit per row", script="peer_openpyxl.py", mode="insert", factor=20),
    Peer(
        name="the same data (orders, lines, customers, items, errors), openpyxl, a commit per order",
        script="peer_same.py",
        mode="insert",
        factor=None,
    ),
)


def default_python() -> Path:
    """Where `make peers` installs them: in an environment within ours."""
    return Path(sys.prefix) / "peers" / "bin" / "python"


def peer_seconds(peer: Peer, *, python: Path, postgres: EmbeddedPostgres, book: Path, rows: int, times: int) -> float:
    """The best of so many, each into a new database; ends the run when a row is missing."""
    return min(_run(peer, python=python, postgres=postgres, book=book, rows=rows) for _ in range(times))


def _run(peer: Peer, *, python: Path, postgres: EmbeddedPostgres, book: Path, rows: int) -> float:
    postgres.create_database(_DATABASE)
    try:
        url = postgres.url(OWNER_ROLE, database=_DATABASE)
        done = subprocess.run(
            [str(python), str(_HERE / peer.script), peer.mode, url, str(book)],
            check=False,
            capture_output=True,
            text=True,
            timeout=_MOST_SECONDS,
        )
    finally:
        postgres.drop_database(_DATABASE)
    if done.returncode:
        sys.exit(f"{peer.name} failed: {done.stderr}")
    told = json.loads(done.stdout)
    if told["rows"] != rows:
        sys.exit(f"{peer.name} brought in {told['rows']} of {rows} rows.")
    return float(told["seconds"])
