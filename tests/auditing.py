"""The audit log as tests read it."""

from tranche.kernel.audit.domain import AuditEntry
from tranche.kernel.audit.service import ENTRIES, entry_of
from tranche.kernel.db.listing import Choice, count, fetch_page
from tranche.kernel.db.pool import Connection


def list_entries(conn: Connection, **filters: object) -> list[AuditEntry]:
    """The entries under these filters of the list, the newest first."""
    choice = Choice(filters)
    entries = [entry_of(row) for row in fetch_page(conn, ENTRIES, choice, limit=100, offset=0)]
    assert count(conn, ENTRIES, choice) == len(entries)
    return entries
