"""Which invoices a page is about: those of a run, since a day, or by their numbers."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, TypeVar

import msgspec

from tranche.invoicing.bulk.domain import MOST_LISTED
from tranche.invoicing.bulk.queries import members
from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import FieldError, Invalid, TrancheError
from tranche.kernel.text import spellings
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.render import faults_of

_MOST_DIGITS: Final = 18
_LONGEST_SHOWN: Final = 60


class ChoiceForm(Body, frozen=True):
    """`ids` are numbers or ids, parted by commas; `chosen` those that were looked at, `once` is the form's token."""

    run: str = ""
    ids: str = ""
    since: str = ""
    chosen: str = ""
    once: str = ""


Form = TypeVar("Form", bound=ChoiceForm)


def read_ids(conn: Connection, data: ChoiceForm) -> list[int]:
    """The ids of what is chosen, the oldest first where a run or a day is.

    Raises:
        Invalid: names the field.
    """
    text = data.chosen or data.ids
    if text:
        return _read_named(conn, [part.strip() for part in text.split(",") if part.strip()])
    if not data.run and not data.since:
        raise _fault("", "Say which invoices: of a run, since a day, or by their numbers")
    if data.run and not _is_id(data.run):
        raise _fault("run", "must be the number of a run")
    run, since = (int(data.run), None) if data.run else (None, _day(data.since))
    found = members.list_live(conn, operation_id=run, since=since, limit=MOST_LISTED + 1)
    if not found:
        raise _fault("run" if data.run else "since", "has no live invoices")
    if len(found) > MOST_LISTED:
        raise _fault("since", f"has more than {MOST_LISTED:,} invoices; take them run by run")
    return found


def with_ids(data: Form, ids: list[int]) -> Form:
    """From here on exactly what was looked at is meant."""
    return msgspec.structs.replace(data, chosen=",".join(str(one) for one in ids))


def list_faults(error: TrancheError) -> dict[str, str]:
    """A refusal by field of these forms; what belongs to none of them concerns the form as a whole."""
    known = {"run", "since", "ids", "method", "template", "subject", "language"}
    found: dict[str, str] = {}
    for name, words in faults_of(error).items():
        field = {"invoice_ids": "ids"}.get(name, name.removeprefix("options/"))
        found.setdefault(field if field in known else "", words)
    return found


def _read_named(conn: Connection, parts: Sequence[str]) -> list[int]:
    """The ids of invoices that are named by id or by number, which never reads like an id."""
    named = [part for part in parts if not _is_id(part)]
    found = members.find_numbers(conn, numbers=[one for part in named for one in spellings(part)]) if named else {}
    ids = [_find(part, found) for part in parts]
    missing = [part for part, one in zip(parts, ids, strict=True) if one is None]
    if missing:
        raise _fault("ids", f"There is no invoice with the number {missing[0][:_LONGEST_SHOWN]}")
    return list(dict.fromkeys(one for one in ids if one is not None))


def _find(part: str, numbers: Mapping[str, int]) -> int | None:
    if _is_id(part):
        return int(part)
    return next((numbers[one] for one in spellings(part) if one in numbers), None)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _fault("since", "must be a day") from None


def _fault(field: str, words: str) -> Invalid:
    return Invalid(f"{words}.", errors=[FieldError(f"/{field}", words)] if field else [])
