"""What a module adds to the page of its operations: its own words on the result, its own buttons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation


class Load(Protocol):
    """What a panel shows of an operation, or None when there is nothing to show."""

    def __call__(self, conn: Connection, ctx: Context, operation: Operation, /) -> Mapping[str, Any] | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationPanel:
    """A part of the page of these kinds: `template` is included with what `load` answers, as `panel`."""

    kinds: frozenset[str]
    template: str
    load: Load


class Panels:
    """All panels of this process."""

    def __init__(self, panels: Sequence[OperationPanel]) -> None:
        """In the order in which they stand."""
        self._panels = tuple(panels)

    def load(self, conn: Connection, ctx: Context, operation: Operation) -> list[tuple[str, Mapping[str, Any]]]:
        """The panels of one operation that have something to show: template and data."""
        fitting = [panel for panel in self._panels if operation.kind in panel.kinds]
        loaded = [(panel.template, panel.load(conn, ctx, operation)) for panel in fitting]
        return [(template, data) for template, data in loaded if data is not None]
