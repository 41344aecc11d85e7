"""Asks what is publicly known against each package that is pinned: `python .ci/audit.py [--where-possible]`.

Two services know it: the package index of Python, asked by pip-audit (or one that speaks OSV, by `--osv URL`), and the
registry of the browser's libraries, asked by npm. What they do not say counts as a failure, never as a pass: exit code
1 for a vulnerability, 2 for a silence. With `--where-possible`, for machines that reach no such service, a service that
says nothing at all is passed over aloud; one that knows some packages and not others is a failure still.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
AUDITOR = ROOT / ".venv/auditor/bin/pip-audit"
# The first is short: where the service says nothing of it, nothing more is asked.
LOCKS = (".ci/installer.txt", ".ci/auditor.txt", "tests/clients/generator.txt", "requirements.lock", "bench/peers.txt")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said of the packages of some files."""

    pins: str
    known: list[str] = field(default_factory=list)  # vulnerabilities, a sentence each
    asked: int = 0  # packages that were answered, good or bad
    silent: list[str] = field(default_factory=list)  # why others were not


def ask_index(pins: str, osv: str | None) -> Answer:
    """What is known against the packages of a lock."""
    service = ["--vulnerability-service", "osv", "--osv-url", osv] if osv else []
    said = _run([str(AUDITOR), "--format", "json", "--require-hashes", "--disable-pip", *service, "-r", pins], ROOT)
    if "dependencies" not in said:
        return Answer(pins, silent=[_reason(said)])
    packages = said["dependencies"]
    return Answer(
        pins,
        known=[_tell(one, found) for one in packages for found in one.get("vulns", [])],
        asked=sum("vulns" in one for one in packages),
        silent=[one["skip_reason"] for one in packages if "skip_reason" in one],
    )


def _tell(package: dict[str, Any], found: dict[str, Any]) -> str:
    mended = " or ".join(found["fix_versions"]) or "no version yet"
    return f"{package['name']} {package['version']}: {found['id']}, mended in {mended}"


def ask_registry() -> Answer:
    """What is known against the browser's libraries."""
    pins = "web/package-lock.json"
    npm = shutil.which("npm")
    if npm is None:
        return Answer(pins, silent=["there is no npm here to ask with"])
    said = _run([npm, "audit", "--json", "--package-lock-only"], ROOT / "web")
    if "vulnerabilities" not in said:
        return Answer(pins, silent=[_reason(said)])
    return Answer(
        pins,
        known=[
            f"{name}: {way['title']}, {way['severity']}, {way['url']}"
            for name, found in said["vulnerabilities"].items()
            for way in found["via"]
            if isinstance(way, dict)  # else the name of another one of these, through which it is reached
        ],
        asked=said["metadata"]["dependencies"]["total"],
    )


def main(arguments: Sequence[str]) -> int:
    """Ask both, say what they said; the exit code."""
    parser = argparse.ArgumentParser(description="What is publicly known against the packages that are pinned.")
    parser.add_argument("--where-possible", action="store_true", help="pass over a service that says nothing at all")
    parser.add_argument("--osv", metavar="URL", help="ask this service, which speaks OSV, about Python's packages")
    parser.add_argument("locks", metavar="LOCK", nargs="*", default=LOCKS, help="these alone of Python's")
    chosen = parser.parse_args(arguments)
    codes = _codes(chosen.locks, chosen.osv, patient=chosen.where_possible)
    return min((code for code in codes if code), default=0)


def _codes(locks: Sequence[str], osv: str | None, *, patient: bool) -> Iterator[int]:
    first, *others = locks
    answer = ask_index(first, osv)
    if answer.asked:
        yield _judge(answer, patient=False)
        yield from (_judge(ask_index(pins, osv), patient=False) for pins in others)
    else:
        yield _judge(replace(answer, pins=", ".join(locks)), patient=patient)
    yield _judge(ask_registry(), patient=patient)


def _judge(answer: Answer, *, patient: bool) -> int:
    for known in answer.known:
        _say(f"{answer.pins}: {known}")
    if answer.known:
        return 1
    if not answer.silent:
        _say(f"{answer.pins}: nothing known against {answer.asked} package{'s' * (answer.asked != 1)}")
        return 0
    if patient and not answer.asked:
        _say(f"KNOWN VULNERABILITIES OF {answer.pins} WERE NOT ASKED FOR: {answer.silent[0]}")
        return 0
    for silent in answer.silent if answer.asked else answer.silent[:1]:
        _say(f"{answer.pins}: {silent}")
    return 2


def _run(command: Sequence[str], folder: Path) -> dict[str, Any]:
    """What a program wrote as JSON; else `{"error": its last line}`."""
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    try:
        said: dict[str, Any] = json.loads(ran.stdout)
    except ValueError:
        return {"error": (ran.stderr.strip().splitlines() or [f"exit code {ran.returncode}"])[-1]}
    return said


def _reason(said: dict[str, Any]) -> str:
    return str(said.get("message") or said.get("error") or "it answered with nothing")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
