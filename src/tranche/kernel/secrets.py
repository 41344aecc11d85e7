"""Secrets that are given to us, such as a provider's password: sealed before they are stored, opened to be used."""

import os
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tranche.kernel.errors import Conflict

_VERSION: Final = b"\x01"
_NONCE: Final = 12
_HEAD: Final = len(_VERSION) + _NONCE


class SealedElsewhere(Conflict):
    """The installation's key is not the one that sealed the secret, or the sealed bytes were changed."""

    code = "sealed_elsewhere"


class SecretBox:
    """Seals with AES-256-GCM under a key that is derived from the installation's signing key.

    What is sealed is bound to its organization and its purpose: bytes copied into another row do not open there.
    """

    def __init__(self, key: bytes) -> None:
        """`key` has 32 bytes, from `SigningKey.derive`."""
        self._cipher = AESGCM(key)

    def seal(self, secrets: dict[str, str], *, organization_id: int, purpose: str) -> bytes:
        """The named secrets as bytes for a column; the same secrets never become the same bytes twice."""
        nonce = os.urandom(_NONCE)
        text = msgspec.json.encode(secrets)
        return _VERSION + nonce + self._cipher.encrypt(nonce, text, _bound(organization_id, purpose))

    def open(self, sealed: bytes, *, organization_id: int, purpose: str) -> dict[str, str]:
        """What `seal` was given.

        Raises:
            SealedElsewhere: the key is another one; the message says what to do.
        """
        nonce = sealed[len(_VERSION) : _HEAD]
        try:
            text = self._cipher.decrypt(nonce, sealed[_HEAD:], _bound(organization_id, purpose))
        except (InvalidTag, ValueError) as error:
            raise SealedElsewhere(
                "The stored credentials were sealed with another signing key. Give all servers and workers the same "
                "TRANCHE_SIGNING_KEY (or the same signing.key in TRANCHE_HOME), or enter the credentials again."
            ) from error
        return msgspec.json.decode(text, type=dict[str, str])


def _bound(organization_id: int, purpose: str) -> bytes:
    return _VERSION + f"tranche {purpose} {organization_id}".encode()
