"""The workshop for every test of the engine."""

from tests.kernel.operations.workshop import workshop

__all__ = ["workshop"]
