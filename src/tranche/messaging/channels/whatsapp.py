"""WhatsApp by Meta's Cloud API: the file is uploaded, then sent as a document, or with an approved template."""

import hashlib
import hmac
import json
import secrets as randomness
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from tranche.kernel.notify.domain import Outcome, again, in_doubt, sent
from tranche.kernel.notify.mail import MailFile
from tranche.kernel.notify.posting import Poster, Reply
from tranche.messaging.channels.answers import NO_ID, clean, fault, load, read_code, read_id, read_json, unanswered
from tranche.messaging.channels.carrier import Fields, Letter, OneByOne
from tranche.messaging.domain import Event, State

FIELDS: Final = Fields(
    settings={
        "phone_number_id": None,
        "template_name": "",
        "template_language": "en",
        "base_url": "https://graph.facebook.com/v23.0",
    },
    secrets=("access_token", "app_secret"),
    optional_secrets=("verify_token",),
)
# Cloud API error codes: the number has no WhatsApp, or does not want to hear from us.
UNREACHABLE: Final = frozenset({131026, 131050})
_BUSY: Final = frozenset({4, 80007, 130429, 131048, 131056, 131000, 131016})
_STATES: Final[Mapping[str, State]] = {
    "sent": State.SENT,
    "delivered": State.DELIVERED,
    "read": State.READ,
    "failed": State.FAILED,
}
_CAPTION: Final = 1_024


class WhatsAppCarrier(OneByOne):
    """Up to two requests for one message: the file, then the message."""

    def __init__(self, settings: Mapping[str, str], secrets: Mapping[str, str], *, poster: Poster) -> None:
        self._settings = settings
        self._token = secrets["access_token"]
        self._poster = poster

    def send(self, letter: Letter) -> Outcome:
        """See Carrier."""
        document = None
        if letter.files:
            media = self._upload(letter.files[0])
            if isinstance(media, Outcome):
                return media
            document = {"id": media, "filename": letter.files[0].name}
        content = json.dumps(self._message(letter, document)).encode()
        reply = self._post("messages", content, media_type="application/json")
        if isinstance(reply, Outcome):
            return unanswered(reply)
        if not reply.is_taken:
            return _fault(reply)
        found = read_json(reply).get("messages")
        first = found[0] if isinstance(found, list) and found else {}
        provider_id = read_id(first.get("id")) if isinstance(first, dict) else None
        return sent(provider_id, status_code=reply.status) if provider_id else in_doubt(NO_ID)

    def close(self) -> None:
        """See Carrier."""

    def _message(self, letter: Letter, document: dict[str, Any] | None) -> dict[str, Any]:
        message: dict[str, Any] = {"messaging_product": "whatsapp", "to": letter.address.lstrip("+")}
        if self._settings["template_name"]:
            parts: list[dict[str, Any]] = [{"type": "body", "parameters": [{"type": "text", "text": letter.body}]}]
            if document:
                parts.insert(0, {"type": "header", "parameters": [{"type": "document", "document": document}]})
            language = {"code": self._settings["template_language"]}
            template = {"name": self._settings["template_name"], "language": language, "components": parts}
            return {**message, "type": "template", "template": template}
        if document:
            return {**message, "type": "document", "document": {**document, "caption": letter.body[:_CAPTION]}}
        return {**message, "type": "text", "text": {"body": letter.body}}

    def _upload(self, file: MailFile) -> str | Outcome:
        boundary = randomness.token_hex(16)
        content = _form(boundary, {"messaging_product": "whatsapp", "type": file.media_type}, file)
        reply = self._post("media", content, media_type=f"multipart/form-data; boundary={boundary}")
        if isinstance(reply, Outcome):
            return reply
        if not reply.is_taken:
            return _fault(reply)
        found = read_id(read_json(reply).get("id"))
        return found or again("no_media", "The provider took the file, but gave no id for it; nothing was sent.")

    def _post(self, what: str, content: bytes, *, media_type: str) -> Reply | Outcome:
        number = quote(self._settings["phone_number_id"], safe="")
        return self._poster.post(
            f"{self._settings['base_url'].rstrip('/')}/{number}/{what}",
            content=content,
            headers={"Content-Type": media_type, "Authorization": f"Bearer {self._token}"},
        )


def is_genuine(*, body: bytes, signature: str, secret: str) -> bool:
    """X-Hub-Signature-256 over the raw body."""
    wanted = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.encode("utf-8", errors="replace"))


def read_events(body: bytes) -> list[Event]:
    """All statuses of a callback; what is no status is left out."""
    found = []
    for status in _statuses(body):
        state = _STATES.get(str(status.get("status")))
        found_id = read_id(status.get("id"))
        if state is None or found_id is None:
            continue
        errors = status.get("errors")
        first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
        state = State.BOUNCED if read_code(first.get("code")) in UNREACHABLE else state
        key = f"{found_id}:{status['status']}"
        found.append(Event(provider_id=found_id, status=state, key=key, detail=clean(first.get("title", ""))))
    return found


def _statuses(body: bytes) -> list[dict[str, Any]]:
    payload: Any = load(body)
    try:
        values = [change["value"] for entry in payload["entry"] for change in entry["changes"]]
        return [status for value in values for status in value.get("statuses", ()) if isinstance(status, dict)]
    except (KeyError, TypeError, AttributeError):
        return []


def _fault(reply: Reply) -> Outcome:
    error = read_json(reply).get("error")
    error = error if isinstance(error, dict) else {}
    code = read_code(error.get("code"))
    if code in _BUSY:
        reply = Reply(status=429, text=reply.text, retry_after=reply.retry_after, content=reply.content)
    return fault(reply, message=str(error.get("message", "")), code="unreachable" if code in UNREACHABLE else "refused")


def _form(boundary: str, fields: Mapping[str, str], file: MailFile) -> bytes:
    name = "".join(char for char in file.name if char.isalnum() or char in "._-") or "file"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: {file.media_type}\r\n\r\n"
    )
    return b"".join([*parts, head.encode(), file.content, f"\r\n--{boundary}--\r\n".encode()])
