"""The key that the commands on this machine use: made with the first organization, made again when it is lost."""

import secrets
from datetime import UTC, datetime

from tranche.commands import queries
from tranche.commands.home import Home
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Database, connect
from tranche.kernel.identity.domain import LOCAL_EMAIL, AlreadySetUp
from tranche.kernel.identity.service import authenticate, bootstrap, issue_key

COMPANY = "My company"
ADMIN_NAME = "Administrator"
_KEY_NAME = "this machine"


def ensure_key(home: Home, database: Database, *, owner_url: str | None, company: str = COMPANY) -> str | None:
    """The key in the home, if it opens this database; else a new one, kept there.

    An empty database gets its first organization. None: there is an organization already, and without the owner's
    address nobody here may make a key for it.
    """
    kept = home.read_key()
    if kept is not None and authenticate(database, kept) is not None:
        return kept
    secret = _first_organization(database, company=company) or _another_key(database, owner_url=owner_url)
    if secret is not None:
        home.write_key(secret)
    return secret


def _first_organization(database: Database, *, company: str) -> str | None:
    try:
        made = bootstrap(
            database,
            entropy=secrets.token_bytes,
            name=company,
            admin_email=LOCAL_EMAIL,
            admin_name=ADMIN_NAME,
            key_name=_KEY_NAME,
        )
    except AlreadySetUp:
        return None
    return made.issued.secret


def _another_key(database: Database, *, owner_url: str | None) -> str | None:
    """Whoever has the owner's address may do anything here, so also make a key for the first administrator."""
    if owner_url is None:
        return None
    with queries.reaching("TRANCHE_OWNER_URL"), connect(owner_url, name="tranche up") as conn:
        admin = queries.find_first_admin(conn)
    if admin is None:
        return None
    ctx = Context(
        organization_id=admin["organization_id"], role=Role.ADMIN, user_id=admin["id"], user_name=admin["name"]
    )
    with database.transaction(ctx.organization_id) as conn:
        issued = issue_key(
            conn, ctx, entropy=secrets.token_bytes, now=datetime.now(UTC), name=_KEY_NAME, role=Role.ADMIN
        )
    return issued.secret
