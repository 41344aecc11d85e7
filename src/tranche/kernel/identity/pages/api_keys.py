"""Settings, API keys: made, renewed, ended; a secret is on the page once."""

import secrets
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import Conflict, Forbidden, Invalid, TrancheError
from tranche.kernel.identity import service
from tranche.kernel.identity.domain import IssuedKey
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.listing import Column, Listing, page_of
from tranche.kernel.web.pages.render import Html, faults_of, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest

PATH: Final = "/settings/api-keys"

_COLUMNS: Final = (
    Column(label="Name"),
    Column(label="Begins with"),
    Column(label="Role"),
    Column(label="Last used"),
    Column(label="State"),
    Column(label="What to do", is_hidden_label=True),
)
_MOST_BRANCHES: Final = 1_000
_LONGEST_DAYS: Final = 3_650


class KeyForm(Body, frozen=True):
    """A key to make; `days` 0 is one without an end, `branchId` 0 one for every branch."""

    name: str = ""
    role: Role = Role.OPERATOR
    branch_id: int = 0
    scopes: str = ""
    days: int = 0


@page(PATH, role=Role.ADMIN)
def api_keys_page(request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database]) -> Html:
    """The keys by age, the ended ones too."""
    return _show(request, ctx, database)


@form(PATH, role=Role.ADMIN)
def create_key(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    data: URLEncodedBody[KeyForm],
) -> Html:
    """Make a key of the caller's and show its secret."""
    now = datetime.now(UTC)
    days = min(max(data.days, 0), _LONGEST_DAYS)
    try:
        with database.transaction(ctx.organization_id) as conn:
            issued = service.issue_key(
                conn,
                ctx,
                entropy=secrets.token_bytes,
                now=now,
                name=data.name.strip(),
                role=data.role,
                branch_id=data.branch_id or None,
                scopes=data.scopes.replace(",", " ").split(),
                expires_at=now + timedelta(days=days) if days else None,
            )
    except (Invalid, Forbidden) as error:
        return _show(request, ctx, database, data=data, error=error)
    return _show(request, ctx, database, issued=issued)


@form(PATH + "/{key_id:int}/rotate", role=Role.ADMIN)
def rotate_key(
    request: AnyRequest, ctx: NamedDependency[Context], database: NamedDependency[Database], key_id: FromPath[int]
) -> Html:
    """Give a key a new secret and show it; the old one ends at once."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            issued = service.rotate_key(conn, ctx, entropy=secrets.token_bytes, now=datetime.now(UTC), key_id=key_id)
    except Conflict as error:
        return redirect(PATH, say=error.message, tone=Tone.BAD)
    return _show(request, ctx, database, issued=issued)


@form(PATH + "/{key_id:int}/revoke", role=Role.ADMIN)
def revoke_key(ctx: NamedDependency[Context], database: NamedDependency[Database], key_id: FromPath[int]) -> Html:
    """End a key for good."""
    with database.transaction(ctx.organization_id) as conn:
        key = service.revoke_key(conn, ctx, key_id=key_id)
    return redirect(PATH, say=f"The key “{key.name}” has ended.")


ROUTES: Final[tuple[Any, ...]] = (api_keys_page, create_key, rotate_key, revoke_key)


def _show(
    request: AnyRequest,
    ctx: Context,
    database: Database,
    *,
    data: KeyForm | None = None,
    issued: IssuedKey | None = None,
    error: TrancheError | None = None,
) -> Html:
    window = page_of(request)
    with database.transaction(ctx.organization_id) as conn:
        found, total = service.list_keys(conn, limit=window.limit, offset=window.offset)
        branches, _ = service.list_branches(conn, limit=_MOST_BRANCHES, offset=0)
    shown = {
        "keys": found,
        "listing": Listing(
            path=PATH,
            columns=_COLUMNS,
            total=f"{total:,}",
            previous=window.previous,
            following=window.following(total),
        ),
        "branches": [(0, "Every branch"), *((branch.id, branch.name) for branch in branches)],
        "data": data or KeyForm(),
        "issued": issued,
        "faults": faults_of(error) if error else {},
        "now": datetime.now(UTC),
    }
    return render(request, "identity/api_keys.html", shown, status=HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK)
