"""Which server the command line talks to, and by which key."""

import contextlib
import ipaddress
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tranche.kernel.bounds import is_base_address
from tranche.kernel.errors import Invalid, Unauthorized
from tranche.kernel.settings import Settings

URL: Final = "TRANCHE_URL"
API_KEY: Final = "TRANCHE_API_KEY"

KEY_FILE: Final = "key"
URL_FILE: Final = "url"

_FOR_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_LONGEST_KEY: Final = 500


@dataclass(frozen=True, slots=True)
class Address:
    """A server's base address without a slash at its end, and the key it is asked with."""

    url: str
    key: str = field(repr=False)

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine."""
        return _is_local(self.url)


def find_address(environ: Mapping[str, str]) -> Address:
    """TRANCHE_URL and TRANCHE_API_KEY; by default the local `tranche up` and the key that it keeps.

    The local one is where it says itself in TRANCHE_HOME, else at TRANCHE_PORT, else at port 8080. The
    kept key is only ever sent to this machine.

    Raises:
        Invalid: TRANCHE_URL is no address of a server, or another setting cannot be read.
        Unauthorized: there is no key, or others can read its file.
    """
    settings = Settings.load(environ)
    url = environ.get(URL, "").strip().rstrip("/") or _local_url(settings)
    _check_url(url)
    key = environ.get(API_KEY, "").strip()
    if not key:
        key = _kept_key(settings.home / KEY_FILE, url=url)
    if not (key.isascii() and key.isprintable() and " " not in key and len(key) <= _LONGEST_KEY):
        raise Unauthorized("The API key holds characters that no key has; copy it again, on one line.")
    return Address(url=url, key=key)


def _local_url(settings: Settings) -> str:
    """What the home says comes first: the port of the environment may be that of another installation."""
    with contextlib.suppress(OSError, ValueError):
        told = (settings.home / URL_FILE).read_text(encoding="utf-8").strip().rstrip("/")
        if told and _is_local(told):
            return told
    return f"http://127.0.0.1:{settings.port}"


def _check_url(url: str) -> None:
    if not is_base_address(url):
        raise Invalid(f"TRANCHE_URL is {url!r}; it must be an address such as http://127.0.0.1:8080.", code="setting")


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _kept_key(path: Path, *, url: str) -> str:
    if not _is_local(url):
        raise Unauthorized(f"Set TRANCHE_API_KEY to a key of {url}; the key kept in {path} is for this machine only.")
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & _FOR_OTHERS:
                raise Unauthorized(
                    f"Others can read the API key in {path} (its mode is {mode:04o}). Run: chmod 600 {path}",
                    code="key_exposed",
                )
            return file.read(_LONGEST_KEY * 2).decode("utf-8", errors="replace").strip()
    except OSError as error:
        raise Unauthorized(
            f"There is no API key: set TRANCHE_API_KEY, or start `tranche up`, which keeps one in {path}.",
            code="no_key",
        ) from error
