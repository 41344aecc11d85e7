"""The time zones that there are."""

from functools import cache
from zoneinfo import available_timezones


@cache
def zones() -> frozenset[str]:
    """Their names; looked for once, because hundreds of files are opened for it."""
    return frozenset(available_timezones())
