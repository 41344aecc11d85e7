"""How often one caller and one organization may ask: fixed windows in memory, per process."""

import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tranche.kernel.context import Context


@dataclass(frozen=True, slots=True)
class Allowance:
    """Where a caller stands in the present window; `reset` is in seconds."""

    allowed: bool
    limit: int
    remaining: int
    reset: int

    @property
    def headers(self) -> dict[str, str]:
        """The standard headers."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }


class RateLimiter:
    """Counts requests; used on the event loop only, so it needs no lock.

    All windows end together, so that forgetting the old ones is one clear() and memory follows the
    number of callers in one window.
    """

    def __init__(
        self,
        *,
        per_caller: int,
        per_organization: int,
        seconds: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Both limits are requests per window of `seconds`."""
        self._per_caller = per_caller
        self._per_organization = per_organization
        self._seconds = seconds
        self._clock = clock
        self._ends = clock() + seconds
        self._counts: Counter[str] = Counter()

    def take(self, ctx: Context) -> Allowance:
        """Count one request, unless a limit is reached; answers for the tighter of the two limits."""
        now = self._clock()
        if now >= self._ends:
            self._counts.clear()
            self._ends = now + self._seconds
        reset = max(1, math.ceil(self._ends - now))
        organization = str(ctx.organization_id)
        caller = f"{organization} {ctx.caller}"
        limits = {caller: self._per_caller, organization: self._per_organization}
        tightest = min(limits, key=lambda name: limits[name] - self._counts[name])
        left = limits[tightest] - self._counts[tightest]
        if left <= 0:
            return Allowance(allowed=False, limit=limits[tightest], remaining=0, reset=reset)
        self._counts.update(limits.keys())
        return Allowance(allowed=True, limit=limits[tightest], remaining=left - 1, reset=reset)
