"""What we are made of is what the pins say, byte by byte."""

import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
LOCK: Final = "requirements.lock"
INSTALLER: Final = ".ci/installer.txt"
LOCKS: Final = (INSTALLER, ".ci/auditor.txt", "tests/clients/generator.txt", LOCK, "bench/peers.txt")
_PIN: Final = re.compile(
    r"(?P<name>[a-z0-9-]+)(?:\[[a-z0-9,_-]+\])?==(?P<version>[^ ;]+)(?: ; [^#]*?)?(?: --hash=sha256:[0-9a-f]{64})+"
)
# What an environment begins with; ourselves.
_NOT_PINNED: Final = frozenset({"pip", "setuptools", "wheel", "tranche"})


def _blocks(lock: str) -> list[str]:
    """The lock's requirements, each with its hashes."""
    return re.sub(r"\\\n\s*", "", (ROOT / lock).read_text()).splitlines()


def _pins(lock: str) -> Mapping[str, str]:
    found = [_PIN.fullmatch(block) for block in _blocks(lock)]
    return {pin["name"]: pin["version"] for pin in found if pin}


def _plain(version: str) -> str:
    """2.012 and 2.12 are one version (PEP 440)."""
    return re.sub(r"\b0+(?=\d)", "", version)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_names_one_version_and_its_hashes(lock: str) -> None:
    loose = [block for block in _blocks(lock) if not _PIN.fullmatch(block)]
    assert loose == []
    assert len(_pins(lock)) >= 20 or (lock == INSTALLER and list(_pins(lock)) == ["uv"])


def test_what_is_installed_is_what_is_pinned() -> None:
    pins = _pins(LOCK)
    installed = {re.sub(r"[-_.]+", "-", one.name).lower(): _plain(one.version) for one in distributions()}
    ours = {name: version for name, version in installed.items() if name not in _NOT_PINNED}
    assert ours == {name: _plain(pins.get(name, "is not pinned")) for name in ours}


def test_nothing_that_is_installed_misses_or_contradicts_another() -> None:
    pip = [str(ROOT / ".venv/installer/bin/python"), "-m", "pip", "--python", sys.executable]
    done = subprocess.run([*pip, "check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_everything_is_installed_by_its_hash() -> None:
    makefile = (ROOT / "Makefile").read_text()
    installing = [line for line in makefile.splitlines() if re.search(r"install.* -r ", line)]
    assert len(installing) == len(LOCKS)
    assert all("--require-hashes" in line for line in installing)
