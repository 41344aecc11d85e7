"""A living house."""

from tests.live import live, open_live

__all__ = ["live", "open_live"]
