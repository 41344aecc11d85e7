"""Which column means which field: said by a person, else remembered, else by name, synonym or likeness; pure."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from functools import partial
from typing import Final

from tranche.imports.domain import (
    OUR_HEADERS,
    Column,
    Field,
    InvalidMapping,
    Mapping,
    Matching,
    MatchKind,
    Remembered,
    letter_of,
)
from tranche.imports.nearest import nearest, nearest_fields
from tranche.kernel.errors import FieldError

_ALIKE: Final = 0.86
_CLEARLY: Final = 0.04
_SHORTEST_ALIKE: Final = 5
_LONGEST_ALIKE: Final = 40
_LONGEST_HEADER: Final = 200
_MOST_NAMED: Final = 30
_MOST_COMPARED: Final = 256
_PARENTHESIS: Final = re.compile(r"[(\[][^)\]]*[)\]]")


def match(headers: Sequence[str | None], *, fields: Sequence[Field], mapping: Mapping, first: int = 0) -> Matching:
    """For every column its field or extra. `headers` are raw: blank and doubled ones get names here.

    `first` is the index of the sheet's column in which the table begins (0 is A).

    Raises:
        InvalidMapping: the mapping names a header that is not there, stands twice, or a column for two fields.
    """
    names = name_columns(headers, first=first)
    keys = [_keys(header or "") for header in headers]
    find = partial(_find, headers=headers, names=names, keys=keys, first=first)
    chosen = _explicit(find, fields=fields, mapping=mapping)
    out = {at for wanted in mapping.left_out if isinstance(at := find(wanted), int)}
    remembered = recognise(names, mapping=mapping)
    if remembered:
        chosen = _by_memory(names, fields=fields, remembered=remembered)
        out |= {own for wanted in remembered.left_out if (own := _find_name(wanted, names)) is not None}
    for kind, offers in (
        (MatchKind.NAME, _by_name(keys, fields)),
        (MatchKind.SYNONYM, _by_synonym(keys, fields)),
        (MatchKind.FUZZY, _by_likeness(keys, fields)),
    ):
        _take(chosen, (offer for offer in offers if offer[1] not in out), kind=kind)
    columns = tuple(
        Column(index=index, letter=letter_of(first + index), header=name, field=field, match=kind, place=place)
        for index, name in enumerate(names)
        for field, kind, place in (chosen.get(index, (None, None, 0)),)
    )
    found = {column.field for column in columns}
    missing = tuple(one.name for one in fields if one.required and one.name not in found)
    return Matching(columns, missing, remembered)


def missing_message(matching: Matching) -> str:
    """The sentence on required fields without a column, with the columns found and what to do."""
    wanted = " and ".join(filter(None, (", ".join(matching.missing[:-1]), *matching.missing[-1:])))
    example = ", ".join(f'"{name}": "<column>"' for name in matching.missing)
    return f"No column for {wanted}. Columns found: {_listed(matching.columns)}; name it with mapping={{{example}}}."


def fingerprint(headers: Sequence[str | None]) -> bytes:
    """SHA-256 of the headers, blind to case, accents and punctuation: the key of a remembered mapping.

    The columns that our workbook of errors adds do not count, so that it is known when it comes back.
    """
    theirs = (header or "" for header in headers if header not in OUR_HEADERS)
    return hashlib.sha256("\x1f".join(map(fold, theirs)).encode()).digest()


def recognise(names: Sequence[str], *, mapping: Mapping) -> Remembered | None:
    """What is remembered of the header with these names (see `name_columns`); nothing where a person named columns."""
    if mapping.columns or not mapping.remembered:
        return None
    own = fingerprint(names).hex()
    return next((one for one in mapping.remembered if one.fingerprint == own), None)


def name_columns(headers: Sequence[str | None], *, first: int = 0) -> list[str]:
    """A name for every column, never empty and never twice: blank ones by their letter, doubles numbered."""
    names: list[str] = []
    taken: set[str] = set()
    counts: dict[str, int] = {}
    for index, header in enumerate(headers):
        wanted = " ".join((header or "").split()) or f"Column {letter_of(first + index)}"
        name, count = wanted, counts.get(wanted, 1)
        while name in taken:
            count += 1
            name = f"{wanted} ({count})"
        counts[wanted] = count  # where the next of this name begins, so that ten thousand of them take no time
        taken.add(name)
        names.append(name)
    return names


_Chosen = dict[int, tuple[str, MatchKind, int]]
_Offer = tuple[float, int, str]


def _explicit(find: Callable[[str], int | str], *, fields: Sequence[Field], mapping: Mapping) -> _Chosen:
    """`find` answers the index of a column, or says in a sentence why there is none."""
    known = {field.name for field in fields}
    chosen: _Chosen = {}
    errors: list[FieldError] = []
    for field_name, several in mapping.columns.items():
        if field_name not in known:
            detail = f"There is no field {field_name}. There are: {nearest_fields(field_name, fields)}."
            errors.append(FieldError(field_name, detail, "unknown_field"))
            continue
        for place, wanted in enumerate((several,) if isinstance(several, str) else several):
            index = find(wanted)
            if isinstance(index, str):
                errors.append(FieldError(field_name, index, "unknown_header"))
            elif index in chosen:
                other = chosen[index][0]
                detail = f"“{wanted}” is named for {other} and for {field_name}."
                errors.append(FieldError(field_name, detail, "column_twice"))
            else:
                chosen[index] = (field_name, MatchKind.EXPLICIT, place)
    if errors:
        raise InvalidMapping(" ".join(error.detail for error in errors), errors=errors)
    return chosen


def _by_memory(names: Sequence[str], *, fields: Sequence[Field], remembered: Remembered) -> _Chosen:
    """By name, else by its only likeness; a field or a column that is not there any more is left to the rest."""
    known = {field.name for field in fields}
    chosen: _Chosen = {}
    for field_name, several in remembered.columns.items():
        found = [_find_name(wanted, names) for wanted in ((several,) if isinstance(several, str) else several)]
        columns = [index for index in found if index is not None and index not in chosen]
        if field_name in known and len(set(columns)) == len(found):
            chosen |= {index: (field_name, MatchKind.REMEMBERED, place) for place, index in enumerate(columns)}
    return chosen


def _find_name(wanted: str, names: Sequence[str]) -> int | None:
    same = [i for i, name in enumerate(names) if name == wanted]
    same = same or [i for i, name in enumerate(names) if fold(name) == fold(wanted) != ""]
    return same[0] if len(same) == 1 else None


def _find(
    wanted: str,
    *,
    headers: Sequence[str | None],
    names: Sequence[str],
    keys: Sequence[tuple[str, ...]],
    first: int,
) -> int | str:
    """The index of a column by its header, its given name or its letter; a sentence if there is none or two."""
    plain = " ".join(wanted.split())
    same = [i for i, header in enumerate(headers) if " ".join((header or "").split()) == plain != ""]
    same = same or [i for i, name in enumerate(names) if name == plain]
    same = same or [i for i, key in enumerate(keys) if key and key[0] == fold(wanted) != ""]
    same = same or [i for i in range(len(names)) if plain in (letter_of(first + i), f"Column {letter_of(first + i)}")]
    if len(same) == 1:
        return same[0]
    if same:
        where = " and ".join(letter_of(first + i) for i in same)
        return f"The header “{wanted}” stands in columns {where}; rename one of them, or name the column's letter."
    return f"The file has no column “{wanted}”. It has: {nearest(wanted, names)}."


def _take(chosen: _Chosen, offers: Iterator[_Offer], *, kind: MatchKind) -> None:
    """Best offers first, each field and each column once."""
    used = {name for name, _, _ in chosen.values()}
    for _, index, name in sorted(offers):
        if index not in chosen and name not in used:
            chosen[index] = (name, kind, 0)
            used.add(name)


def _by_name(keys: Sequence[tuple[str, ...]], fields: Sequence[Field]) -> Iterator[_Offer]:
    wanted = {key: field.name for field in fields for key in (fold(field.label), fold(field.name))}
    for index, own in enumerate(keys):
        for rank, key in enumerate(own):
            if key in wanted:
                yield rank, index, wanted[key]


def _by_synonym(keys: Sequence[tuple[str, ...]], fields: Sequence[Field]) -> Iterator[_Offer]:
    """A field's first synonyms are its plainest; they win over later ones, and a left column over a right one."""
    wanted: dict[str, list[tuple[int, str]]] = {}
    for field in fields:
        for rank, text in enumerate(field.synonyms):
            wanted.setdefault(fold(text), []).append((rank, field.name))
    for index, own in enumerate(keys):
        for key in own:
            for rank, name in wanted.get(key, ()):
                yield rank, index, name


