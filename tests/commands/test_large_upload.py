"""A file of the largest size that is taken comes up to a real server, which keeps little of it in memory at a time."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import httpx

from tests.commands.processes import Command
from tests.databases import DatabaseUrls
from tests.kernel.identity.factories import join
from tranche.kernel.db.pool import Database
from tranche.kernel.settings import Settings

Start = Callable[..., Command]
MOST: Final = Settings().max_upload_bytes
HEAD: Final = b"orderId,customerName,itemSku,quantity,unitPrice\n"
GROWTH: Final = 48_000_000
_PEAK: Final = re.compile(r"VmHWM:\s+(\d+) kB")


def peak(pid: int) -> int:
    """The most memory that a process has had, in bytes."""
    found = _PEAK.search(Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def upload(client: httpx.Client, path: Path, size: int) -> httpx.Response:
    with path.open("wb") as file:
        file.write(HEAD)
        while (left := size - file.tell()) > 0:
            file.write((b"O-1,Acme,ITEM-1,1,9.50\n" * 40_000)[:left])
    with path.open("rb") as file:
        return client.post("/api/orders/upload", files={"file": ("large.csv", file, "text/csv")})


def test_a_server_takes_the_largest_file_in_little_memory_and_refuses_a_larger_one(
    start: Start, database: Database, database_urls: DatabaseUrls, tmp_path: Path
) -> None:
    _, key = join(database, name="Acme")
    server = start("serve", "--port", "0", DATABASE_URL=database_urls.app)
    path, headers = tmp_path / "large.csv", {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=server.url(), headers=headers, timeout=120) as client:
        assert upload(client, path, 10_000).status_code == 202
        before = peak(server.process.pid)
        taken = upload(client, path, MOST)
        assert taken.status_code == 202, taken.text[:500]
        assert taken.json()["fileSize"] == MOST
        assert peak(server.process.pid) - before < GROWTH
        refused = upload(client, path, MOST + 1)
        assert refused.status_code == 413
        assert "200 MB" in refused.json()["detail"]
        assert peak(server.process.pid) - before < GROWTH
        assert client.get("/readyz").status_code == 200
