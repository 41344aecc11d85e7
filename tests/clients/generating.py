"""Generates the Python client of a running server into build/client: `python -m tests.clients.generating URL`."""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import httpx

ROOT: Final = Path(__file__).resolve().parents[2]
CLIENT: Final = ROOT / "build/client"
GENERATOR: Final = ROOT / ".venv/generator/bin"
PINS: Final = Path(__file__).parent / "generator.txt"
CHOICES: Final = PINS.with_suffix(".yml")


def fetch_document(url: str) -> bytes:
    """The document of a server."""
    return httpx.get(f"{url}/schema/openapi.json", timeout=60).raise_for_status().content


def generate(document: bytes) -> str:
    """Make the client, unless it was made of the same document by the same generator; answers what was said.

    Raises:
        CalledProcessError: the generator failed, or warned.
    """
    state = hashlib.sha256(document + PINS.read_bytes() + CHOICES.read_bytes()).hexdigest()
    stamp, path = CLIENT.parent / "client.state", CLIENT.parent / "client.json"
    CLIENT.parent.mkdir(parents=True, exist_ok=True)
    with (CLIENT.parent / "client.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if CLIENT.exists() and stamp.exists() and stamp.read_text() == state:
            return "It is up to date."
        path.write_bytes(document)
        said = _run(path)
        stamp.write_text(state)
    return said


def _run(document: Path) -> str:
    done = subprocess.run(
        [
            str(GENERATOR / "openapi-python-client"),
            *("generate", "--path", str(document), "--output-path", str(CLIENT)),
            *("--meta", "setup", "--config", str(CHOICES), "--overwrite", "--fail-on-warning"),
        ],
        env={**os.environ, "PATH": f"{GENERATOR}:{os.environ.get('PATH', '')}"},  # it calls ruff
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, done.args, done.stdout)
    return done.stdout


if __name__ == "__main__":
    print(generate(fetch_document(sys.argv[1])))  # noqa: T201  # the command's answer
