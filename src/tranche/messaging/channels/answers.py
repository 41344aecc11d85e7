"""What the answers of HTTP providers mean."""

import json
from typing import Any, Final

from tranche.kernel.notify.domain import Outcome, again, refused
from tranche.kernel.notify.posting import Reply

MOST_ANSWER: Final = 65_536
_LONGEST: Final = 300
_BUSY: Final = frozenset({408, 425, 429})
_OURS: Final = frozenset({401, 403})
_SERVER: Final = 500


def read_json(reply: Reply) -> dict[str, Any]:
    """The answer's object, empty where it is none."""
    try:
        found = json.loads(reply.content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def fault(reply: Reply, *, message: str, code: str = "refused") -> Outcome:
    """The outcome of an answer that is no acceptance; `message` is what the provider says."""
    text = f"The provider answered {reply.status}: {clean(message) or 'no reason given'}"
    if reply.status in _BUSY or reply.status >= _SERVER:
        return again("deferred", text, status_code=reply.status, retry_after=reply.retry_after)
    if reply.status in _OURS:
        return again(
            "login", f"The provider did not accept our credentials ({reply.status}).", status_code=reply.status
        )
    return refused(code, text, status_code=reply.status)


def clean(text: object) -> str:
    """A provider's words on one line."""
    return " ".join("".join(char if char.isprintable() else " " for char in str(text)).split())[:_LONGEST]
