"""What a person wants to be told by mail."""

from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.identity.domain import UnknownUser
from tranche.kernel.identity.queries import users


def get_operation_mails(conn: Connection, ctx: Context) -> str:
    """auto, always or never. Raises UnknownUser when the key belongs to nobody."""
    wish = users.find_operation_mails(conn, user_id=ctx.user_id) if ctx.user_id else None
    if wish is None:
        raise UnknownUser.of(ctx.user_id or 0)
    return wish


def set_operation_mails(conn: Connection, ctx: Context, *, wish: str) -> None:
    """Change the caller's own choice. Raises UnknownUser when the key belongs to nobody."""
    if ctx.user_id is None or not users.set_operation_mails(conn, user_id=ctx.user_id, wish=wish):
        raise UnknownUser.of(ctx.user_id or 0)
    audit.record(conn, ctx, action="user.notifications", subject_id=ctx.user_id, detail={"operationMails": wish})
