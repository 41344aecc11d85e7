"""Calls to a source that may never come back: a server can take the line, acknowledge everything and say nothing."""

import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from tranche.billing_stops.domain import SourceFault

OPEN_SECONDS: Final = 30.0  # for what is asked before the query itself, which takes no time

_T = TypeVar("_T")


def within(seconds: float, call: Callable[[], _T], *, late: Callable[[_T], object]) -> _T:
    """What the call returns; for drivers that have no time limit of their own.

    Python cannot end a call. One that takes longer is left in a thread of its own, and what it brings after all goes
    to `late`.

    Raises:
        SourceFault: it took longer.
    """
    return _Call(call, late).wait(seconds)


class _Call(Generic[_T]):
    def __init__(self, call: Callable[[], _T], late: Callable[[_T], object]) -> None:
        self._call = call
        self._late = late
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._is_left = False
        self._value: list[_T] = []
        self._error: Exception | None = None

    def wait(self, seconds: float) -> _T:
        threading.Thread(target=self._run, daemon=True, name="source call").start()
        self._is_over.wait(seconds)
        with self._lock:
            self._is_left = not self._is_over.is_set()
        if self._is_left:
            raise SourceFault(
                f"The source has taken the call and said nothing for {seconds:.0f} s. The data of the last run stay; "
                "the run may be started again."
            )
        if self._error is not None:
            raise self._error
        return self._value[0]

    def _run(self) -> None:
        try:
            self._value.append(self._call())
        except Exception as error:  # noqa: BLE001  # raised again where it is waited for
            self._error = error
        with self._lock:
            self._is_over.set()
            is_left = self._is_left
        if is_left and self._value:
            self._late(self._value[0])
