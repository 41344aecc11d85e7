"""The workshop and its HTTP side for every test of the engine."""

from tests.kernel.operations.house import client
from tests.kernel.operations.workshop import workshop

__all__ = ["client", "workshop"]
