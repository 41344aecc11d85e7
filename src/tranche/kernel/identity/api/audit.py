"""The audit log over HTTP; it stands here because the log itself lies below the web."""

from typing import Final

from litestar import get
from litestar.di import NamedDependency

from tranche.kernel.audit.sealing import SEALS
from tranche.kernel.audit.service import ENTRIES, entry_of
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.identity.schemas import AuditEntryOut, AuditSealOut, audit_entry_out, audit_seal_out
from tranche.kernel.web.auth import SCOPE, admin
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.exports import Download, Exports
from tranche.kernel.web.listing import (
    EXPORTING,
    PAGING,
    Readers,
    exports_of,
    lists,
    look,
    moment,
    read_filters,
    text,
    whole,
)
from tranche.kernel.web.requests import AnyRequest

_FILTERS: Final[Readers] = {
    "action": ("action", text(longest=100)),
    "userId": ("user_id", whole),
    "from": ("since", moment),
    "to": ("until", moment),
}


@get(
    "/api/audit", opt={SCOPE: "settings"}, guards=[admin], operation_class=lists(ENTRIES, _FILTERS), sync_to_thread=True
)
def list_audit(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[AuditEntryOut]]:
    """Newest first, by `action`, `userId`, `from` (included) and `to` (not included) where given."""
    choice = read_filters(request, ENTRIES, _FILTERS, besides=PAGING)
    with database.transaction(ctx.organization_id) as conn:
        found = look(request, ctx, conn, ENTRIES, choice)
    out = [audit_entry_out(entry_of(row)) for row in found.rows]
    return envelope(ctx, out, message="Audit entries fetched", links=found.links)


@get(
    "/api/audit/export",
    opt={SCOPE: "settings"},
    guards=[admin],
    operation_class=exports_of(ENTRIES, _FILTERS),
    sync_to_thread=False,
)
def export_audit(request: AnyRequest, ctx: NamedDependency[Context], exports: NamedDependency[Exports]) -> Download:
    """The entries under the same filters as a file: `format=csv` or `format=xlsx`."""
    return exports.answer(ctx, request, ENTRIES, read_filters(request, ENTRIES, _FILTERS, besides=EXPORTING))


@get("/api/audit/seals", opt={SCOPE: "settings"}, guards=[admin], operation_class=lists(SEALS, {}), sync_to_thread=True)
def list_audit_seals(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[AuditSealOut]]:
    """The chain that the entries are sealed into, its head first.

    A seal holds the entries from the seal before it up to `until`, without that.
    """
    choice = read_filters(request, SEALS, {}, besides=PAGING)
    with database.transaction(ctx.organization_id) as conn:
        found = look(request, ctx, conn, SEALS, choice)
    return envelope(
        ctx, [audit_seal_out(row) for row in found.rows], message="Seals of the audit log fetched", links=found.links
    )
