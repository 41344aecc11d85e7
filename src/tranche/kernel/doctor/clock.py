"""Whether this machine and the database agree on what time it is."""

import time
from collections.abc import Callable

from tranche.kernel.db.pool import Connection
from tranche.kernel.doctor.domain import Finding

MOST_SECONDS = 5.0


def find_skew(conn: Connection, *, read: Callable[[], float] = time.time) -> list[Finding]:
    """A difference of more than MOST_SECONDS, beyond what the question itself took; `read` is this machine's clock.

    Leases and schedules go by the database's clock; sessions, signatures and what people see in logs by this one.
    """
    before = read()
    row = conn.execute("SELECT extract(epoch FROM clock_timestamp())::float8 AS now").fetchone()
    after = read()
    theirs = row["now"] if row else after
    ahead = before - theirs if before > theirs else min(after - theirs, 0.0)
    if abs(ahead) <= MOST_SECONDS:
        return []
    word = "ahead of" if ahead > 0 else "behind"
    return [Finding(None, f"this machine's clock is {abs(ahead):.0f} s {word} the database's; set it by NTP")]
