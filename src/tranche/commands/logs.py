"""Where log lines go and how they look: to stderr, as text or JSON, never with the data of a person."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
import structlog

from tranche.kernel.errors import Invalid
from tranche.kernel.text import hide_passwords

FORMATS = ("text", "json")
_LONGEST = 300
_TOLD_WHOLE = frozenset({"psycopg"})  # the texts that it logs are names of pools and causes, never data
_NEVER_DATA = "OperationalError"
_JSON = msgspec.json.Encoder(enc_hook=repr)


def configure_logs(*, level: int = logging.WARNING, log_format: str = "text") -> None:
    """Set the logs of this process up; a second call replaces the first.

    Raises:
        Invalid: the format is neither text nor json.
    """
    if log_format not in FORMATS:
        raise Invalid(f"TRANCHE_LOG_FORMAT is {log_format!r}; it must be one of {', '.join(FORMATS)}.", code="setting")
    is_json = log_format == "json"
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso" if is_json else "%H:%M:%S %Z", utc=is_json),
            _without_data,
            _renderer(log_format),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    root = logging.getLogger()
    root.handlers = [_FromLibraries()]
    root.setLevel(logging.WARNING)


def _renderer(log_format: str) -> structlog.typing.Processor:
    if log_format == "json":
        return _render_json
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0, pad_level=False)


def _render_json(_: object, __: str, event: MutableMapping[str, Any]) -> str:
    """A line for every response: the standard library's way takes several times as long."""
    return _JSON.encode(event).decode()


def _without_data(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception's message may hold SQL, addresses or a customer's data: its type and its place suffice."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = type(error).__qualname__
        event["where"] = _place(error.__traceback__)
    return event


def _place(trace: TracebackType | None) -> str | None:
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return None if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


class _FromLibraries(logging.Handler):
    """Warnings of libraries, as lines of our own."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass one record on: its first line, with as much of its arguments as is no data."""
        library = record.name.partition(".")[0]
        text = hide_passwords(_message(record, is_whole=library in _TOLD_WHOLE))
        log = structlog.get_logger(record.name)
        error = record.exc_info[1] if record.exc_info else None
        log.log(record.levelno, _first_line(text)[:_LONGEST], library=library, exc_info=error)


def _message(record: logging.LogRecord, *, is_whole: bool) -> str:
    text = record.msg if isinstance(record.msg, str) else str(_told(record.msg, is_whole=is_whole))
    if not record.args:
        return text
    try:
        if isinstance(record.args, Mapping):
            return text % {name: _told(value, is_whole=is_whole) for name, value in record.args.items()}
        return text % tuple(_told(value, is_whole=is_whole) for value in record.args)
    except (TypeError, ValueError, KeyError):  # the place wants what we do not tell, such as a letter's number
        return text


def _told(value: object, *, is_whole: bool) -> object:
    """A number, a text of a library that we know, why a connection failed; of all else only its kind."""
    if value is None or isinstance(value, int | float) or (is_whole and isinstance(value, str)):
        return value
    is_cause = any(kind.__name__ == _NEVER_DATA for kind in type(value).__mro__)
    return _first_line(str(value)) if is_cause else type(value).__qualname__


def _first_line(text: str) -> str:
    return text.splitlines()[0] if text else ""
