"""The lineage of a lot as a picture: layers from left to right, a box for each lot, a line for each edge."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup

from tranche.inventory.lineage import Edge
from tranche.inventory.service.tracing import Node

MOST_DRAWN: Final = 60
_WIDE, _HIGH, _GAP_X, _GAP_Y, _LONGEST = 132, 40, 56, 16, 16


def draw(nodes: Sequence[Node], edges: Sequence[Edge]) -> Markup | None:
    """An SVG without script or style; None where there are too many lots to be looked at."""
    if len(nodes) > MOST_DRAWN:
        return None
    layers: dict[int, list[Node]] = defaultdict(list)
    for node in nodes:
        layers[node.level].append(node)
    first = min(layers)
    high = max(len(layer) for layer in layers.values()) * (_HIGH + _GAP_Y)
    places = {
        node.id: (
            1 + (level - first) * (_WIDE + _GAP_X),
            1 + (high - len(layer) * (_HIGH + _GAP_Y) + _GAP_Y) / 2 + row * (_HIGH + _GAP_Y),
        )
        for level, layer in layers.items()
        for row, node in enumerate(layer)
    }
    wide = (max(layers) - first + 1) * (_WIDE + _GAP_X) - _GAP_X + 2
    lines = Markup("").join(_line(edge, places) for edge in edges)
    boxes = Markup("").join(_box(node, places[node.id]) for node in nodes)
    return Markup(
        '<svg class="lineage" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="Lineage of the batch: '
        'the table below says the same">{}{}</svg>'
    ).format(wide, high + 2, wide, high + 2, lines, boxes)


def _line(edge: Edge, places: Mapping[int, tuple[float, float]]) -> Markup:
    (x1, y1), (x2, y2) = places[edge.from_lot_id], places[edge.to_lot_id]
    x1, y1, y2 = x1 + _WIDE, y1 + _HIGH / 2, y2 + _HIGH / 2
    middle = (x1 + x2) / 2
    path = f"M{x1:g} {y1:g}C{middle:g} {y1:g} {middle:g} {y2:g} {x2:g} {y2:g}"
    return Markup(
        '<path d="{}" fill="none" stroke="currentColor" stroke-opacity=".35"><title>{}</title></path>'
    ).format(path, f"{edge.quantity.normalize():f}")


def _box(node: Node, place: tuple[float, float]) -> Markup:
    x, y = place
    name = node.number if len(node.number) <= _LONGEST else node.number[: _LONGEST - 1] + "…"
    return Markup(
        '<a href="/stock/lots/{}"><rect x="{:g}" y="{:g}" width="{}" height="{}" rx="6" fill="none" '
        'stroke="currentColor" stroke-width="{}"/><text x="{:g}" y="{:g}" font-size="12" fill="currentColor">{}</text>'
        '<text x="{:g}" y="{:g}" font-size="11" fill="currentColor" fill-opacity=".8">{}</text></a>'
    ).format(
        node.id,
        x,
        y,
        _WIDE,
        _HIGH,
        2 if node.level == 0 else 1,
        x + 8,
        y + 16,
        name,
        x + 8,
        y + 32,
        f"{node.quantity.normalize():f} left" + (", on hold" if node.hold_reason else ""),
    )
