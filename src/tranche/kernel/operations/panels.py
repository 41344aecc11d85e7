"""What a module adds to the page of its operations: its own words on the result, files, undo, where an item leads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation

# What to do about the reasons that the engine itself gives, and about those for which nobody has a better word.
_ADVICE: Final = {
    "unknown_outcome": "Nobody knows whether it has happened. Look first: a retry may do it a second time.",
    "process_died": "The work broke down at this item again and again. Retry it once; if it stays, leave it out.",
    "unexpected": "This lies with us, not with your data. Retry it; if it stays, tell your administrator.",
    "unavailable": "Something that is needed could not be reached. Retry when it is there again.",
}
_ELSE: Final = "Put right what the sentence names, then retry."


class Load(Protocol):
    """What a panel shows of an operation, or None when there is nothing to show."""

    def __call__(self, conn: Connection, ctx: Context, operation: Operation, /) -> Mapping[str, Any] | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """The question before an operation is undone: it names how many things go, and may ask for a typed `word`."""

    title: str
    text: str
    button: str = "Undo it"
    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A link beside a reason: `path` has {} for what the result of the item names as `key`."""

    path: str
    key: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationPanel:
    """A part of the page of these kinds: `template` is included with what `load` answers, as `panel`.

    An `Undo` under "undo" in that answer puts the button into the head of the page. `item` is the address of the page
    of an item with {} for its reference; `advice` says by the code of a reason what to do about it, `ways` lead there.
    """

    kinds: frozenset[str]
    template: str
    load: Load
    item: str = ""
    advice: Mapping[str, str] = field(default_factory=dict)
    ways: Mapping[str, Way] = field(default_factory=dict)


class Panels:
    """All panels of this process."""

    def __init__(self, panels: Sequence[OperationPanel]) -> None:
        """In the order in which they stand."""
        self._panels = tuple(panels)

    def load(self, conn: Connection, ctx: Context, operation: Operation) -> list[tuple[str, Mapping[str, Any]]]:
        """The panels of one operation that have something to show: template and data."""
        loaded = [(panel.template, panel.load(conn, ctx, operation)) for panel in self._of(operation)]
        return [(template, data) for template, data in loaded if data is not None]

    def advise(self, operation: Operation, code: str | None) -> str:
        """What to do about items that failed with this code."""
        known = [panel.advice for panel in self._of(operation)] + [_ADVICE]
        return next((advice[code] for advice in known if code and code in advice), _ELSE)

    def item_path(self, operation: Operation) -> str:
        """The address of the page of an item with {} for its reference, or "" where items have none."""
        return next((panel.item for panel in self._of(operation) if panel.item), "")

    def find_way(self, operation: Operation, item: Mapping[str, Any]) -> tuple[str, str] | None:
        """Where what an item failed of is put right: address and words of the link; None where nobody says it."""
        ways = [panel.ways.get(item["error_code"] or "") for panel in self._of(operation)]
        result = item["result"] or {}
        return next((_lead(way, result) for way in ways if way and way.key in result), None)

    def _of(self, operation: Operation) -> list[OperationPanel]:
        return [panel for panel in self._panels if operation.kind in panel.kinds]


def _lead(way: Way, result: Mapping[str, Any]) -> tuple[str, str]:
    return way.path.replace("{}", str(result[way.key])), way.label
