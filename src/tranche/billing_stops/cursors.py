"""Cursors of pages of a snapshot: they carry its number, so that all pages of one walk are of the same data."""

import base64
import binascii
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import msgspec

from tranche.kernel.errors import Invalid
from tranche.kernel.web.requests import BIGGEST_INTEGER, invalid_parameter

_LONGEST: Final = 1_000
_LONGEST_VALUE: Final = 200


class _Cursor(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    what: str
    snapshot_id: int
    values: tuple[str | int, ...]


def write_cursor(what: str, snapshot_id: int, values: Sequence[Any] | None) -> str | None:
    """A place in the list `what` of a snapshot as text, None at its end."""
    if values is None:
        return None
    raw = msgspec.json.encode(_Cursor(what, snapshot_id, tuple(values)))
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def read_cursor(name: str, text: str, *, what: str, kinds: Sequence[type]) -> tuple[int, tuple[Any, ...]]:
    """The snapshot and the place that the parameter `name` means.

    Raises:
        Invalid: it was not made for this list.
    """
    try:
        if len(text) > _LONGEST:
            raise _refusal(name)
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        cursor = msgspec.json.decode(raw, type=_Cursor)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise _refusal(name) from error
    fits = len(cursor.values) == len(kinds) and all(map(_fits, cursor.values, kinds))
    if cursor.what != what or not fits or not 0 < cursor.snapshot_id <= BIGGEST_INTEGER:
        raise _refusal(name)
    return cursor.snapshot_id, cursor.values


def _fits(value: str | int, kind: type) -> bool:
    if kind is int:
        return isinstance(value, int) and abs(value) <= BIGGEST_INTEGER
    if not isinstance(value, str) or "\0" in value or len(value) > _LONGEST_VALUE:
        return False
    if kind is date and value != "-infinity":
        try:
            date.fromisoformat(value)
        except ValueError:
            return False
    return value.encode(errors="replace").decode() == value


def _refusal(name: str) -> Invalid:
    return invalid_parameter(
        name, "is damaged, or belongs to another list, sort or filter; begin again without it", code="bad_cursor"
    )
