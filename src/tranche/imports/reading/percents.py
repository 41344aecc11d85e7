"""Rates in per cent: a workbook stores 19 % as 0.19, and only the cell's format tells the two apart."""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tranche.imports.reading import numbers
from tranche.imports.reading.marks import Clean, distinct, replaced

_SMALL: Final = r"^(?:0\.[0-9]*[1-9][0-9]*|1(?:\.0+)?)$"
_ZERO: Final = r"^0(?:\.0+)?$"


def scale(original: pa.ChunkedArray, done: Clean, *, header: str, shown: Callable[[], set[int]] | None) -> Clean:
    """Multiply by 100 the number cells that are shown as per cent; `shown` gives their rows, asked only when needed."""
    plain = pc.fill_null(pc.match_substring_regex(original, numbers.PLAIN), fill_value=False)
    small = pc.fill_null(pc.match_substring_regex(original, _SMALL), fill_value=False)
    if not pc.any(small).as_py():
        return done
    rows = shown() if shown else set()
    mask = pc.and_(plain, pa.array([row in rows for row in range(len(original))]))
    if pc.any(mask).as_py():
        scaled, _ = replaced(original, distinct(pc.filter(original, mask)), decide=_hundredfold)
        notice = f"{header}: cells shown as per cent are taken as such (0.19 shown as 19 % is 19)."
        return Clean(pc.if_else(mask, scaled, done.values), done.marks, (*done.notices, notice))
    zero = pc.fill_null(pc.match_substring_regex(original, _ZERO), fill_value=False)
    if pc.all(pc.or_(pc.or_(small, zero), pc.is_null(original))).as_py():
        notice = f"{header}: the values are all 1 or less and are taken as they are (0.19 is 0.19 %)."
        return Clean(done.values, done.marks, (*done.notices, notice))
    return done


def _hundredfold(text: str) -> str:
    digits = format(Decimal(text) * 100, "f")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
