"""What the answers of HTTP providers mean."""

import json
from typing import Any, Final

from tranche.kernel.notify.domain import Outcome, again, in_doubt, refused
from tranche.kernel.notify.posting import Reply

MOST_ANSWER: Final = 65_536
NO_ID: Final = "The provider accepted, but gave no id."
_LONGEST: Final = 300
_LONGEST_ID: Final = 255
_BUSY: Final = frozenset({408, 425, 429})
_OURS: Final = frozenset({401, 403})
_SERVER: Final = 500


def read_json(reply: Reply) -> dict[str, Any]:
    """The answer's object, empty where it is none."""
    found = load(reply.content)
    return found if isinstance(found, dict) else {}


def load(content: bytes) -> object:
    """What stands in a provider's JSON, None where it is none, or one that is made to be trouble."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def read_id(value: object) -> str | None:
    """A provider's id for a message, None where that is no id that could be kept and found again."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    is_one = isinstance(text, str) and 0 < len(text) <= _LONGEST_ID and text.isprintable() and not text.isspace()
    return text if is_one and isinstance(text, str) else None


def read_code(value: object) -> int:
    """A provider's number of an error, 0 where it gives none."""
    return value if isinstance(value, int) else 0


def unanswered(outcome: Outcome) -> Outcome:
    """Where no answer came: what has left may have arrived, so that it is not sent again by itself."""
    return in_doubt(f"{outcome.error} The message may have arrived.") if outcome.has_left else outcome


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
