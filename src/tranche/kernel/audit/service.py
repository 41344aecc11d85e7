"""The audit log: entries are added; who lists them asks the list `ENTRIES`."""

from collections.abc import Mapping

from tranche.kernel.audit.domain import JSON
from tranche.kernel.audit.queries import entries
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection

ENTRIES = entries.ENTRIES
add_entry = entries.add_entry
entry_of = entries.entry_of


def record(
    conn: Connection, ctx: Context, *, action: str, subject_id: int | None, detail: Mapping[str, JSON] | None = None
) -> int:
    """Add an entry in the same transaction as the deed; returns its id.

    `action` is "subject.verb", such as "order_batch.delete". A deed on many things is one entry, whose items
    stand in the ledger. Never put a secret into `detail`.
    """
    return entries.insert_entry(conn, write(ctx, action=action, subject_id=subject_id, detail=detail))


def write(
    ctx: Context, *, action: str, subject_id: int | None = None, detail: Mapping[str, JSON] | None = None
) -> Mapping[str, object]:
    """An entry for a statement that adds it together with the deed: the parameters of `add_entry`."""
    return entries.write_entry(
        user_id=ctx.user_id,
        actor=ctx.user_name or (ctx.caller if ctx.user_id or ctx.api_key_id else "system"),
        action=action,
        subject_id=subject_id,
        detail=detail or {},
        request_id=ctx.request_id,
    )
