"""How long each piece of an operation took, and how it came out, for whoever measures."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tranche.kernel.metrics import Observe
from tranche.kernel.operations.handlers import Stopped
from tranche.kernel.operations.settling import is_outage
from tranche.kernel.operations.taking import Taken


@contextmanager
def observed(observe: Observe | None, taken: Taken) -> Iterator[None]:
    """Tell `observe` of the block: the operation's kind, the phase, seconds, and done, failed, stopped or outage."""
    began, outcome = time.monotonic(), "failed"
    try:
        yield
        outcome = "done"
    except BaseException as error:
        outcome = "stopped" if isinstance(error, Stopped) else "outage" if is_outage(error) else "failed"
        raise
    finally:
        if observe is not None:
            observe(taken.operation.kind, taken.claim.phase, time.monotonic() - began, outcome)
