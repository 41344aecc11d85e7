"""Who shows which API key, remembered for a moment: a program that asks often is not looked up each time."""

import time
from collections.abc import Callable
from typing import Final

from tranche.kernel.context import Context
from tranche.kernel.web.threads import Lane

REMEMBERED: Final = 1.0
_MOST: Final = 10_000


class Callers:
    """Callers by their keys: what another process changed is seen within a second, what `forget` follows at once."""

    def __init__(
        self,
        find: Callable[[str], Context | None],
        lane: Lane,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`find` is blocking and runs in the lane; `clock` is in seconds."""
        self._find = find
        self._lane = lane
        self._clock = clock
        self._known: dict[str, tuple[Context, float]] = {}

    async def find(self, token: str) -> Context | None:
        """The caller with this key, None for nobody; only who is known is remembered."""
        asked, known = self._clock(), self._known
        if (found := known.get(token)) is not None and asked - found[1] < REMEMBERED:
            return found[0]
        context = await self._lane.run(self._find, token)
        if context is None:
            known.pop(token, None)
        elif len(known) < _MOST:
            known[token] = context, asked  # into what `forget` has thrown away, if it came meanwhile
        else:
            self.forget()
        return context

    def forget(self) -> None:
        """Look everybody up anew: rights may have changed."""
        self._known = {}
