"""SMS by any gateway that takes a JSON or form POST; callbacks are signed as Standard Webhooks says."""

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from tranche.kernel.errors import FieldError, Invalid
from tranche.kernel.notify.domain import Outcome, in_doubt, sent
from tranche.kernel.notify.posting import Poster
from tranche.messaging.channels.answers import clean, fault, load, read_id, read_json, unanswered
from tranche.messaging.channels.carrier import Fields, Letter, OneByOne
from tranche.messaging.domain import Event, State

FIELDS: Final = Fields(
    settings={
        "url": None,
        "format": "json",
        "to_field": "to",
        "text_field": "text",
        "from_field": "from",
        "from": "",
        "id_field": "id",
        "key_field": "",
    },
    optional_secrets=("authorization", "callback_secret"),
)
_TOLD: Final = frozenset({State.SENT, State.DELIVERED, State.READ, State.BOUNCED, State.FAILED})


class GatewayCarrier(OneByOne):
    """One request for one message; `key_field` carries our own id, so that a gateway can refuse a repeated one."""

    def __init__(self, settings: Mapping[str, str], secrets: Mapping[str, str], *, poster: Poster) -> None:
        """Raises Invalid where the settings cannot be used."""
        if settings["format"] not in {"json", "form"}:
            detail = "must be json or form"
            raise Invalid(f"format {detail}.", code="setting", errors=[FieldError("/settings/format", detail)])
        self._settings = settings
        self._authorization = secrets.get("authorization")
        self._poster = poster

    def send(self, letter: Letter) -> Outcome:
        """See Carrier."""
        names = self._settings
        fields = {names["to_field"]: letter.address, names["text_field"]: letter.body}
        if names["from"]:
            fields[names["from_field"]] = names["from"]
        if names["key_field"]:
            fields[names["key_field"]] = letter.mail_id
        is_json = names["format"] == "json"
        headers = {"Content-Type": "application/json" if is_json else "application/x-www-form-urlencoded"}
        if self._authorization:
            headers["Authorization"] = self._authorization
        content = json.dumps(fields) if is_json else urlencode(fields)
        reply = self._poster.post(names["url"], content=content.encode(), headers=headers)
        if isinstance(reply, Outcome):  # a gateway that knows our id refuses what it has got already
            return reply if names["key_field"] else unanswered(reply)
        answer = read_json(reply)
        if not reply.is_taken:
            return fault(reply, message=str(answer.get("message", answer.get("error", ""))))
        provider_id = read_id(answer.get(names["id_field"]))
        if provider_id is None:
            return in_doubt(f"The gateway accepted, but its answer holds no {names['id_field']}.")
        return sent(provider_id, status_code=reply.status)

    def close(self) -> None:
        """See Carrier."""


def is_genuine(*, body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    """Standard Webhooks: HMAC over id, time and the raw body, compared in constant time, within five minutes."""
    try:
        Webhook(secret).verify(body, dict(headers))
    except (WebhookVerificationError, ValueError):
        return False
    return True


def read_events(body: bytes, *, event_id: str) -> list[Event]:
    """`{"id": "...", "status": "delivered", "detail": ""}`, or a list of such under `events`."""
    payload: Any = load(body)
    rows = payload.get("events", [payload]) if isinstance(payload, dict) else []
    found = []
    for number, row in enumerate(rows if isinstance(rows, list) else []):
        provider_id = read_id(row.get("id")) if isinstance(row, dict) else None
        status = row.get("status") if isinstance(row, dict) else None
        if provider_id and isinstance(status, str) and status in _TOLD:
            key, detail = f"{event_id}:{number}", clean(row.get("detail", ""))
            found.append(Event(provider_id=provider_id, status=State(status), key=key, detail=detail))
    return found
