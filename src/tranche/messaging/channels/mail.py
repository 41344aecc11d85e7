"""E-mail by SMTP with the organization's own server and sender."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from tranche.kernel.errors import FieldError, Invalid
from tranche.kernel.notify.domain import Outcome
from tranche.kernel.notify.mail import Mail, read_sender
from tranche.kernel.notify.smtp import SEND_SECONDS, Smtp, SmtpServer, Tls
from tranche.messaging.channels.carrier import Fields, Letter

FIELDS: Final = Fields(
    settings={"host": None, "port": "587", "tls": "starttls", "user": "", "from": None},
    optional_secrets=("password", "callback_secret"),
)
LANES: Final = 4  # connections of one carrier; a worker has a carrier for each of its slots
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}")
_LAST_PORT: Final = 65_535


class MailCarrier:
    """A few connections for a burst of mails, kept open for the next one."""

    def __init__(
        self, settings: Mapping[str, str], secrets: Mapping[str, str], *, seconds: float = SEND_SECONDS
    ) -> None:
        """Raises Invalid where the settings cannot be used."""
        self._smtp = Smtp(read_mail_server(settings, secrets), sender=read_sender(settings["from"]), seconds=seconds)

    def send(self, letter: Letter) -> Outcome:
        """See Carrier."""
        return self._smtp.send(_mail(letter))

    def send_all(self, letters: Iterator[Letter], note: Callable[[Letter, Outcome], None]) -> None:
        """See Carrier."""
        under_way: dict[str, Letter] = {}

        def write() -> Iterator[Mail]:
            for letter in letters:
                under_way[letter.mail_id] = letter
                yield _mail(letter)

        self._smtp.send_all(write(), lambda mail, outcome: note(under_way.pop(mail.message_id), outcome), lanes=LANES)

    def close(self) -> None:
        """See Carrier."""
        self._smtp.close()


def _mail(letter: Letter) -> Mail:
    return Mail(
        message_id=letter.mail_id,
        address=letter.address,
        name=letter.recipient,
        subject=letter.subject,
        text=letter.body,
        written_at=letter.written_at,
        files=letter.files,
    )


def read_mail_server(settings: Mapping[str, str], secrets: Mapping[str, str]) -> SmtpServer:
    """The server of these settings.

    Raises:
        Invalid: port or encryption is no such thing.
    """
    port, tls = settings["port"], settings["tls"]
    if not (_PORT.fullmatch(port) and int(port) <= _LAST_PORT):
        raise _refusal("port", "must be a number from 1 to 65535")
    if tls not in {one.value for one in Tls}:
        raise _refusal("tls", "must be auto, starttls, implicit or none")
    try:
        read_sender(settings["from"])
    except Invalid as error:
        detail = "must be an address such as noreply@acme.example or Acme <noreply@acme.example>"
        raise _refusal("from", detail) from error
    user = settings["user"] or None
    return SmtpServer(host=settings["host"], port=int(port), tls=Tls(tls), user=user, password=secrets.get("password"))


def _refusal(name: str, detail: str) -> Invalid:
    return Invalid(f"{name} {detail}.", code="setting", errors=[FieldError(f"/settings/{name}", detail)])
