"""Passwords: Argon2id (RFC 9106), at most a few at a time, so that guessing cannot fill the memory."""

import threading
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tranche.kernel.errors import FieldError
from tranche.kernel.identity.domain import refuse

SHORTEST: Final = 10
LONGEST: Final = 200

# Of a password that was thrown away: an unknown address takes as long as a wrong password.
NOBODYS: Final = "$argon2id$v=19$m=65536,t=3,p=4$lONWrfhJnlS7MHWKUCBa5g$cr/Y4jZVLc9GdkdDyreyf/mBkOLBEj85/lb1W6M0UDs"
_AT_ONCE: Final = 2
_OBVIOUS: Final = frozenset(
    {"password", "passwort", "qwertzuiop", "qwertyuiop", "letmein", "welcome", "tranche", "admin"}
)


class Passwords:
    """Hashes and verifies, `_AT_ONCE` at a time (64 MiB each); others wait their turn."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """The library's own parameters are those of RFC 9106 for machines with little memory to spare."""
        self._hasher = hasher or PasswordHasher()
        self._turns = threading.BoundedSemaphore(_AT_ONCE)

    def hash(self, password: str) -> str:
        """What is kept of a password."""
        with self._turns:
            return self._hasher.hash(password)

    def matches(self, password: str, kept: str | None) -> bool:
        """Whether it is the password; without a kept one the answer is no and takes as long."""
        with self._turns:
            try:
                found = self._hasher.verify(kept or NOBODYS, password)
            except (VerificationError, InvalidHashError):
                return False
        return bool(found) and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether it was hashed with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)


def check_password(password: str, *, email: str, field: str = "/password") -> None:
    """Refuse a password that is soon guessed, such as the address or one of a handful of favourites.

    Raises:
        Invalid: says what is wrong.
    """
    folded = password.casefold()
    if not SHORTEST <= len(password) <= LONGEST:
        refuse([FieldError(field, f"must have {SHORTEST} to {LONGEST} characters")])
    if len(set(folded)) < 5 or folded.rstrip("0123456789!.") in _OBVIOUS or folded in {email, email.partition("@")[0]}:  # noqa: PLR2004  # a handful
        refuse([FieldError(field, "is too easy to guess; take a few words that only you would put together")])
