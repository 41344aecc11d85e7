"""Which columns make one value together, and in what order; and how a row's cells do so. No columns of Arrow here."""

import re
from collections.abc import Sequence
from typing import Final

from tranche.imports.mapping import fold

MIDNIGHT: Final = r"[ T]00:00:00$"
_YEAR: Final = "year yr yyyy jahr année annee año ano anno jaar rok yıl yil godina سنة السنة বছর সাল वर्ष साल"
_MONTH: Final = "month mon mm monat mois mes mês mese maand miesiąc ay ay شهر الشهر মাস महीना माह"
_DAY: Final = "day dd tag jour día dia giorno dag dzień gün gun يوم اليوم দিন दिन"
_PARTS: Final = tuple(frozenset(fold(word) for word in words.split()) for words in (_YEAR, _MONTH, _DAY))


def side_by_side(cells: Sequence[str | None], *, is_date: bool) -> str | None:
    """The cells of one row, in the order of `in_order`, as one value; blank ones are left out."""
    filled = [re.sub(MIDNIGHT, "", cell) if is_date else cell for cell in cells if cell]
    return " ".join(filled) or None


def in_order(headers: Sequence[str], *, is_date: bool) -> list[int]:
    """The places of the columns as they are joined: year, month, day where a date's headers are these words."""
    order = list(range(len(headers)))
    if not is_date or len(headers) < len(_PARTS):
        return order
    keys = [_word(header) for header in headers]
    found = [next((at for at, key in enumerate(keys) if key in words), None) for words in _PARTS]
    known = [at for at in found if at is not None]
    if len(set(known)) < len(_PARTS):
        return order
    return [*known, *(at for at in order if at not in known)]


def _word(header: str) -> str:
    """`Order year` is a year: the word that is known, wherever it stands in the header."""
    words = [fold(word) for word in header.replace("_", " ").replace("-", " ").split()]
    return next((word for word in words if any(word in known for known in _PARTS)), "")
