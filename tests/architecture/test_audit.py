"""The audit of what is pinned, asked of services on loopback that know what we tell them."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.architecture.test_pins import INSTALLER, LOCKS, ROOT
from tests.kernel.notify.receiver import receiving

_NPM: Final = shutil.which("npm") is not None
_HOLE: Final = {
    "id": "PYSEC-0000-1",
    "summary": "made up",
    "affected": [
        {
            "package": {"name": "msgspec", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}],
        }
    ],
}
_ADVISORY: Final = {
    "id": 1,
    "url": "https://example.org/1",
    "title": "made up",
    "severity": "high",
    "vulnerable_versions": "<99.0.0",
    "cwe": [],
    "cvss": {"score": 0, "vectorString": None},
}

Know = Callable[[dict[str, Any]], tuple[int, dict[str, Any]]]


def _nothing(_: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return 200, {}


def _unknown(_: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return 404, {}


def _answering(know: Know) -> Callable[[bytes], tuple[int, bytes]]:
    """What `know` says of a question, for a receiver; npm asks in gzip."""

    def answer(body: bytes) -> tuple[int, bytes]:
        status, told = know(json.loads(gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body))
        return status, json.dumps(told).encode()

    return answer


def _audit(tmp_path: Path, *flags: str, index: Know = _nothing, registry: Know = _nothing) -> tuple[int, str]:
    with receiving(_answering(index)) as osv, receiving(_answering(registry)) as npm:
        ran = subprocess.run(
            [sys.executable, str(ROOT / ".ci/audit.py"), "--osv", osv.url, *flags],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "npm_config_registry": npm.url, "HOME": str(tmp_path), "npm_config_fetch_retries": "0"},
        )
    assert ran.stderr == ""
    return ran.returncode, ran.stdout


def test_where_nothing_is_known_it_says_of_how_many(tmp_path: Path) -> None:
    code, said = _audit(tmp_path)
    counts = dict(re.findall(r"^(.+): nothing known against (\d+) packages?$", said, re.MULTILINE))
    assert all(int(counts[lock]) >= (1 if lock == INSTALLER else 20) for lock in LOCKS)
    if _NPM:
        assert code == 0
        assert int(counts["web/package-lock.json"]) >= 5
    else:  # the build brings one for itself alone
        assert code == 2
        assert "web/package-lock.json: there is no npm here to ask with" in said


def test_a_hole_is_named_with_the_way_out(tmp_path: Path) -> None:
    def know(question: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return 200, {"vulns": [_HOLE]} if question["package"]["name"] == "msgspec" else {}

    code, said = _audit(
        tmp_path, "--where-possible", "requirements.lock", index=know, registry=lambda _: (200, {"uplot": [_ADVISORY]})
    )
    assert code == 1
    assert re.search(r"^requirements\.lock: msgspec [\d.]+: PYSEC-0000-1, mended in 99\.0$", said, re.MULTILINE)
    assert ("web/package-lock.json: uplot: made up, high, https://example.org/1\n" in said) == _NPM


def test_silence_is_a_failure_unless_it_is_allowed_and_then_it_is_said_aloud(tmp_path: Path) -> None:
    code, said = _audit(tmp_path, index=_unknown, registry=_unknown)
    assert code == 2
    assert "nothing known" not in said
    code, said = _audit(tmp_path, "--where-possible", index=_unknown, registry=_unknown)
    assert code == 0
    assert "nothing known" not in said
    assert re.findall(r"^KNOWN VULNERABILITIES OF (.+) WERE NOT ASKED FOR: .+$", said, re.MULTILINE) == [
        ", ".join(LOCKS),
        "web/package-lock.json",
    ]


def test_a_service_that_falls_silent_half_way_is_a_failure_also_where_silence_is_allowed(tmp_path: Path) -> None:
    def know(question: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return (500 if question["package"]["name"] == "msgspec" else 200), {}

    code, said = _audit(tmp_path, "--where-possible", ".ci/auditor.txt", "requirements.lock", index=know)
    assert code == 2
    assert re.search(r"^requirements\.lock: (?!nothing known)", said, re.MULTILINE)


def test_every_lock_of_the_tree_is_asked_about() -> None:
    ran = subprocess.run(
        ["git", "grep", "-l", "--", "--hash=sha256:"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert {name for name in ran.stdout.split() if Path(name).suffix in {".txt", ".lock"}} == set(LOCKS)
