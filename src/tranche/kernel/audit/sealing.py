"""Sealing: the chain of one organization made longer, and its head anchored outside the database."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from tranche.kernel.audit.anchors import (
    NOTE,
    NotAnchored,
    Notes,
    decode_anchor,
    replace_anchor,
    tell_difference,
    write_anchor,
)
from tranche.kernel.audit.domain import Seal
from tranche.kernel.audit.queries import seals
from tranche.kernel.audit.service import record
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import NotFound

MOST_AT_ONCE: Final = 100_000
GRACE: Final = timedelta(minutes=5)

_ADVICE: Final = (
    "Nothing more is sealed. Ask who had the database in their hands; `tranche audit verify` shows what does not hold. "
    "Where a database was put back on purpose, `tranche audit renew-anchor` takes its chain as the true one."
)

SEALS = seals.SEALS
find_head = seals.find_head

_log = structlog.get_logger(__name__)


def seal_organization(
    database: Database,
    notes: Notes,
    organization_id: int,
    *,
    should_abort: Callable[[], bool] = lambda: False,
    most: int = MOST_AT_ONCE,
    grace: timedelta = GRACE,
) -> int:
    """Seal what can be sealed, about `most` entries in a transaction, and anchor the head; returns how many entries.

    It may be run by several at once, and again after it was cut off anywhere.

    Raises:
        NotAnchored: the anchor is not in the chain. Nothing is sealed and the anchor stays, until somebody has looked.
        Unavailable: the database or the storage is away.
    """
    anchor = _read_anchor(notes, organization_id)
    with database.transaction(organization_id) as conn:
        head = _find_anchored_head(conn, anchor)
    entries = 0
    while not should_abort():
        with database.transaction(organization_id) as conn:
            sealed = seals.insert_seal(conn, seals.find_stretch(conn, most=most, grace=grace))
        if sealed is None:
            break
        entries, head = entries + sealed.entries, sealed
        _log.info(
            "audit.sealed",
            organization=organization_id,
            number=sealed.number,
            hash=sealed.hash.hex(),
            until=sealed.until.isoformat(),
            entries=sealed.entries,
        )
    if head is not None and (anchor is None or anchor.number < head.number):
        _move_anchor(notes, head)
    return entries


class NothingSealed(NotFound):
    """Neither a chain nor an anchor."""

    def __init__(self, organization_id: int) -> None:
        """Of this organization, which there may not even be."""
        super().__init__(f"Organization {organization_id} has neither a seal nor an anchor.")


def renew_anchor(database: Database, notes: Notes, ctx: Context) -> tuple[Seal | None, Seal | None]:
    """Take the chain that is in the database as the true one: the head that was anchored, and the one that is now.

    For a person who knows why they differ, such as after a database was put back; it is an entry of the log itself.
    The first is None too where the anchor cannot be read.

    Raises:
        NothingSealed: there is neither a chain nor an anchor.
    """
    content = notes.read_note(ctx.organization_id, NOTE)
    with database.transaction(ctx.organization_id) as conn:
        head = find_head(conn)
        if head is None and content is None:
            raise NothingSealed(ctx.organization_id)
        if head is not None:
            record(conn, ctx, action="audit.renew_anchor", subject_id=head.number, detail={"head": head.head})
    before = replace_anchor(notes, ctx.organization_id, head)
    _log.warning(
        "audit.anchor_renewed",
        organization=ctx.organization_id,
        before=before.head if before else None,
        now=head.head if head else None,
    )
    return before, head


def _find_anchored_head(conn: Connection, anchor: Seal | None) -> Seal | None:
    head = seals.find_head(conn)
    if anchor is None:
        if head is not None:
            _log.warning("audit.anchor_missing", organization=head.organization_id, head=head.head)
        return head
    key = anchor.organization_id, anchor.number
    fault = tell_difference(anchor, head=head, named=seals.find_seals(conn, wanted=[key]).get(key))
    if fault is not None:
        raise NotAnchored(f"Organization {anchor.organization_id}: {fault}. {_ADVICE}")
    return head


def _read_anchor(notes: Notes, organization_id: int) -> Seal | None:
    content = notes.read_note(organization_id, NOTE)
    try:
        return None if content is None else decode_anchor(content, organization_id=organization_id)
    except NotAnchored as error:
        raise NotAnchored(f"Organization {organization_id}: {error.message}. {_ADVICE}") from error


def _move_anchor(notes: Notes, head: Seal) -> None:
    """Never backwards: another worker may have been further."""
    anchor = _read_anchor(notes, head.organization_id)
    if anchor is None or anchor.number < head.number:
        write_anchor(notes, head)
