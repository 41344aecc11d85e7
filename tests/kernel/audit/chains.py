"""The chain of one organization: entries of the past, seals, the anchor, and what does not hold."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.factories import Organization
from tranche.kernel.audit.anchors import NOTE, decode_anchor
from tranche.kernel.audit.checks import CHAIN_CHECKS
from tranche.kernel.audit.domain import Seal
from tranche.kernel.audit.queries.seals import seal_of
from tranche.kernel.audit.sealing import seal_organization
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.storage.local import LocalFiles


@dataclass(frozen=True, slots=True)
class Chain:
    """One organization's log, where its anchor is, and the owner who can do to it what nobody should."""

    database: Database
    owner: Connection
    organization: Organization
    notes: LocalFiles

    @property
    def id(self) -> int:
        return self.organization.id

    def add(self, *, ago: str = "1 hour", count: int = 1) -> None:
        """So many entries of one moment in the past."""
        self.owner.execute(
            """
            INSERT INTO audit_entries (organization_id, at, user_id, actor, action, subject_id, detail, request_id)
            SELECT %(id)s, now() - %(ago)s::interval, %(user)s, 'Ada', 'order.made', n, '{"größe": [1, "a"]}', 'r-1'
            FROM generate_series(1, %(count)s) AS n
            """,
            {"id": self.id, "user": self.organization.user_id, "ago": ago, "count": count},
        )

    def seal(self, **how: Any) -> int:
        """Seal what can be sealed; how many entries."""
        return seal_organization(self.database, self.notes, self.id, **how)

    def add_sealed(self, *hours: int) -> None:
        """Two entries so many hours ago, and a seal over them that was made half an hour later."""
        for age in hours:
            self.add(ago=f"{age} hours", count=2)
            assert self.seal(grace=timedelta(hours=age - 0.5)) == 2

    def seals(self) -> list[Seal]:
        """The seals in their order."""
        rows = self.owner.execute("SELECT * FROM audit_seals WHERE organization_id = %s ORDER BY number", [self.id])
        return [seal_of(row) for row in rows]

    def anchor(self) -> Seal | None:
        """The head that is noted."""
        content = self.notes.read_note(self.id, NOTE)
        return None if content is None else decode_anchor(content, organization_id=self.id)

    def faults(self) -> list[str]:
        """What does not hold."""
        return [row["detail"] for check in CHAIN_CHECKS for row in self.owner.execute(check.sql.encode()).fetchall()]
