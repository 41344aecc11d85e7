"""Every setting, read once from the environment by a composition root and passed on as values."""

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Final, get_args, get_type_hints
from urllib.parse import quote

from tranche.kernel.bounds import BOUNDS, are_networks, is_base_address, is_bucket, is_key_prefix
from tranche.kernel.errors import Invalid


class BatchesApi(StrEnum):
    """Which document owns the bare path /api/batches."""

    INVENTORY = "inventory"
    ORDERS = "orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One field, one variable: `port` is TRANCHE_PORT; those that are named otherwise stand in `_NAMES`.

    Times are in seconds, sizes in bytes.
    """

    home: Path = field(default_factory=lambda: Path.home() / ".tranche")
    database_url: str | None = None
    owner_url: str | None = None
    listen_url: str | None = None
    pg_bin: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    metrics_port: int | None = None
    metrics_host: str = "127.0.0.1"
    ready_needs_worker: bool = False
    batches_api: BatchesApi = BatchesApi.INVENTORY
    log_format: str = "text"
    trusted_proxy: str | None = None

    s3_bucket: str | None = None
    s3_prefix: str = ""
    s3_endpoint: str | None = None
    s3_region: str = "us-east-1"
    s3_cache_bytes: int = 2_000_000_000

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

    bill_stop_batch_schedule: str = "0 2 * * *"
    tz: str = "Asia/Dhaka"
    source_allow_private: bool = True
    sample_database: str = "tranche_sample"
    session_idle_seconds: float = 43_200.0
    session_seconds: float = 1_209_600.0

    rate_per_minute: int = 6_000
    rate_per_minute_organization: int = 24_000

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the environment.

        Raises:
            Invalid: a variable does not hold what its field needs, or a number that cannot be; the message names
                the variable.
        """
        hints = get_type_hints(cls)
        environ = {**environ, **_as_we_read_it(environ)}
        values: dict[str, object] = {}
        for entry in fields(cls):
            name = variable(entry.name)
            text = environ.get(name, "").strip()
            if text:
                values[entry.name] = _convert(name, text, hints[entry.name])
                _check(entry.name, text, values[entry.name])
        settings = cls(**values)  # type: ignore[arg-type]  # each value was converted to its field's type
        _check_silence(settings)
        return settings


_NAMES = {
    "database_url": "DATABASE_URL",
    "bill_stop_batch_schedule": "BILL_STOP_BATCH_SCHEDULE",
    "tz": "TZ",
}


def variable(field_name: str) -> str:
    """The environment variable of a field."""
    return _NAMES.get(field_name, f"TRANCHE_{field_name.upper()}")


def _as_we_read_it(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables of document 4 as ours: a comment behind the schedule, and an address in five parts."""
    found: dict[str, str] = {}
    if "#" in (schedule := environ.get("BILL_STOP_BATCH_SCHEDULE", "")):
        found["BILL_STOP_BATCH_SCHEDULE"] = schedule.partition("#")[0]
    if environ.get("PG_HOST", "").strip() and not environ.get("DATABASE_URL", "").strip():
        found["DATABASE_URL"] = _postgres_url(environ)
    return found


def _postgres_url(environ: Mapping[str, str]) -> str:
    def part(name: str, default: str = "") -> str:
        return quote(environ.get(name, "").strip() or default, safe="")

    user, secret = part("PG_USER"), part("PG_PASSWORD")
    who = f"{user}:{secret}@" if user and secret else f"{user}@" if user else ""
    host = environ["PG_HOST"].strip()
    if host.startswith("/"):
        return f"postgresql://{who}/{part('PG_DATABASE', 'tranche')}?host={quote(host)}&port={part('PG_PORT', '5432')}"
    place = f"[{host}]" if ":" in host else quote(host, safe="")
    return f"postgresql://{who}{place}:{part('PG_PORT', '5432')}/{part('PG_DATABASE', 'tranche')}"


def _convert(name: str, text: str, hint: object) -> object:
    wanted = next(t for t in get_args(hint) if t is not type(None)) if isinstance(hint, types.UnionType) else hint
    if not callable(wanted):
        raise TypeError(name)
    if wanted is bool:
        wanted = _read_flag
    try:
        return wanted(text)
    except (ValueError, KeyError) as error:
        raise _refusal(name, text, _allowed(wanted)) from error


def _read_flag(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _allowed(wanted: object) -> str:
    if isinstance(wanted, type) and issubclass(wanted, StrEnum):
        return f"one of {', '.join(wanted)}"
    if wanted is _read_flag:
        return "true or false"
    return "a whole number" if wanted is int else "a number"


_ADDRESS: Final = (is_base_address, "an address that begins with http:// or https:// and names a host")
_FORMS: Final[Mapping[str, tuple[Callable[[str], bool], str]]] = {
    "public_url": _ADDRESS,
    "s3_bucket": (is_bucket, "the name of a bucket: letters, digits, dots and dashes"),
    "s3_endpoint": _ADDRESS,
    "s3_prefix": (is_key_prefix, "names of folders with / between them, such as tranche/live"),
    "trusted_proxy": (
        are_networks,
        "an IP address such as 10.0.0.1, a network such as 10.0.0.0/8, or several with commas",
    ),
}


def _check(field_name: str, text: str, value: object) -> None:
    bound = BOUNDS.get(field_name)
    if bound is not None and isinstance(value, int | float) and not bound.holds(value):
        raise _refusal(variable(field_name), text, f"{_allowed(type(value))} {bound}")
    is_right, wanted = _FORMS.get(field_name, (None, ""))
    if is_right is not None and not is_right(text):
        raise _refusal(variable(field_name), text, wanted)


def _check_silence(settings: Settings) -> None:
    """A worker that lives must not count as dead between two signs of life."""
    beat, dead = settings.heartbeat_seconds, settings.dead_after_seconds
    if dead <= beat:
        told = f"more than {variable('heartbeat_seconds')}, which is {beat:g}"
        raise _refusal(variable("dead_after_seconds"), f"{dead:g}", told)


def _refusal(name: str, text: str, wanted: str) -> Invalid:
    return Invalid(f"{name} is {text!r}; it must be {wanted}.", code="setting")
