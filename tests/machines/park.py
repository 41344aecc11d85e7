"""Processes that share nothing of this machine: each has a home of its own, a database's address, and a bucket."""

import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.buckets import CREDENTIALS, S3Server
from tests.commands.processes import Command
from tests.databases import DatabaseUrls
from tests.kernel.identity.factories import join
from tranche.kernel.db.pool import Database


@dataclass(slots=True)
class Park:
    """Starts machines; the admin's key opens each server."""

    urls: DatabaseUrls
    shared: Mapping[str, str]
    folder: Path
    key: str = field(repr=False)
    machines: list[Command] = field(default_factory=list)

    def home(self, number: int) -> Path:
        return self.folder / f"machine-{number}"

    def start(self, *words: str, **environment: str) -> Command:
        """One more machine; without DATABASE_URL it has the direct address."""
        number = len(self.machines)
        given = {"TRANCHE_HOME": str(self.home(number)), "DATABASE_URL": self.urls.app, **self.shared, **environment}
        machine = Command(words, environment=given, log=self.folder / f"{number}.log")
        self.machines.append(machine)
        return machine

    def client(self, server: Command) -> httpx.Client:
        return httpx.Client(
            base_url=server.url(), headers={"Authorization": f"Bearer {self.key}"}, timeout=60, trust_env=False
        )


@pytest.fixture
def park(database_urls: DatabaseUrls, database: Database, s3: S3Server, tmp_path: Path) -> Iterator[Park]:
    _, key = join(database, name="Acme")
    shared = {
        "TRANCHE_S3_BUCKET": s3.make_bucket(),
        "TRANCHE_S3_ENDPOINT": s3.url,
        "TRANCHE_SIGNING_KEY": secrets.token_hex(32),
        "TRANCHE_HEARTBEAT_SECONDS": "0.5",
        **CREDENTIALS,
    }
    found = Park(database_urls, shared, tmp_path, key)
    yield found
    for machine in found.machines:
        machine.clear()
        sys.stdout.write(f"--- tranche {' '.join(machine.arguments)}\n{machine.said()[-3_000:]}\n")


def wait(client: httpx.Client, path: str, *, over: Callable[[dict[str, Any]], bool], seconds: float = 60.0) -> Any:
    """What the path answers when it is over."""
    ends = time.monotonic() + seconds
    while True:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found = body.get("data", body)
        if over(found):
            return found
        assert time.monotonic() < ends, f"not within {seconds} s: {found}"
        time.sleep(0.1)
