"""The names that there are, for the message on one that there is not: the nearest first, at most ten; pure."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Final

from tranche.imports.domain import Field

_MOST_NAMED: Final = 10
_MOST_COMPARED: Final = 256
_LONGEST: Final = 60


def nearest(wanted: str, known: Iterable[str]) -> str:
    """Such as `Qty, Quote and 12 more`."""
    return _listed(wanted, {name: (name,) for name in known})


def nearest_fields(wanted: str, fields: Sequence[Field], *, besides: Iterable[str] = ()) -> str:
    """As `nearest`; a field is as near as the nearest of its names in any language. `besides` are other names."""
    known = {field.name: (field.name, field.label, *field.synonyms) for field in fields}
    return _listed(wanted, {**known, **{name: (name,) for name in besides}})


def _listed(wanted: str, known: Mapping[str, Sequence[str]]) -> str:
    names = list(known)
    compared = sorted(names[:_MOST_COMPARED], key=lambda name: max(_likeness(wanted, word) for word in known[name]))
    ranked = [*reversed(compared), *names[_MOST_COMPARED:]]
    shown = ", ".join(name[:_LONGEST] for name in ranked[:_MOST_NAMED]) or "none"
    rest = len(ranked) - _MOST_NAMED
    return f"{shown} and {rest:,} more" if rest > 0 else shown


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one[:_LONGEST].casefold(), other[:_LONGEST].casefold(), autojunk=False).ratio()
