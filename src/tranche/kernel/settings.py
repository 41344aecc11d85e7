"""Every setting, read once from the environment by a composition root and passed on as values."""

import types
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import get_args, get_type_hints

from tranche.kernel.errors import Invalid


class BatchesApi(StrEnum):
    """Which document owns the bare path /api/batches."""

    INVENTORY = "inventory"
    ORDERS = "orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One field, one variable: `port` is TRANCHE_PORT; the three URLs are named in `_NAMES`.

    Times are in seconds, sizes in bytes.
    """

    home: Path = field(default_factory=lambda: Path.home() / ".tranche")
    database_url: str | None = None
    owner_url: str | None = None
    listen_url: str | None = None
    pg_bin: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    batches_api: BatchesApi = BatchesApi.INVENTORY
    log_format: str = "text"
    trusted_proxy: str | None = None

    pool_size: int = 20
    worker_slots: int = 2
    slice_seconds: float = 2.0
    chunk_seconds: float = 1.0
    heartbeat_seconds: float = 2.0
    dead_after_seconds: float = 8.0
    sweep_seconds: float = 5.0
    shutdown_seconds: float = 10.0

    max_upload_bytes: int = 200_000_000
    max_body_bytes: int = 10_000_000
    max_rows: int = 2_000_000
    parser_memory_bytes: int = 2_000_000_000
    parser_seconds: float = 600.0
    public_url: str | None = None
    mail_from: str = "Tranche <tranche@localhost>"
    smtp_url: str | None = field(default=None, repr=False)
    smtp_password_file: Path | None = None
    alerts: str = field(default="", repr=False)
    webhook_allow_private: bool = False
    signing_key: str | None = field(default=None, repr=False)

    session_idle_seconds: float = 43_200.0
    session_seconds: float = 1_209_600.0

    rate_per_minute: int = 6_000
    rate_per_minute_organization: int = 24_000

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the environment.

        Raises:
            Invalid: a variable does not hold what its field needs; the message names the variable.
        """
        hints = get_type_hints(cls)
        values: dict[str, object] = {}
        for entry in fields(cls):
            name = variable(entry.name)
            text = environ.get(name, "").strip()
            if text:
                values[entry.name] = _convert(name, text, hints[entry.name])
        return cls(**values)  # type: ignore[arg-type]  # each value was converted to its field's type


_NAMES = {"database_url": "DATABASE_URL"}


def variable(field_name: str) -> str:
    """The environment variable of a field."""
    return _NAMES.get(field_name, f"TRANCHE_{field_name.upper()}")


def _convert(name: str, text: str, hint: object) -> object:
    wanted = next(t for t in get_args(hint) if t is not type(None)) if isinstance(hint, types.UnionType) else hint
    if not callable(wanted):
        raise TypeError(name)
    if wanted is bool:
        wanted = _read_flag
    try:
        return wanted(text)
    except (ValueError, KeyError) as error:
        raise Invalid(f"{name} is {text!r}; it must be {_allowed(wanted)}.", code="setting") from error


def _read_flag(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _allowed(wanted: object) -> str:
    if isinstance(wanted, type) and issubclass(wanted, StrEnum):
        return f"one of {', '.join(wanted)}"
    if wanted is _read_flag:
        return "true or false"
    return "a number"
