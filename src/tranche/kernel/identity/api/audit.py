"""The audit log over HTTP; it stands here because the log itself lies below the web."""

from datetime import datetime
from typing import Final

from litestar import get
from litestar.di import NamedDependency

from tranche.kernel.audit import service as audit
from tranche.kernel.audit.domain import AuditFilter
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.identity.schemas import AuditEntryOut, audit_entry_out
from tranche.kernel.web.auth import SCOPE, admin
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.pagination import page_links, read_page
from tranche.kernel.web.requests import AnyRequest, allow_query, invalid_parameter, read_whole

_LONGEST_ACTION: Final = 100


@get("/api/audit", opt={SCOPE: "settings"}, guards=[admin], sync_to_thread=True)
def list_audit(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]
) -> Envelope[list[AuditEntryOut]]:
    """Newest first, by `action`, `userId`, `from` (included) and `to` (not included) where given."""
    allow_query(request, {"page", "limit", "action", "userId", "from", "to"})
    page = read_page(request)
    wanted = AuditFilter(
        action=_read_action(request),
        user_id=read_whole(request, "userId"),
        since=_read_moment(request, "from"),
        until=_read_moment(request, "to"),
    )
    with database.transaction(ctx.organization_id) as conn:
        entries, total = audit.list_entries(conn, wanted=wanted, limit=page.limit, offset=page.offset)
    out = [audit_entry_out(entry) for entry in entries]
    return envelope(ctx, out, message="Audit entries fetched", links=page_links(page, total=total))


def _read_action(request: AnyRequest) -> str | None:
    text = request.query_params.get("action")
    if text is not None and not 0 < len(text) <= _LONGEST_ACTION:
        raise invalid_parameter("action", f"must have 1 to {_LONGEST_ACTION} characters")
    return text


def _read_moment(request: AnyRequest, name: str) -> datetime | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise invalid_parameter(name, "must be a date and time with its zone, such as 2025-10-29T08:00:00Z")
    return moment
