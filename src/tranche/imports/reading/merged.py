"""Merged cells below the header: the value stands in the first, and the others are empty, which a person must know."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from tranche.imports.domain import letter_of
from tranche.imports.reading.biff import Area
from tranche.imports.reading.table import Table

_ROW: Final = re.compile(r"[0-9]+$")
_NAMED: Final = 5


def merged_notices(table: Table, *, begin: int) -> Iterator[str]:
    """One sentence on the merged areas that reach below the row index `begin`."""
    areas = [f"{first}:{last}" for first, last in table.merged.items() if _row(last) > begin]
    if areas:
        rest = f" and {len(areas) - _NAMED} more" if len(areas) > _NAMED else ""
        yield (
            f"The sheet has merged cells ({', '.join(areas[:_NAMED])}{rest}): the value counts for the first cell "
            "of each, the others are empty."
        )


def named_areas(areas: Iterable[Area]) -> dict[str, str]:
    """The addresses of first and last cell, by areas of rows and columns counted from 0."""
    return {
        f"{letter_of(left)}{top + 1}": f"{letter_of(right)}{bottom + 1}"
        for top, bottom, left, right in areas
        if (top, left) != (bottom, right)
    }


def _row(address: str) -> int:
    found = _ROW.search(address)
    return int(found[0]) if found else 0
