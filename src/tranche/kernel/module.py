"""What a domain hands to the composition roots: its routes, commands, operation kinds and checks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One invariant of `tranche doctor`: a read-only query that returns a row for every hit.

    The query runs as the owner, over all organizations, and its rows must have the columns
    `organization_id` and `detail`.
    """

    name: str
    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A domain as the roots see it. `routes` are web handlers, `handlers` operation kinds.

    Both are opaque here, because the kernel's lower floors know neither the web nor operations.
    """

    name: str
    routes: Sequence[Any] = ()
    handlers: Sequence[Any] = ()
    checks: Sequence[Check] = ()
