"""Whether the chains of the audit log still hold what was anchored outside the database."""

from collections.abc import Iterator, Mapping
from itertools import islice

from tranche.kernel.audit.anchors import NOTE, NotAnchored, decode_anchor, read_anchors, tell_difference
from tranche.kernel.audit.domain import Seal
from tranche.kernel.audit.queries.seals import find_seals, walk_heads
from tranche.kernel.db.pool import Connection
from tranche.kernel.doctor.domain import MOST_FINDINGS, Finding
from tranche.kernel.errors import TrancheError
from tranche.kernel.storage.domain import Storage

_AT_ONCE = 1_000


def read(storage: Storage) -> Mapping[int, bytes] | None:
    """All anchors, to be read before the database is looked at; None where the storage does not answer now.

    A seal is committed before it is anchored. So whatever was anchored before a look at the database is in it.
    """
    try:
        return read_anchors(storage)
    except TrancheError:
        return None


def find_faults(conn: Connection, storage: Storage, noted: Mapping[int, bytes] | None) -> list[Finding]:
    """Anchors that are missing or not in their chain; `noted` is what `read` found.

    Raises:
        StorageAway: as the anchors could not be read.
    """
    anchors = read_anchors(storage) if noted is None else noted
    return list(islice(_faults(conn, storage, anchors), MOST_FINDINGS + 1))


def _faults(conn: Connection, storage: Storage, anchors: Mapping[int, bytes]) -> Iterator[Finding]:
    heads = {head.organization_id: head for head in walk_heads(conn)}
    for organization_id, head in heads.items():
        # The first of all seals may have come between the two looks.
        if organization_id not in anchors and storage.read_note(organization_id, NOTE) is None:
            yield Finding(organization_id, f"the anchor is missing, though the chain has come to seal {head.short}")
    found, faults = _decoded(anchors)
    yield from faults
    for start in range(0, len(found), _AT_ONCE):
        some = found[start : start + _AT_ONCE]
        named = find_seals(conn, wanted=[(anchor.organization_id, anchor.number) for anchor in some])
        for anchor in some:
            key = anchor.organization_id, anchor.number
            fault = tell_difference(anchor, head=heads.get(anchor.organization_id), named=named.get(key))
            if fault is not None:
                yield Finding(anchor.organization_id, fault)


def _decoded(anchors: Mapping[int, bytes]) -> tuple[list[Seal], list[Finding]]:
    found, faults = [], []
    for organization_id, content in sorted(anchors.items()):
        try:
            found.append(decode_anchor(content, organization_id=organization_id))
        except NotAnchored as error:
            faults.append(Finding(organization_id, error.message))
    return found, faults
