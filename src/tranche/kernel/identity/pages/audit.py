"""Settings, audit log: who did what, newest first."""

from typing import Any, Final

from litestar.di import NamedDependency

from tranche.kernel.audit import service as audit
from tranche.kernel.audit.domain import AuditFilter
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Database
from tranche.kernel.identity import service
from tranche.kernel.web.pages.listing import Column, Listing, page_of
from tranche.kernel.web.pages.render import Html, render
from tranche.kernel.web.pages.routes import page
from tranche.kernel.web.requests import AnyRequest, read_whole

PATH: Final = "/settings/audit"

_COLUMNS: Final = (Column(label="What"), Column(label="Who"), Column(label="When"), Column(label="Detail"))
_LONGEST_ACTION: Final = 100
_MOST_USERS: Final = 200


@page(PATH, role=Role.ADMIN)
def audit_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """By the word of the deed (`q`) and by user."""
    window = page_of(request)
    action = request.query_params.get("q", "").strip()[:_LONGEST_ACTION]
    user_id = read_whole(request, "userId") if request.query_params.get("userId") else None
    wanted = AuditFilter(action=action or None, user_id=user_id)
    with database.transaction(ctx.organization_id) as conn:
        entries, total = audit.list_entries(conn, wanted=wanted, limit=window.limit, offset=window.offset)
        users, _ = service.list_users(conn, limit=_MOST_USERS, offset=0)
    query = {"q": action, "userId": str(user_id or "")}
    shown = {
        "entries": entries,
        "users": users,
        "user_id": user_id,
        "action": action,
        "listing": Listing(
            path=PATH,
            columns=_COLUMNS,
            query={name: value for name, value in query.items() if value},
            total=f"{total:,}",
            previous=window.previous,
            following=window.following(total),
        ),
        "is_filtered": bool(action or user_id),
    }
    return render(request, "identity/audit.html", shown)


ROUTES: Final[tuple[Any, ...]] = (audit_page,)
