"""Curves as an SVG picture: two panels over the size of the work, seconds on the left and memory on the right."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_COLOURS: Final = ("#2563eb", "#c2410c", "#15803d", "#7c3aed", "#b91c1c")
_WIDTH, _HEIGHT = 960, 400
_PANEL: Final = 370
_TOP, _BOTTOM = 48, 300
_LEFTS: Final = (60, 550)
_STYLE: Final = (
    "text{font:12px system-ui,sans-serif;fill:#334155}.head{font-weight:600;font-size:14px}"
    "line{stroke:#cbd5e1}polyline{fill:none;stroke-width:2}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What so many items took: seconds, and bytes at most of each kind of process."""

    items: int
    seconds: float
    bytes: dict[str, int]

    @property
    def peak(self) -> int:
        """Of the largest process, in bytes."""
        return max(self.bytes.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One kind of work at growing sizes; `unit` names what is counted."""

    name: str
    unit: str
    points: tuple[Point, ...]

    @property
    def slope(self) -> float:
        """The exponent of growth over the last step: 1 when twice the work takes twice the time."""
        before, last = self.points[-2:]
        return math.log(last.seconds / before.seconds) / math.log(last.items / before.items)


def draw(curves: Sequence[Curve]) -> str:
    """The picture; both axes are logarithmic, so that a straight line of slope 1 is proportional cost."""
    label = "Seconds and memory over the size of the work"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        *_panel(curves, _LEFTS[0], "seconds", lambda point: point.seconds),
        *_panel(curves, _LEFTS[1], "MB, largest process", lambda point: point.peak / 1e6),
        *_legend(curves),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _panel(curves: Sequence[Curve], left: int, title: str, value: Callable[[Point], float]) -> list[str]:
    points = [point for curve in curves for point in curve.points]
    across = _Scale.over([point.items for point in points], start=left, end=left + _PANEL)
    up = _Scale.over([value(point) for point in points], start=_BOTTOM, end=_TOP)
    parts = [f'<text class="head" x="{left}" y="28">{escape(title)}</text>']
    for power in across.powers:
        x = across.place(10**power)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_BOTTOM}"/>')
        parts.append(f'<text x="{x:.1f}" y="{_BOTTOM + 18}" text-anchor="middle">{_short(10**power)}</text>')
    for power in up.powers:
        y = up.place(10**power)
        parts.append(f'<line x1="{left}" x2="{left + _PANEL}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{_short(10**power)}</text>')
    for curve, colour in zip(curves, _COLOURS, strict=False):
        places = [(across.place(point.items), up.place(value(point))) for point in curve.points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{line}" stroke="{colour}"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
    return parts


def _legend(curves: Sequence[Curve]) -> list[str]:
    parts = [f'<text x="{_LEFTS[0]}" y="{_BOTTOM + 40}">items of work; both scales are logarithmic</text>']
    step = (_WIDTH - _LEFTS[0]) // len(curves)
    for at, (curve, colour) in enumerate(zip(curves, _COLOURS, strict=False)):
        x = _LEFTS[0] + at * step
        label = escape(f"{curve.name}: slope {curve.slope:.2f}")
        parts.append(f'<circle cx="{x + 4}" cy="{_BOTTOM + 68}" r="4" fill="{colour}"/>')
        parts.append(f'<text x="{x + 14}" y="{_BOTTOM + 72}">{label}</text>')
    return parts


@dataclass(frozen=True, slots=True)
class _Scale:
    """Powers of ten between two places of the picture."""

    powers: range
    start: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], *, start: float, end: float) -> "_Scale":
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return cls(range(low, max(high, low + 1) + 1), start, end)

    def place(self, value: float) -> float:
        share = (math.log10(value) - self.powers[0]) / (self.powers[-1] - self.powers[0])
        return self.start + share * (self.end - self.start)


def _short(value: float) -> str:
    for size, letter in ((1_000_000, " M"), (1_000, " k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
