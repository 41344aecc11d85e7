"""An organization made the way the product makes one, and keys for its users."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime

from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Database
from tranche.kernel.identity import service
from tranche.kernel.identity.domain import Bootstrapped, IssuedKey


def bootstrap(database: Database, *, name: str = "Acme") -> Bootstrapped:
    return service.bootstrap(
        database,
        entropy=secrets.token_bytes,
        name=name,
        admin_email="ada@example.test",
        admin_name="Ada Admin",
        zone="Europe/Berlin",
        currency="EUR",
        another=True,
    )


def admin_of(made: Bootstrapped) -> Context:
    return Context(
        organization_id=made.organization.id, role=Role.ADMIN, user_id=made.user.id, user_name=made.user.name
    )


def join(database: Database, *, name: str) -> tuple[Context, str]:
    """An organization in UTC and US dollars: its admin at work in its branch, and their key."""
    made = service.bootstrap(
        database,
        entropy=secrets.token_bytes,
        name=name,
        admin_email=f"ada@{name.lower()}.test",
        admin_name="Ada Admin",
        zone="UTC",
        currency="USD",
        another=True,
    )
    return replace(admin_of(made), branch_id=made.branch.id, request_id="test"), made.issued.secret


def issue(
    database: Database,
    ctx: Context,
    *,
    role: Role = Role.ADMIN,
    user_id: int | None = None,
    branch_id: int | None = None,
    scopes: tuple[str, ...] = (),
    expires_at: datetime | None = None,
) -> IssuedKey:
    with database.transaction(ctx.organization_id) as conn:
        return service.issue_key(
            conn,
            ctx,
            entropy=secrets.token_bytes,
            now=datetime.now(UTC),
            name="test",
            role=role,
            user_id=user_id,
            branch_id=branch_id,
            scopes=scopes,
            expires_at=expires_at,
        )
