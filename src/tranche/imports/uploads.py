"""What the uploads of all targets share: limits, the file's name, the mapping as a form or a query carries it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from tranche.imports.choices import read_mapping
from tranche.imports.domain import Field, Limits, Mapping
from tranche.kernel.errors import FieldError, Invalid

_LONGEST_NAME: Final = 255
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What an upload may cost."""

    max_bytes: int
    parsing: Limits


def clean_name(name: str) -> str:
    """The last part of a file's name without control characters, at most 255 characters."""
    last = re.split(r"[/\\]", name)[-1]
    return _UNPRINTABLE.sub("", last).strip()[:_LONGEST_NAME] or "upload"


def decode_mapping(text: str | None, *, fields: Sequence[Field]) -> Mapping:
    """The mapping that an upload carries as JSON; nothing said is an empty one.

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
        raise Invalid(detail, errors=[FieldError("mapping", detail)]) from error
    return read_mapping(data, fields=fields)
