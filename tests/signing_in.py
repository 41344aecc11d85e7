"""A session without a sign-in page: for tests of what comes after it."""

import secrets
import uuid
from dataclasses import replace

from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.identity import keys
from tranche.kernel.identity.queries import credentials, sessions
from tranche.kernel.identity.service import create_user
from tranche.kernel.web.visitors import SESSION_COOKIE

_DAY = 86_400.0


def sign_in(database: Database, context: Context, *, role: Role = Role.ADMIN) -> str:
    """The token of a new session of `context`'s user, or of a new user of theirs with a lesser role."""
    with database.transaction(context.organization_id) as conn:
        user_id = context.user_id if role is Role.ADMIN else join_as(conn, context, role=role)
        assert user_id is not None
        credentials.join(conn, user_id=user_id)
        token = keys.mint(secrets.token_bytes)
        sessions.insert_session(
            conn,
            user_id=user_id,
            branch_id=context.branch_id,
            token_hash=keys.digest(token),
            user_agent="Mozilla/5.0 (X11; Linux x86_64) Chrome/156",
            seconds=_DAY,
        )
    return token


def join_as(conn: Connection, context: Context, *, role: Role) -> int:
    """A new user who has joined; answers the id."""
    admin = replace(context, role=Role.ADMIN)
    user = create_user(
        conn, admin, email=f"{role}-{uuid.uuid4().hex[:6]}@acme.test", name=f"Vic {role}".title(), role=role
    )
    credentials.join(conn, user_id=user.id)
    return user.id


def cookies(token: str, *, site: str = "same-origin") -> dict[str, str]:
    """The headers of a browser that is signed in, for a client that would not send the cookie over plain http."""
    return {"Cookie": f"{SESSION_COOKIE}={token}", "Sec-Fetch-Site": site, "Accept": "text/html"}
