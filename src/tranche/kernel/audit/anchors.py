"""Anchors: the head of an organization's chain, noted where whoever changes the database does not reach."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final, Protocol

import msgspec
from msgspec import Meta

from tranche.kernel.audit.domain import Seal
from tranche.kernel.errors import Conflict

NOTE: Final = "audit-head"


class Notes(Protocol):
    """The part of the storage that anchors need."""

    def write_note(self, organization_id: int, name: str, content: bytes) -> None:
        """Keep a note under this name, instead of the one before."""
        ...

    def read_note(self, organization_id: int, name: str) -> bytes | None:
        """The note, if there is one."""
        ...

    def delete_note(self, organization_id: int, name: str) -> None:
        """Forget the note, if there is one."""
        ...

    def list_notes(self, name: str) -> list[int]:
        """The organizations that have a note of this name."""
        ...


class NotAnchored(Conflict):
    """The chain in the database is not the one that was anchored."""

    code = "audit_not_anchored"


class Anchor(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A head as it is noted; `hash` is in hex."""

    organization_id: int
    number: int
    until: Annotated[datetime, Meta(tz=True)]
    entries: int
    hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]

    @classmethod
    def of(cls, head: Seal) -> "Anchor":
        """The anchor of this head."""
        return cls(
            organization_id=head.organization_id,
            number=head.number,
            until=head.until.astimezone(UTC),
            entries=head.entries,
            hash=head.hash.hex(),
        )

    def seal(self) -> Seal:
        """The head that was noted."""
        return Seal(
            organization_id=self.organization_id,
            number=self.number,
            until=self.until,
            entries=self.entries,
            hash=bytes.fromhex(self.hash),
        )


def write_anchor(notes: Notes, head: Seal) -> None:
    """Note this head, whatever was noted before."""
    content = msgspec.json.format(msgspec.json.encode(Anchor.of(head)), indent=2) + b"\n"
    notes.write_note(head.organization_id, NOTE, content)


def replace_anchor(notes: Notes, organization_id: int, head: Seal | None) -> Seal | None:
    """Note this head, or none; the one that was noted, as far as it can be read."""
    content = notes.read_note(organization_id, NOTE)
    try:
        before = None if content is None else decode_anchor(content, organization_id=organization_id)
    except NotAnchored:
        before = None
    if head is not None:
        write_anchor(notes, head)
    elif content is not None:
        notes.delete_note(organization_id, NOTE)
    return before


def decode_anchor(content: bytes, *, organization_id: int) -> Seal:
    """The head that a note of this organization names.

    Raises:
        NotAnchored: it cannot be read, or is another organization's.
    """
    try:
        anchor = msgspec.json.decode(content, type=Anchor)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NotAnchored(f"the anchor cannot be read: {error}") from error
    if anchor.organization_id != organization_id:
        raise NotAnchored(f"the anchor is that of organization {anchor.organization_id}")
    return anchor.seal()


def read_anchors(notes: Notes) -> Mapping[int, bytes]:
    """What is noted of every organization; read it before the database, whose heads are older than their anchors."""
    found = {organization_id: notes.read_note(organization_id, NOTE) for organization_id in notes.list_notes(NOTE)}
    return {organization_id: content for organization_id, content in found.items() if content is not None}


def tell_difference(anchor: Seal, *, head: Seal | None, named: Seal | None) -> str | None:
    """What is wrong where the anchor is not in the chain; `named` is the seal of the anchor's number, `head` the last.

    None: it is in the chain.
    """
    if named is not None and named.hash == anchor.hash:
        return None
    what = f"its anchor is seal {anchor.short}, which holds entries up to {_time(anchor.until)}, and "
    if named is not None:
        return f"{what}seal {named.short} of the database is another: the chain was made anew"
    if head is None:
        return f"{what}the database has no seal at all: they were removed, or an older database was put back"
    return (
        f"{what}the chain of the database ends at seal {head.short}, up to {_time(head.until)}: seals were removed, or "
        "an older database was put back"
    )


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
