"""Which lots can hold stock of a lot, and of which lots it can hold stock, as movements follow each other; pure.

Edges are sums of the movements between two lots, from the first to the last of them (ids grow with time). Stock that
reached a lot can only leave it later. Where an edge is not told apart finely enough the answer errs towards more
lots: a recall may ask for one too many, never for one too few.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_ALWAYS: Final = 0
_NEVER: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What moved from one lot into another in all."""

    from_lot_id: int
    to_lot_id: int
    quantity: Decimal
    movements: int
    first_id: int
    last_id: int


@dataclass(frozen=True, slots=True)
class Reach:
    """The lots that were reached, each with the movement since (or until) which it counts and the steps to it."""

    since: dict[int, int]
    level: dict[int, int]
    edges: Sequence[Edge]


def reach_down(edges: Iterable[Edge], *, start: int) -> Reach:
    """Where stock of `start` can have gone: by the earliest arrival in each lot."""
    known = list(edges)
    leaving: dict[int, list[Edge]] = defaultdict(list)
    for edge in known:
        leaving[edge.from_lot_id].append(edge)
    since = {start: _ALWAYS}
    queue = [(_ALWAYS, start)]
    while queue:
        arrived, lot_id = heapq.heappop(queue)
        if arrived > since[lot_id]:
            continue
        for edge in leaving[lot_id]:
            at = max(edge.first_id, arrived)
            if edge.last_id > arrived and at < since.get(edge.to_lot_id, _NEVER):
                since[edge.to_lot_id] = at
                heapq.heappush(queue, (at, edge.to_lot_id))
    used = [edge for edge in known if edge.from_lot_id in since and edge.last_id > since[edge.from_lot_id]]
    return Reach(since, _levels(start, [(edge.from_lot_id, edge.to_lot_id) for edge in used]), used)


def reach_up(edges: Iterable[Edge], *, start: int) -> Reach:
    """Where stock of `start` can have come from: by the latest departure from each lot."""
    known = list(edges)
    mirrored = [
        Edge(
            from_lot_id=edge.to_lot_id,
            to_lot_id=edge.from_lot_id,
            quantity=edge.quantity,
            movements=edge.movements,
            first_id=_NEVER - edge.last_id,
            last_id=_NEVER - edge.first_id,
        )
        for edge in known
    ]
    back = reach_down(mirrored, start=start)
    until = {lot_id: _NEVER - at for lot_id, at in back.since.items()}
    used = [edge for edge in known if edge.to_lot_id in until and edge.first_id < until[edge.to_lot_id]]
    return Reach(until, back.level, used)


def _levels(start: int, pairs: Sequence[tuple[int, int]]) -> dict[int, int]:
    following: dict[int, list[int]] = defaultdict(list)
    for one, other in pairs:
        following[one].append(other)
    level = {start: 0}
    frontier = [start]
    while frontier:
        found = dict.fromkeys(other for one in frontier for other in following[one] if other not in level)
        level.update(dict.fromkeys(found, level[frontier[0]] + 1))
        frontier = list(found)
    return level
