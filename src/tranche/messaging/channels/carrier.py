"""What every provider's adapter is: a letter goes in, an outcome comes out, and its callbacks are read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tranche.kernel.notify.domain import Outcome
from tranche.kernel.notify.mail import MailFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message as it leaves; `mail_id` stays the same however often it is tried.

    `callback_url` is where the provider may tell what became of it, None where nobody outside can reach us.
    """

    mail_id: str
    address: str
    recipient: str
    subject: str
    body: str
    written_at: datetime
    files: tuple[MailFile, ...] = ()
    callback_url: str | None = None


class Carrier(Protocol):
    """One provider with one organization's settings; used by one thread at a time."""

    def send(self, letter: Letter) -> Outcome:
        """Hand one letter over, bounded in time; every fault is an outcome, told apart by whether it may pass."""

    def send_all(self, letters: Iterator[Letter], note: Callable[[Letter, Outcome], None]) -> None:
        """Hand letters over; one is asked for when it can begin, and `note` is told how each ended."""

    def close(self) -> None:
        """There is nothing more to send for now."""


class OneByOne:
    """What a carrier is made of whose provider takes one letter at a time."""

    def send(self, letter: Letter) -> Outcome:
        """See Carrier."""
        raise NotImplementedError

    def send_all(self, letters: Iterator[Letter], note: Callable[[Letter, Outcome], None]) -> None:
        """See Carrier."""
        for letter in letters:
            note(letter, self.send(letter))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What a provider needs to know: settings with their defaults (None: must be given), and secrets."""

    settings: Mapping[str, str | None]
    secrets: Sequence[str] = ()
    optional_secrets: Sequence[str] = ()
