"""What the numbers, addresses and proxies of settings may be."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_DAY: Final = 86_400
_NEVER_IN_HOSTS: Final = frozenset('<>\\^|{}%"`')
_YEARS: Final = 10 * 366 * _DAY


@dataclass(frozen=True, slots=True)
class Bound:
    """The least and the greatest value of a setting, both allowed; without a greatest one it may be any above."""

    least: float
    most: float | None = None

    def holds(self, value: float) -> bool:
        """Whether the value lies within; NaN never does."""
        return self.least <= value and (self.most is None or value <= self.most)

    def __str__(self) -> str:
        """As it stands in a message, behind "a number"."""
        return f"of at least {self.least:,}" if self.most is None else f"from {self.least:,} to {self.most:,}"


_PORT: Final = Bound(0, 65_535)

BOUNDS: Final[Mapping[str, Bound]] = {
    "port": _PORT,
    "metrics_port": _PORT,
    "s3_cache_bytes": Bound(0),
    "pool_size": Bound(1, 1_000),
    "worker_slots": Bound(1, 100),
    "slice_seconds": Bound(0.1, 3_600),
    "chunk_seconds": Bound(0.05, 60),
    # A worker counts as silent after 30 s, wherever that is told.
    "heartbeat_seconds": Bound(0.1, 20),
    "dead_after_seconds": Bound(0.2, 3_600),
    "sweep_seconds": Bound(0.1, 3_600),
    # Two seconds of them are for what comes after the last chunk.
    "shutdown_seconds": Bound(3, 3_600),
    "max_upload_bytes": Bound(1),
    "max_body_bytes": Bound(1_000),
    "max_rows": Bound(1),
    # The program of the child alone takes some of it.
    "parser_memory_bytes": Bound(100_000_000),
    "parser_seconds": Bound(1, _DAY),
    "session_idle_seconds": Bound(60, _YEARS),
    "session_seconds": Bound(60, _YEARS),
    "rate_per_minute": Bound(1),
    "rate_per_minute_organization": Bound(1),
}


def is_base_address(text: str) -> bool:
    """Whether this is http:// or https:// with a host, and perhaps a port and a path, and nothing else."""
    try:
        parts = urlsplit(text)
        names_place = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        is_host = _NEVER_IN_HOSTS.isdisjoint(parts.hostname or "")
    except ValueError:
        return False
    is_plain = text.isprintable() and " " not in text
    return names_place and is_host and is_plain and parts.username is None and not (parts.query or parts.fragment)


def is_bucket(text: str) -> bool:
    """Whether this may be a bucket's name, or the address (ARN) that an access point has instead."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:/-]*", text) is not None


def is_key_prefix(text: str) -> bool:
    """Whether these are names of folders with slashes between them."""
    names = text.strip("/").split("/")
    return text.isprintable() and not any(name in {"", ".", ".."} for name in names)


def are_networks(text: str) -> bool:
    """Whether these are addresses or networks of the Internet Protocol, with commas between them."""
    try:
        return all(ipaddress.ip_network(part.strip(), strict=False) for part in text.split(","))
    except ValueError:
        return False
