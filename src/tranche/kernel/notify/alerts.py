"""Where operators hear of trouble: Slack, Teams, mail, or the log where nothing else is set."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tranche.kernel.errors import Invalid
from tranche.kernel.notify.domain import check_mail, url_fault

LOG: Final = "log"

_EXAMPLE: Final = "slack:https://hooks.slack.com/services/..., teams:https://..., mail:ops@example.com"


class Kind(StrEnum):
    """What a target is."""

    SLACK = "slack"
    TEAMS = "teams"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Target:
    """One place where alerts go; `name` tells targets apart without the secret in a webhook's address."""

    kind: Kind
    address: str = field(repr=False)

    @property
    def name(self) -> str:
        """Such as slack-1f3a9c20."""
        return f"{self.kind}-{hashlib.sha256(self.address.encode()).hexdigest()[:8]}"

    def payload(self, text: str) -> Mapping[str, object]:
        """The JSON that the service expects."""
        if self.kind is Kind.TEAMS:
            return _card(text)
        # What looks like markup to Slack is only text here.
        return {"text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}


def read_targets(text: str) -> Sequence[Target]:
    """The targets of the setting, in order, each once.

    Raises:
        Invalid: one cannot be read; the message never holds it, because its address is a secret.
    """
    targets = [_target(number, part.strip()) for number, part in enumerate(text.split(","), 1) if part.strip()]
    return tuple(dict.fromkeys(targets))


def encode(target: Target, text: str) -> bytes:
    """The body of the one POST."""
    return json.dumps(target.payload(text), ensure_ascii=False).encode()


def _target(number: int, part: str) -> Target:
    kind, _, address = part.partition(":")
    fault = Invalid(f"Entry {number} of TRANCHE_ALERTS cannot be read; entries look like {_EXAMPLE}.", code="setting")
    if kind not in set(Kind):
        raise fault
    if kind == Kind.MAIL:
        try:
            check_mail(address=address, name="", subject="")
        except Invalid:
            raise fault from None
    elif url_fault(address) is not None:
        raise fault
    return Target(Kind(kind), address)


def _card(text: str) -> Mapping[str, object]:
    """A message with an adaptive card, as Teams' Workflows webhooks take it."""
    block = {"type": "TextBlock", "text": text, "wrap": True}
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [block],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}