def _by_likeness(keys: Sequence[tuple[str, ...]], fields: Sequence[Field]) -> Iterator[_Offer]:
    """Only for a header that is much like one field's words and clearly less like any other field's."""
    words = {field.name: {fold(text) for text in (field.name, field.label, *field.synonyms)} for field in fields}
    for index, own in enumerate(keys[:_MOST_COMPARED]):
        if not own or not _SHORTEST_ALIKE <= len(own[-1]) <= _LONGEST_ALIKE:
            continue
        scores = sorted(
            ((max(_likeness(own[-1], word) for word in several), name) for name, several in words.items()),
            reverse=True,
        )
        best, name = scores[0]
        second = scores[1][0] if len(scores) > 1 else 0.0
        if best >= _ALIKE and best - second >= _CLEARLY:
            yield 1 - best, index, name


def _likeness(one: str, other: str) -> float:
    if len(other) < _SHORTEST_ALIKE or one[0] != other[0]:
        return 0.0
    compared = SequenceMatcher(None, one, other, autojunk=False)
    return compared.ratio() if compared.real_quick_ratio() >= _ALIKE <= compared.quick_ratio() else 0.0


def _keys(header: str) -> tuple[str, ...]:
    """The header as it is, and without what stands in brackets: `Price (EUR)` is also `Price`."""
    text = header[:_LONGEST_HEADER]
    keys = (fold(text), fold(_PARENTHESIS.sub(" ", text)))
    return tuple(dict.fromkeys(key for key in keys if key))


def fold(text: str) -> str:
    """Letters and digits only, without accents and case: `Invoice-No.`, `InvoiceNo` and `INVOICE NO` are one."""
    spelled = text.replace("#", " no ").replace("№", " no ").replace("%", " percent ")
    plain = unicodedata.normalize("NFKD", spelled).casefold()
    return "".join(char for char in unicodedata.normalize("NFKD", plain) if char.isalnum())


def _listed(columns: Sequence[Column]) -> str:
    shown = ", ".join(column.header[:60] for column in columns[:_MOST_NAMED]) or "none"
    rest = len(columns) - _MOST_NAMED
    return f"{shown} and {rest} more" if rest > 0 else shown


def with_samples(matching: Matching, samples: Sequence[Sequence[str]]) -> Matching:
    """The same matching with some values of every column, for a person to look at."""
    columns = (replace(column, samples=tuple(values)) for column, values in zip(matching.columns, samples, strict=True))
    return replace(matching, columns=tuple(columns))
