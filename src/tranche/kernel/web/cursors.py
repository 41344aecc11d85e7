"""Cursors: a place in a list as opaque text, bound to its list, organization, sort and filters.

A cursor is not signed, because it gives no right: it is a position among rows that the caller may read anyway.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Final

import msgspec

from tranche.kernel.context import Context
from tranche.kernel.db.listing import Choice, Key, Listing, Place, sort_keys
from tranche.kernel.errors import Invalid
from tranche.kernel.web.requests import BIGGEST_INTEGER, invalid_parameter

LONGEST: Final = 4_000

_MOMENT: Final = re.compile(r"-?infinity|[0-9]{4,6}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}[0-9.:+-]{0,20}")
_WHOLE: Final = re.compile(r"-?[0-9]{1,19}")


class _Cursor(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    listing: str
    organization_id: int
    sort: str
    filters: str
    forward: bool
    values: tuple[str, ...]


def write_cursor(ctx: Context, listing: Listing, choice: Choice, place: Place | None) -> str | None:
    """The place as text, None where there is none."""
    if place is None:
        return None
    cursor = _Cursor(
        listing.name, ctx.organization_id, choice.sort, _fingerprint(choice.given()), place.forward, place.values
    )
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).rstrip(b"=").decode()


def read_cursor(text: str, ctx: Context, listing: Listing, choice: Choice) -> Place:
    """The place that a cursor of this list, organization, sort and filters means.

    Raises:
        Invalid: it is none, or was made for something else.
    """
    cursor = _decode(text)
    if (cursor.listing, cursor.organization_id) != (listing.name, ctx.organization_id):
        raise _refusal("belongs to another list; take `next` or `previous` of this one's last answer")
    if cursor.sort != choice.sort:
        raise _refusal("belongs to another sort; begin anew with cursor= after a change of the sort")
    if cursor.filters != _fingerprint(choice.given()):
        raise _refusal("belongs to other filters; begin anew with cursor= after a change of the filters")
    keys, _ = sort_keys(listing, choice)
    if len(keys) != len(cursor.values) or not all(map(_fits, keys, cursor.values)):
        raise _damaged()
    return Place(cursor.values, forward=cursor.forward)


def _decode(text: str) -> _Cursor:
    if len(text) > LONGEST:
        raise _damaged()
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(raw, type=_Cursor)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise _damaged() from error


def _fits(key: Key, value: str) -> bool:
    if key.type == "bigint":
        return _WHOLE.fullmatch(value) is not None and abs(int(value)) <= BIGGEST_INTEGER
    if key.type == "timestamptz":
        return _MOMENT.fullmatch(value) is not None
    return "\0" not in value and value.encode(errors="replace").decode() == value


def _fingerprint(filters: Mapping[str, object]) -> str:
    return hashlib.sha256(repr(sorted(filters.items())).encode()).hexdigest()[:16]


def _damaged() -> Invalid:
    return _refusal("is damaged or of another release; begin anew with cursor=")


def _refusal(detail: str) -> Invalid:
    return invalid_parameter("cursor", detail, code="bad_cursor")
