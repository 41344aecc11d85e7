"""PostgreSQL's own programs that dump and restore: found by version, and run without a password among their words."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tranche.kernel.db.binaries import find_client_folders
from tranche.kernel.errors import Unavailable

_FIRST_WITH_ITS_TIMEOUT: Final = 17
_TAIL: Final = 2_000
# What belongs to the server and not to us: neither the schema itself nor extensions, owners and rights.
_NOT_OURS: Final = re.compile(r"; \d+ \d+ (SCHEMA|EXTENSION|COMMENT - (SCHEMA|EXTENSION)|ACL|DEFAULT ACL|PUBLICATION) ")


class ProgramFailed(Unavailable):
    """One of the programs is missing or ended with a fault."""

    code = "program_failed"


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder with `pg_dump` and `pg_restore`, and their major version."""

    folder: Path
    major: int

    def dump(self, url: str, path: Path, *, snapshot: str, environ: Mapping[str, str]) -> None:
        """Dump the schema `public` as an exported snapshot sees it, without what is only staged.

        Raises:
            ProgramFailed: with its last words.
        """
        what = ["--schema=public", "--no-unlogged-table-data", f"--snapshot={snapshot}"]
        how = ["--format=custom", "--compress=1", "--lock-wait-timeout=60s", f"--file={path}"]
        self._run("pg_dump", [*what, *how], url=url, environ=environ, where_to=f" while it wrote {path}")

    def restore(self, url: str, path: Path, *, environ: Mapping[str, str]) -> None:
        """Bring a dump into an empty schema `public`, wholly or not at all; everything belongs to the role of `url`.

        Raises:
            ProgramFailed: with its last words; nothing was changed.
        """
        listed = self._run("pg_restore", ["--list", str(path)], url=None, environ=environ)
        ours = [line for line in listed.splitlines() if not _NOT_OURS.search(line)]
        with tempfile.NamedTemporaryFile("w", suffix=".list", encoding="utf-8") as wanted:
            wanted.write("\n".join(ours) + "\n")
            wanted.flush()
            words = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
            self._run("pg_restore", [*words, f"--use-list={wanted.name}", str(path)], url=url, environ=environ)

    def _run(
        self, name: str, words: Sequence[str], *, url: str | None, environ: Mapping[str, str], where_to: str = ""
    ) -> str:
        given = conninfo_to_dict(url) if url else {}
        secret = given.pop("password", None)
        environment = {**environ, "PGAPPNAME": f"tranche {name}", **({"PGPASSWORD": str(secret)} if secret else {})}
        where = [f"--dbname={make_conninfo('', **given)}"] if url else []
        done = subprocess.run(  # noqa: S603  # a program of our own choice, never words of a request
            [str(self.folder / name), *where, *words],
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            env=environment,
        )
        if done.returncode:
            said = done.stderr.strip()[-_TAIL:] or f"exit code {done.returncode}"
            raise ProgramFailed(f"{name} failed{where_to}: {said}")
        return done.stdout


def find_dumper(pg_bin: Path | None, *, server: int) -> Programs:
    """The programs for a dump of a server of this major version: as old as it, else the next newer ones.

    Raises:
        ProgramFailed: there are none.
    """
    fitting = [found for found in _find(pg_bin) if found.major >= server]
    if not fitting:
        raise ProgramFailed(_missing(server))
    return min(fitting, key=lambda found: found.major)


def find_restorer(pg_bin: Path | None, *, server: int, dumped_from: int) -> Programs:
    """The programs that bring a dump into a server of this major version.

    Raises:
        ProgramFailed: there are none; or the server is older than the one that was dumped.
    """
    if server < dumped_from:
        raise ProgramFailed(
            f"The backup was taken from PostgreSQL {dumped_from} and this server is {server}. A dump goes into the "
            "same or a newer version, never into an older one."
        )
    programs = find_dumper(pg_bin, server=server)
    if programs.major >= _FIRST_WITH_ITS_TIMEOUT > server:  # they set a limit that older servers do not know
        raise ProgramFailed(_missing(server))
    return programs


def _find(pg_bin: Path | None) -> Iterator[Programs]:
    on_path = shutil.which("pg_dump")
    folders = [pg_bin] if pg_bin else [*find_client_folders(), *([Path(on_path).parent] if on_path else [])]
    for folder in folders:
        major = _major(folder)
        if major and (folder / "pg_restore").exists():
            yield Programs(folder, major)


def _major(folder: Path) -> int | None:
    try:
        answer = subprocess.run(  # noqa: S603  # as above
            [str(folder / "pg_dump"), "--version"], check=False, capture_output=True, text=True, timeout=30
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\) (\d+)", answer)
    return int(match[1]) if match else None


def _missing(server: int) -> str:
    return (
        f"There is no pg_dump and pg_restore for PostgreSQL {server} on this machine. Install the package "
        f"postgresql-client-{server}, or name the folder of the programs by TRANCHE_PG_BIN."
    )
