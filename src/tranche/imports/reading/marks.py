"""Cells that cannot be taken, and changes made to all cells of one value at once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a cell cannot be taken; `{cell}` and `{value}` in the sentence stand for its address and text."""

    code: str
    sentence: str

    def about(self, cell: str, value: str) -> str:
        """The sentence on one cell."""
        shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
        return self.sentence.replace("{cell}", cell).replace("{value}", shown.replace("\x00", "\ufffd"))

    def after(self, earlier: "Verdict | None") -> "Verdict":
        """Both verdicts on one value, the earlier one first."""
        return Verdict(earlier.code, f"{earlier.sentence} {self.sentence}") if earlier else self


@dataclass(frozen=True, slots=True)
class Clean:
    """A column as it will be sent, its faults by row index, and what was decided for it as a whole."""

    values: pa.ChunkedArray
    marks: dict[int, Verdict] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


def distinct(column: pa.ChunkedArray) -> list[str]:
    """The values of a column, each once, without null."""
    return [value for value in pc.unique(column).to_pylist() if value is not None]


def rows_where(mask: pa.ChunkedArray) -> list[int]:
    """The row indexes at which a mask is true."""
    rows: list[int] = pc.indices_nonzero(mask).to_pylist()
    return rows


def replaced(
    column: pa.ChunkedArray, values: Sequence[str], *, decide: Callable[[str], str | Verdict]
) -> tuple[pa.ChunkedArray, dict[int, Verdict]]:
    """Decide once for each of some distinct values; a value with a verdict stays as it is, and its rows are marked."""
    answers = [decide(value) for value in values]
    texts = [value if isinstance(answer, Verdict) else answer for value, answer in zip(values, answers, strict=True)]
    places = pc.index_in(column, value_set=pa.array(values, pa.string()))
    changed = pc.coalesce(pc.take(pa.array(texts, pa.string()), places), column)
    bad = {place: answer for place, answer in enumerate(answers) if isinstance(answer, Verdict)}
    return changed, _marked(places, bad)


def _marked(places: pa.ChunkedArray, bad: dict[int, Verdict]) -> dict[int, Verdict]:
    if not bad:
        return {}
    mask = pc.fill_null(pc.is_in(places, value_set=pa.array(bad, places.type)), fill_value=False)
    found: Iterable[int] = pc.filter(places, mask).to_pylist()
    return {row: bad[place] for row, place in zip(rows_where(mask), found, strict=True)}
