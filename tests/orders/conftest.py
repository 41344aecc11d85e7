"""The running product, for the command line of orders."""

from tests.live import live, open_live

__all__ = ["live", "open_live"]
