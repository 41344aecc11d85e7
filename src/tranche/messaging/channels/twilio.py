"""SMS and WhatsApp by Twilio's Programmable Messaging (REST API 2010-04-01)."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from tranche.kernel.notify.domain import Outcome, in_doubt, sent
from tranche.kernel.notify.posting import Poster
from tranche.messaging.channels.answers import NO_ID, clean, fault, read_code, read_id, read_json, unanswered
from tranche.messaging.channels.carrier import Fields, Letter, OneByOne
from tranche.messaging.domain import Channel, Event, State

FIELDS: Final = Fields(
    settings={"account_sid": None, "from": None, "base_url": "https://api.twilio.com"}, secrets=("auth_token",)
)
# https://www.twilio.com/docs/api/errors: the number itself is at fault, so it is not written to again.
UNREACHABLE: Final = frozenset({21211, 21214, 21610, 21612, 21614, 30003, 30005, 30006, 63024})
_STATES: Final[Mapping[str, State]] = {
    "sent": State.SENT,
    "delivered": State.DELIVERED,
    "read": State.READ,
    "undelivered": State.BOUNCED,
    "failed": State.FAILED,
}


class TwilioCarrier(OneByOne):
    """One request for one message; no file goes along, because Twilio takes media only by a public address."""

    def __init__(
        self, settings: Mapping[str, str], secrets: Mapping[str, str], *, channel: Channel, poster: Poster
    ) -> None:
        self._settings = settings
        self._token = secrets["auth_token"]
        self._prefix = "whatsapp:" if channel is Channel.WHATSAPP else ""
        self._poster = poster

    def send(self, letter: Letter) -> Outcome:
        """See Carrier."""
        account = self._settings["account_sid"]
        form = {
            "To": self._prefix + letter.address,
            "From": self._prefix + self._settings["from"],
            "Body": letter.body,
        }
        if letter.callback_url:
            form["StatusCallback"] = letter.callback_url
        login = base64.b64encode(f"{account}:{self._token}".encode()).decode()
        reply = self._poster.post(
            f"{self._settings['base_url'].rstrip('/')}/2010-04-01/Accounts/{quote(account, safe='')}/Messages.json",
            content=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {login}"},
        )
        if isinstance(reply, Outcome):
            return unanswered(reply)
        answer = read_json(reply)
        if reply.is_taken:
            found = read_id(answer.get("sid"))
            return sent(found, status_code=reply.status) if found else in_doubt(NO_ID)
        code = read_code(answer.get("code"))
        return fault(
            reply, message=str(answer.get("message", "")), code="unreachable" if code in UNREACHABLE else "refused"
        )

    def close(self) -> None:
        """See Carrier."""


def is_genuine(*, url: str, body: bytes, signature: str, token: str) -> bool:
    """X-Twilio-Signature: HMAC-SHA1 over the address and the form's sorted fields."""
    fields = parse_qsl(body.decode("utf-8", errors="replace"), keep_blank_values=True)
    text = url + "".join(name + value for name, value in sorted(set(fields)))
    wanted = base64.b64encode(hmac.digest(token.encode(), text.encode(), hashlib.sha1)).decode()
    return hmac.compare_digest(wanted.encode(), signature.encode("utf-8", errors="replace"))


def read_events(body: bytes) -> list[Event]:
    """The one event of a status callback."""
    form = dict(parse_qsl(body.decode("utf-8", errors="replace")))
    state = _STATES.get(form.get("MessageStatus", ""))
    found = read_id(form.get("MessageSid"))
    if state is None or found is None:
        return []
    code = clean(form.get("ErrorCode", ""))
    detail = f"Twilio error {code}" if code else ""
    return [Event(provider_id=found, status=state, key=f"{found}:{form['MessageStatus']}", detail=detail)]
