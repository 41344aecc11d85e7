"""The house alive, for programs that use it."""

from tests.live import live, open_live

__all__ = ["live", "open_live"]
