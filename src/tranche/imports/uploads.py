"""What the uploads of all targets share: limits, the file's name, and what a form and a query ask for."""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

import msgspec
from litestar.openapi.spec import Parameter

from tranche.imports.choices import read_mapping
from tranche.imports.domain import (
    Field,
    ImportMode,
    InvalidMapping,
    Limits,
    Mapping,
    MissingColumns,
    OnDuplicate,
)
from tranche.kernel.errors import FieldError, Invalid
from tranche.kernel.web.faults import pointer
from tranche.kernel.web.openapi import LONGEST_MAPPING, choice, flag, usual
from tranche.kernel.web.requests import AnyRequest, allow_query, read_choice, read_flag, read_text

_PARAMETERS: Final = frozenset({"mapping", "dryRun", "mode", "onDuplicate"})
_LONGEST_NAME: Final = 255
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What an upload may cost."""

    max_bytes: int
    parsing: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an upload asks for beside its file."""

    mapping: Mapping
    on_duplicate: OnDuplicate
    mode: ImportMode
    dry_run: bool


def read_wish(request: AnyRequest, text: str | None, *, fields: Sequence[Field], besides: Collection[str] = ()) -> Wish:
    """What the query asks for; `text` is the mapping of the form, which goes before one in the query.

    Raises:
        Invalid: a parameter cannot be read, or is neither one of these nor `besides`.
        InvalidMapping: the mapping names what the target does not have.
    """
    allow_query(request, _PARAMETERS.union(besides))
    in_query = read_text(request, "mapping", longest=LONGEST_MAPPING)
    mapping = _decode_mapping("/mapping" if text else "mapping", text or in_query, fields=fields)
    on_duplicate = read_choice(request, "onDuplicate", choices=list(OnDuplicate)) or OnDuplicate.ERROR
    mode = read_choice(request, "mode", choices=list(ImportMode)) or ImportMode.VALID
    return Wish(
        mapping=mapping,
        on_duplicate=OnDuplicate(on_duplicate),
        mode=ImportMode(mode),
        dry_run=read_flag(request, "dryRun"),
    )


def wishes_about(what: str, *, on_duplicate: Sequence[OnDuplicate] = tuple(OnDuplicate)) -> tuple[Parameter, ...]:
    """The parameters of `read_wish` as documents say them; `what` may be there already."""
    return (
        *usual("mapping"),
        flag("dryRun", "Judge only: nothing is written."),
        choice("mode", "`valid` brings in what is right, `atomic` all or nothing.", choices=list(ImportMode)),
        choice("onDuplicate", f"What becomes of {what} that is there already.", choices=on_duplicate),
    )


def clean_name(name: str) -> str:
    """The last part of a file's name without control characters, at most 255 characters."""
    last = re.split(r"[/\\]", name)[-1]
    return _UNPRINTABLE.sub("", last).strip()[:_LONGEST_NAME] or "upload"


@contextmanager
def mapping_at(place: str) -> Iterator[None]:
    """Faults of a mapping that stands at this place of a request are named by where they stand there."""
    try:
        yield
    except (InvalidMapping, MissingColumns) as refusal:
        errors = [replace(one, pointer=place + pointer(filter(None, [one.pointer]))) for one in refusal.errors]
        raise type(refusal)(refusal.message, errors=errors) from refusal


def _decode_mapping(place: str, text: str | None, *, fields: Sequence[Field]) -> Mapping:
    """The mapping that an upload carries as JSON at this place; nothing said is an empty one.

    Raises:
        Invalid: it is no JSON.
        InvalidMapping: it names what the target does not have.
    """
    if not text:
        return Mapping()
    try:
        data = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        detail = f'mapping is not JSON; write it as {{"{fields[0].name}": "<column>"}}.'
        raise Invalid(detail, errors=[FieldError(place, detail)]) from error
    with mapping_at(place):
        return read_mapping(data, fields=fields)
