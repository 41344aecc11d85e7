"""Several columns as one: first and last name, date and time, or year, month and day in whatever order they stand."""

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tranche.imports.domain import Column, FieldKind
from tranche.imports.mapping import fold

_MIDNIGHT: Final = r"[ T]00:00:00$"
_YEAR: Final = "year yr yyyy jahr année annee año ano anno jaar rok yıl yil godina سنة السنة বছর সাল वर्ष साल"
_MONTH: Final = "month mon mm monat mois mes mês mese maand miesiąc ay ay شهر الشهر মাস महीना माह"
_DAY: Final = "day dd tag jour día dia giorno dag dzień gün gun يوم اليوم দিন दिन"
_PARTS: Final = tuple(frozenset(fold(word) for word in words.split()) for words in (_YEAR, _MONTH, _DAY))


def join(columns: Sequence[Column], values: Sequence[pa.ChunkedArray], *, kind: FieldKind) -> pa.ChunkedArray:
    """The cells of a row side by side, blank ones left out; a date by parts as year, month and day.

    `columns` say what `values` are called: which of three numbers is the year, their headers tell.
    """
    parts = list(values)
    if kind is FieldKind.DATE:
        parts = [parts[place] for place in _by_headers(columns)]
        parts = [pc.replace_substring_regex(part, _MIDNIGHT, "") for part in parts]
    whole = parts[0]
    for part in parts[1:]:
        both = pc.binary_join_element_wise(whole, part, " ")
        whole = pc.if_else(pc.is_null(whole), part, pc.if_else(pc.is_null(part), whole, both))
    return whole


def _by_headers(columns: Sequence[Column]) -> list[int]:
    """Year, month, day where the headers are these words; else as a person gave them."""
    order = list(range(len(columns)))
    if len(columns) < len(_PARTS):
        return order
    keys = [_word(column.header) for column in columns]
    found = [next((at for at, key in enumerate(keys) if key in words), None) for words in _PARTS]
    known = [at for at in found if at is not None]
    if len(set(known)) < len(_PARTS):
        return order
    return [*known, *(at for at in order if at not in known)]


def _word(header: str) -> str:
    """`Order year` is a year: the word that is known, wherever it stands in the header."""
    words = [fold(word) for word in header.replace("_", " ").replace("-", " ").split()]
    return next((word for word in words if any(word in known for known in _PARTS)), "")
