"""What the endpoints of imports need of a target: its fields, its part of a confirmation and of an undo."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from tranche.imports.domain import Field, OnDuplicate
from tranche.imports.targets import Import
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import Operations


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What a dry run became: `links` go into the import's options and the operation's payload."""

    links: dict[str, int | None]


class Intake(Protocol):
    """One target, as the web sees it."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """What the target wants from a row."""

    def check(self, *, on_duplicate: OnDuplicate) -> None:
        """A file is to be read again: refuse, as Invalid, what is never done here to what is there already."""

    def accept(self, conn: Connection, ctx: Context, *, work: Import, allow_duplicate: bool) -> Accepted:
        """A dry run is to become an import: make what stands for it, or refuse with a Conflict."""

    def answer(self, conn: Connection, ctx: Context, *, work: Import, operation: Operation) -> tuple[object, str]:
        """The body that an upload answers, and where to look."""

    def undo(self, conn: Connection, ctx: Context, operations: Operations, *, work: Import) -> Operation:
        """Start the undo of an import."""


class Intakes:
    """The targets of this process by name."""

    def __init__(self, intakes: Mapping[str, Intake]) -> None:
        self._intakes = intakes

    def of(self, work: Import) -> Intake:
        """The target of an import."""
        return self._intakes[work.target]

    @property
    def fields(self) -> dict[str, tuple[Field, ...]]:
        """The fields of each target."""
        return {name: intake.fields for name, intake in self._intakes.items()}
