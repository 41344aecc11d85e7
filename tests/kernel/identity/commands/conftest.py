"""The running product, its command line, and a receiver of webhooks."""

from tests.kernel.notify.conftest import post_box, receiver
from tests.live import live, open_live
from tests.shell import make_shell, shell

__all__ = ["live", "make_shell", "open_live", "post_box", "receiver", "shell"]
