"""The local outbox folder: what an installation writes that has no provider yet. Mails open in any mail program."""

from pathlib import Path
from typing import Final

from tranche.kernel.notify.domain import Outcome
from tranche.kernel.notify.mail import FOLDER, Folder, Mail, Sender
from tranche.messaging.channels.carrier import Fields, Letter, OneByOne
from tranche.messaging.domain import Channel

FIELDS: Final = Fields(settings={})


class FolderCarrier(OneByOne):
    """Every channel may be written as mail files, which show the text and carry the attachments."""

    def __init__(self, home: Path, *, organization_id: int, channel: Channel, sender: Sender) -> None:
        self._channel = channel
        self._place = f"{FOLDER}/{organization_id}/{channel}"
        self._folder = Folder(home / FOLDER / str(organization_id) / channel, sender=sender)

    def send(self, letter: Letter) -> Outcome:
        """See Carrier."""
        is_mail = self._channel is Channel.EMAIL
        outcome = self._folder.send(
            Mail(
                message_id=letter.mail_id,
                address=letter.address if is_mail else f"{letter.address.lstrip('+')}@{self._channel}.invalid",
                name=letter.recipient,
                subject=letter.subject if is_mail else f"{self._channel} to {letter.address}",
                text=letter.body,
                written_at=letter.written_at,
                files=letter.files,
            )
        )
        if outcome.provider_id is None:
            return outcome
        name = outcome.provider_id.rpartition("/")[2]
        return Outcome(provider_id=f"{self._place}/{name}", status_code=outcome.status_code)

    def close(self) -> None:
        """See Carrier."""
