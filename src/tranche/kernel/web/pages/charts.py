"""Small pictures made by the server, as SVG without a script or a style: bars, a line, a ring, segments."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi
from typing import Final

from markupsafe import Markup

_BAR_GAP: Final = 0.28


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a whole, with the tone that its state has: good, bad, warn, idle, or accent."""

    label: str
    value: float
    tone: str


def segments(parts: Sequence[Segment], *, title: str) -> Markup:
    """One horizontal bar of several parts; what is left of the whole belongs into it as a part of its own."""
    total = sum(part.value for part in parts) or 1
    drawn, x = [], 0.0
    for part in parts:
        width = 100 * part.value / total
        if width > 0:
            drawn.append(
                Markup('<rect class="tone-{}" x="{:.3f}" y="0" width="{:.3f}" height="8"/>').format(part.tone, x, width)
            )
        x += width
    return Markup(
        '<svg class="segments" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(title, Markup("").join(drawn))


def bars(values: Sequence[float], *, title: str, tone: str = "accent", labels: Sequence[str] = ()) -> Markup:
    """Upright bars, one for each value; each says its label when it is pointed at."""
    most = max(values, default=0) or 1
    drawn = []
    for index, value in enumerate(values):
        height = max(36 * value / most, 0.8 if value else 0)
        label = labels[index] if index < len(labels) else ""
        drawn.append(
            Markup(
                '<rect class="tone-{}" x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}" rx=".6">'
                "<title>{}</title></rect>"
            ).format(tone, index * 4 + 4 * _BAR_GAP / 2, 36 - height, 4 * (1 - _BAR_GAP), height, label)
        )
    width = max(len(values), 1) * 4
    return Markup(
        '<svg class="bars" viewBox="0 0 {} 36" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(width, title, Markup("").join(drawn))


def line(values: Sequence[float], *, title: str, tone: str = "accent") -> Markup:
    """A small line for a trend."""
    most, least = max(values, default=0), min(values, default=0)
    span = (most - least) or 1
    step = 100 / max(len(values) - 1, 1)
    points = " ".join(
        f"{index * step:.2f},{26 - 24 * (value - least) / span:.2f}" for index, value in enumerate(values)
    )
    return Markup(
        '<svg class="line tone-{}" viewBox="0 0 100 28" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<polyline points="{}" fill="none" vector-effect="non-scaling-stroke"/></svg>'
    ).format(tone, title, points)


def ring(parts: Sequence[Segment], *, title: str) -> Markup:
    """A ring of several parts."""
    total = sum(part.value for part in parts) or 1
    around, start, drawn = 2 * pi * 16, 0.0, []
    for part in parts:
        length = around * part.value / total
        if length > 0:
            drawn.append(
                Markup(
                    '<circle class="tone-{}" cx="20" cy="20" r="16" fill="none" stroke-width="6" '
                    'stroke-dasharray="{:.2f} {:.2f}" stroke-dashoffset="{:.2f}"><title>{}</title></circle>'
                ).format(part.tone, length, around - length, -start, part.label)
            )
        start += length
    return Markup('<svg class="ring" viewBox="0 0 40 40" role="img" aria-label="{}">{}</svg>').format(
        title, Markup("").join(drawn)
    )
