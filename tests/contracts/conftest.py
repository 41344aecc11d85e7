"""The running product, for the documents' contracts."""

from tests.live import live as live
from tests.live import open_live as open_live
