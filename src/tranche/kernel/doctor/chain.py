"""The chain of the audit log examined alone: computed anew, compared with its anchors and with heads kept elsewhere."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tranche.kernel.audit.checks import CHAIN_CHECKS
from tranche.kernel.audit.queries.seals import count_seals, find_seals
from tranche.kernel.db.pool import Connection
from tranche.kernel.doctor import anchors
from tranche.kernel.doctor.domain import MOST_FINDINGS, Finding
from tranche.kernel.doctor.queries.findings import list_findings
from tranche.kernel.errors import Invalid
from tranche.kernel.storage.domain import Storage

_HEAD: Final = re.compile(r"([1-9]\d{0,17}):([1-9]\d{0,17}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class KeptHead:
    """A head that somebody kept elsewhere."""

    organization_id: int
    number: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How many seals were computed anew, and what does not hold."""

    seals: int
    findings: Sequence[Finding]


def read_head(line: str) -> KeptHead:
    """A head as it was printed; what stands behind it in its line is left.

    Raises:
        Invalid: it is none.
    """
    match = _HEAD.fullmatch((line.split() or [""])[0])
    if match is None:
        raise Invalid(f"{line[:100]!r} is no head. It must be ORGANIZATION:SEAL:HASH, as `tranche audit heads` prints.")
    return KeptHead(int(match[1]), int(match[2]), bytes.fromhex(match[3]))


def verify(conn: Connection, storage: Storage, *, organization_id: int | None, kept: Sequence[KeptHead]) -> Verdict:
    """Of all organizations, or of one; `conn` is the owner's, in autocommit, and keeps its isolation.

    Raises:
        CheckFailed: the database did not compute it.
        StorageAway: the anchors cannot be read.
    """
    noted = anchors.read(storage)
    conn.execute("SET default_transaction_isolation = 'repeatable read'")
    with conn.transaction():
        found = [*_chain(conn, organization_id), *anchors.find_faults(conn, storage, noted), *_kept(conn, kept)]
        seals = count_seals(conn, organization_id=organization_id)
    return Verdict(seals=seals, findings=[one for one in found if organization_id in {None, one.organization_id}])


def _chain(conn: Connection, organization_id: int | None) -> Iterator[Finding]:
    ours = "" if organization_id is None else f" WHERE organization_id = {int(organization_id)}"
    for check in CHAIN_CHECKS:
        statement = f"SELECT * FROM ({check.sql}) AS chain{ours}"
        for row in list_findings(conn, statement=statement, limit=MOST_FINDINGS):
            yield Finding(row["organization_id"], row["detail"])


def _kept(conn: Connection, kept: Sequence[KeptHead]) -> Iterator[Finding]:
    found = find_seals(conn, wanted=[(head.organization_id, head.number) for head in kept])
    for head in kept:
        seal = found.get((head.organization_id, head.number))
        if seal is None:
            yield Finding(head.organization_id, f"seal {head.number}, which you kept, is not in the database")
        elif seal.hash != head.hash:
            what = f"seal {head.number} is not the one that you kept: {seal.hash.hex()} instead of {head.hash.hex()}"
            yield Finding(head.organization_id, what)
