"""An embedded server that dies is started again while somebody uses it: nothing else on the machine would do it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from tranche.kernel.db.embedded import EmbeddedPostgres
from tranche.kernel.errors import TrancheError

_LOOK_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 10.0  # after a start that failed: a full disk is not full for a second

log = structlog.get_logger(__name__)


@contextmanager
def keeping(server: EmbeddedPostgres) -> Iterator[None]:
    """Within the block the server is started again when it has died; each try is told to the log."""
    ended = threading.Event()
    keeper = threading.Thread(target=_keep, args=(server, ended), name="keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()


def _keep(server: EmbeddedPostgres, ended: threading.Event) -> None:
    pause = _LOOK_SECONDS
    while not ended.wait(pause):
        pause = _LOOK_SECONDS
        if server.is_alive():
            continue
        log.error("database.died", hint="it is started again; its own log says why it died")
        if refusal := _revive(server):
            pause = _PAUSE_SECONDS
            log.error("database.not_started", error=refusal, again_in_seconds=pause)
        else:
            log.warning("database.started_again")


def _revive(server: EmbeddedPostgres) -> str:
    """Why it could not be started; nothing where it runs."""
    try:
        server.revive()
    except TrancheError as error:
        return error.message
    return ""
