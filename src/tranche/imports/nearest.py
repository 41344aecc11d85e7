"""The names that there are, for the message on one that there is not: the nearest first, at most ten; pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from tranche.imports.domain import Field
from tranche.kernel.text import rank

_MOST_NAMED: Final = 10
_LONGEST: Final = 60


def nearest(wanted: str, known: Iterable[str]) -> str:
    """Such as `Qty, Quote and 12 more`."""
    return _listed(wanted, {name: (name,) for name in known})


def nearest_fields(wanted: str, fields: Sequence[Field], *, besides: Iterable[str] = ()) -> str:
    """As `nearest`; a field is as near as the nearest of its names in any language. `besides` are other names."""
    known = {field.name: (field.name, field.label, *field.synonyms) for field in fields}
    return _listed(wanted, {**known, **{name: (name,) for name in besides}})


def _listed(wanted: str, known: Mapping[str, Sequence[str]]) -> str:
    ranked = rank(wanted, known)
    shown = ", ".join(name[:_LONGEST] for name in ranked[:_MOST_NAMED]) or "none"
    rest = len(ranked) - _MOST_NAMED
    return f"{shown} and {rest:,} more" if rest > 0 else shown
