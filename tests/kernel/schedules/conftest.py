"""The house of schedules, and the running product for those who need all of it."""

from tests.kernel.schedules.house import house
from tests.live import live, open_live
from tests.shell import make_shell, shell

__all__ = ["house", "live", "make_shell", "open_live", "shell"]
