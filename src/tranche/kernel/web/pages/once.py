"""A form that begins something, sent twice by a double click or the way back: the second goes where the first went."""

import re
import secrets
from collections.abc import Callable
from typing import Final

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.web import queries
from tranche.kernel.web.idempotency import Answer, once

_TOKEN: Final = re.compile(r"[0-9a-f]{32}")
_MARK: Final = b"form"
_PLACE: Final = "Location"


def make_token() -> str:
    """What a page puts into the hidden field `once` of a form that begins something."""
    return secrets.token_hex(16)


def begin_once(conn: Connection, ctx: Context, *, token: str, begin: Callable[[], str]) -> str:
    """Begin, and return the path of what has begun; the same token, for a day, leads there and begins nothing more.

    Two at the same time wait for each other. A form without a token, which no page of ours sends, always begins.
    """
    if not _TOKEN.fullmatch(token):
        return begin()
    key = f"form:{token}"
    queries.await_key(conn, organization_id=ctx.organization_id, caller=ctx.caller, key=key)
    answer = once(
        conn,
        ctx,
        request_key=key,
        fingerprint=_MARK,
        action=lambda: Answer(headers={_PLACE: begin()}),
    )
    return answer.headers[_PLACE]
