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
from tranche.messaging.channels.answers import clean, fault, read_json
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
        if isinstance(reply, Outcome):
            return reply
        answer = read_json(reply)
        if not reply.is_taken:
            return fault(reply, message=str(answer.get("message", answer.get("error", ""))))
        provider_id = answer.get(names["id_field"])
        if provider_id is None or provider_id == "":
            return in_doubt(f"The gateway accepted, but its answer holds no {names['id_field']}.")
        return sent(str(provider_id), status_code=reply.status)

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
    try:
        payload: Any = json.loads(body)
    except ValueError:
        return []
    rows = payload.get("events", [payload]) if isinstance(payload, dict) else []
    found = []
    for number, row in enumerate(rows if isinstance(rows, list) else []):
        if isinstance(row, dict) and isinstance(row.get("id"), str) and row.get("status") in _TOLD:
            key = f"{event_id}:{number}"
            detail = clean(row.get("detail", ""))
            found.append(Event(provider_id=row["id"], status=State(row["status"]), key=key, detail=detail))
    return found
