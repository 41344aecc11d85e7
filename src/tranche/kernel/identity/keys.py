"""The form of an API key: `trn_`, 27 base-62 digits of secret (160 bits), 6 of checksum."""

import hashlib
import zlib
from collections.abc import Callable

Entropy = Callable[[int], bytes]

_MARK = "trn_"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_BYTES = 20
_SECRET_DIGITS = 27  # 62 ** 27 > 2 ** 160
_CHECK_DIGITS = 6  # 62 ** 6 > 2 ** 32
_SHOWN = 8


def mint(entropy: Entropy) -> str:
    """A new key from `entropy`, a source of random bytes such as `secrets.token_bytes`."""
    secret = _MARK + _base62(int.from_bytes(entropy(_SECRET_BYTES), "big"), _SECRET_DIGITS)
    return secret + _checksum(secret)


def is_well_formed(token: str) -> bool:
    """Whether mark, length, digits and checksum are right: a mistyped key is refused without asking the database.

    The checksum is no secret and proves nothing; it also lets scanners find keys in published text.
    """
    if len(token) != len(_MARK) + _SECRET_DIGITS + _CHECK_DIGITS or not token.startswith(_MARK):
        return False
    secret, check = token[:-_CHECK_DIGITS], token[-_CHECK_DIGITS:]
    return set(token[len(_MARK) :]) <= set(_DIGITS) and _checksum(secret) == check


def digest(token: str) -> bytes:
    """What is kept of a key. Plain SHA-256 suffices, because the secret is random and not chosen by a person."""
    return hashlib.sha256(token.encode()).digest()


def shown_prefix(token: str) -> str:
    """The part that lists show; it gives away 24 of the 160 bits."""
    return token[:_SHOWN]


def _checksum(secret: str) -> str:
    return _base62(zlib.crc32(secret.encode()), _CHECK_DIGITS)


def _base62(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, rest = divmod(number, len(_DIGITS))
        digits = _DIGITS[rest] + digits
    return digits
