"""The lineage of a lot as a picture: layers from left to right, a box for each lot, a line for each edge."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from markupsafe import Markup

from tranche.inventory.domain import SOON_DAYS
from tranche.inventory.lineage import Edge
from tranche.inventory.service.tracing import Node
from tranche.kernel.web.pages.filters import amount

MOST_DRAWN: Final = 60
_WIDE, _HIGH, _GAP_X, _GAP_Y, _LONGEST = 164, 48, 84, 18, 18

Place = tuple[float, float]


def draw(nodes: Sequence[Node], edges: Sequence[Edge], *, today: date) -> Markup | None:
    """An SVG without script or style; None where there are too many lots to be looked at."""
    if len(nodes) > MOST_DRAWN:
        return None
    places, wide, high = _arrange(nodes)
    lines = Markup("").join(_line(edge, places) for edge in edges)
    weights = Markup("").join(_weight(edge, places) for edge in edges)
    boxes = Markup("").join(_box(node, places[node.id], today=today) for node in nodes)
    return Markup(
        '<svg class="lineage" viewBox="0 0 {:g} {:g}" width="{:g}" height="{:g}" role="group" '
        'aria-label="Lineage of the lot: the table below says the same">{}{}{}</svg>'
    ).format(wide, high, wide, high, lines, boxes, weights)


def _arrange(nodes: Sequence[Node]) -> tuple[Mapping[int, Place], float, float]:
    """Where each lot stands, each layer in the middle of the height; and the size of the whole."""
    layers: dict[int, list[Node]] = defaultdict(list)
    for node in nodes:
        layers[node.level].append(node)
    first = min(layers)
    high = max(len(layer) for layer in layers.values()) * (_HIGH + _GAP_Y) - _GAP_Y
    places = {
        node.id: (
            2 + (level - first) * (_WIDE + _GAP_X),
            2 + (high - len(layer) * (_HIGH + _GAP_Y) + _GAP_Y) / 2 + row * (_HIGH + _GAP_Y),
        )
        for level, layer in layers.items()
        for row, node in enumerate(layer)
    }
    return places, (max(layers) - first + 1) * (_WIDE + _GAP_X) - _GAP_X + 4, high + 4


def _ends(edge: Edge, places: Mapping[int, Place]) -> tuple[Place, Place]:
    (x1, y1), (x2, y2) = places[edge.from_lot_id], places[edge.to_lot_id]
    return (x1 + _WIDE, y1 + _HIGH / 2), (x2, y2 + _HIGH / 2)


def _line(edge: Edge, places: Mapping[int, Place]) -> Markup:
    (x1, y1), (x2, y2) = _ends(edge, places)
    middle, tip = (x1 + x2) / 2, x2 - 7
    path = f"M{x1:g} {y1:g}C{middle:g} {y1:g} {middle:g} {y2:g} {tip:g} {y2:g}"
    head = f"M{x2 - 1:g} {y2:g}l-8 -4.5v9z"
    return Markup('<path class="lineage-edge" d="{}"/><path class="lineage-tip" d="{}"/>').format(path, head)


def _weight(edge: Edge, places: Mapping[int, Place]) -> Markup:
    """How much went along a line, in its middle."""
    (x1, y1), (x2, y2) = _ends(edge, places)
    return Markup('<text class="lineage-weight" x="{:g}" y="{:g}">{}</text>').format(
        (x1 + x2) / 2, (y1 + y2) / 2 + 4, amount(edge.quantity)
    )


def _box(node: Node, place: Place, *, today: date) -> Markup:
    x, y = place
    name = node.number if len(node.number) <= _LONGEST else node.number[: _LONGEST - 1] + "…"
    return Markup(
        '<a class="lineage-lot{} tone-{}" href="/stock/lots/{}"><title>{}</title>'
        '<rect x="{:g}" y="{:g}" width="{}" height="{}" rx="8"/>'
        '<circle class="lineage-mark" cx="{:g}" cy="{:g}" r="4"/>'
        '<text x="{:g}" y="{:g}">{}</text><text class="lineage-detail" x="{:g}" y="{:g}">{}</text></a>'
    ).format(
        " is-traced" if node.level == 0 else "",
        _tone(node, today),
        node.id,
        node.number,
        x,
        y,
        _WIDE,
        _HIGH,
        x + _WIDE - 14,
        y + 15,
        x + 12,
        y + 20,
        name,
        x + 12,
        y + 37,
        f"{amount(node.quantity)} left" + (", on hold" if node.hold_reason else ""),
    )


def _tone(node: Node, today: date) -> str:
    """The colour of its expiry; what is kept back is like what expires soon."""
    left = None if node.expires_on is None else (node.expires_on - today).days
    if left is not None and left < 0:
        return "bad"
    if node.hold_reason or (left is not None and left <= SOON_DAYS):
        return "warn"
    return "good" if node.is_active else "idle"
