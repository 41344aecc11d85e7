"""A living house and its command line."""

from tests.live import live, open_live
from tests.shell import make_shell, shell

__all__ = ["live", "make_shell", "open_live", "shell"]
