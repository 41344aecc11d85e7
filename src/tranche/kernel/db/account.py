"""The system user that the embedded server runs as, because PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

# Nothing of our environment may steer the server: PGPORT, PGDATA, LC_* and TZ all would.
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """A system user; `switched` says that we are root and give up its rights for the server."""

    name: str
    uid: int
    gid: int
    switched: bool

    def run(self, *command: str | Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a program to its end as this user, its output kept.

        Raises:
            OSError: the user may not run it, or there is no such program.
            subprocess.TimeoutExpired: it took longer than `timeout` seconds.
        """
        return subprocess.run(  # noqa: S603  # programs of our own choice, never words of a request
            [str(part) for part in command],
            check=False,
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=_ENVIRONMENT,
            user=self._user,
            group=self._group,
            extra_groups=self._groups,
        )

    def spawn(self, *command: str | Path, output: Path) -> subprocess.Popen[bytes]:
        """Start a program that outlives us: in its own session, so that Ctrl-C in our terminal passes it by."""
        with output.open("ab") as log:
            return subprocess.Popen(  # noqa: S603  # as in `run`
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_ENVIRONMENT,
                start_new_session=True,
                user=self._user,
                group=self._group,
                extra_groups=self._groups,
            )

    def can_enter(self, folder: Path) -> bool:
        """Whether this user may pass through the folder; asked of the kernel, which knows ACLs too."""
        return not self.switched or self.run("/bin/sh", "-c", 'cd "$0"', folder).returncode == 0

    def make_private(self, folder: Path) -> None:
        """Make a folder (its parent must be there) that this user alone may enter."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.switched and folder.lstat().st_uid == 0:
            os.chown(folder, self.uid, self.gid, follow_symlinks=False)

    @property
    def _user(self) -> int | None:
        return self.uid if self.switched else None

    @property
    def _group(self) -> int | None:
        return self.gid if self.switched else None

    @property
    def _groups(self) -> list[int] | None:
        return [] if self.switched else None


def server_account() -> Account:
    """Ourselves, or for root the user `postgres`, else `nobody`."""
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    if os.geteuid() != 0:
        names = [name for name, entry in known.items() if entry.pw_uid == os.geteuid()]
        name = names[0] if names else f"number {os.geteuid()}"  # as containers run programs
        return Account(name=name, uid=os.geteuid(), gid=os.getegid(), switched=False)
    entry = next(known[name] for name in _CANDIDATES if name in known)
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid, switched=True)
