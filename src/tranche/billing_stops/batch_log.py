"""The lines of document 4's log: "Bill Stop Batch ..." in TRANCHE_HOME/logs/combined.log, and in the worker's own."""

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

_log = structlog.get_logger(__name__)

FILE: Final = Path("logs") / "combined.log"
_MOST_BYTES: Final = 10_000_000


class BatchLog:
    """Appends a line at a time, so that several processes may write; past 10 MB the file becomes combined.log.1."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE

    def write(self, title: str, *, organization_id: int, run_id: int, text: str) -> None:
        """One line; a log that cannot be written ends no run."""
        _log.info("snapshot", title=title, organization=organization_id, run=run_id, text=text)
        line = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z {title} {run_id} (organization {organization_id}): {text}\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                if self._path.stat().st_size > _MOST_BYTES:
                    self._path.replace(self._path.with_suffix(".log.1"))
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            _log.warning("snapshot.log_unwritable", reason=error.strerror)
