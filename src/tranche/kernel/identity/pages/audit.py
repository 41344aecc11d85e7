"""Settings, audit log: who did what, newest first."""

from typing import Any, Final

from litestar.di import NamedDependency

from tranche.kernel.audit import service as audit
from tranche.kernel.audit.sealing import find_head
from tranche.kernel.context import Context, Role
from tranche.kernel.db.listing import CAP, Choice, count, fetch_slice
from tranche.kernel.db.pool import Database
from tranche.kernel.identity import service
from tranche.kernel.web.cursors import read_cursor, write_cursor
from tranche.kernel.web.pages.listing import Column, Listing, address
from tranche.kernel.web.pages.render import Html, render
from tranche.kernel.web.pages.routes import page
from tranche.kernel.web.requests import AnyRequest, read_whole

PATH: Final = "/settings/audit"

_COLUMNS: Final = (Column(label="What"), Column(label="Who"), Column(label="When"), Column(label="Detail"))
_LONGEST_ACTION: Final = 100
_MOST_USERS: Final = 200
_PER_PAGE: Final = 50


@page(PATH, role=Role.ADMIN)
def audit_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """By the word of the deed (`q`) and by user."""
    action = request.query_params.get("q", "").strip()[:_LONGEST_ACTION]
    user_id = read_whole(request, "userId") if request.query_params.get("userId") else None
    choice = Choice({"action": action or None, "user_id": user_id})
    cursor = request.query_params.get("after") or request.query_params.get("before")
    place = read_cursor(cursor, ctx, audit.ENTRIES, choice) if cursor else None
    with database.transaction(ctx.organization_id) as conn:
        part = fetch_slice(conn, audit.ENTRIES, choice, limit=_PER_PAGE, place=place)
        counted = count(conn, audit.ENTRIES, choice, cap=CAP)
        head = find_head(conn)
        users, _ = service.list_users(conn, limit=_MOST_USERS, offset=0)
    kept = {"q": action, "userId": str(user_id or "")}
    export = {"action": action, "userId": kept["userId"]}
    shown = {
        "entries": [audit.entry_of(row) for row in part.rows],
        "head": head,
        "users": users,
        "user_id": user_id,
        "action": action,
        "listing": Listing(
            path=PATH,
            columns=_COLUMNS,
            query={name: value for name, value in kept.items() if value},
            total=f"{CAP:,}+" if counted > CAP else f"{counted:,}",
            previous=write_cursor(ctx, audit.ENTRIES, choice, part.previous),
            following=write_cursor(ctx, audit.ENTRIES, choice, part.following),
            exports=[
                (name.upper(), address("/api/audit/export", {**export, "format": name})) for name in ("csv", "xlsx")
            ],
        ),
        "is_filtered": bool(action or user_id),
    }
    return render(request, "identity/audit.html", shown)


ROUTES: Final[tuple[Any, ...]] = (audit_page,)
