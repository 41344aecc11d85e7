"""Secrets of webhooks: derived from the installation's signing key, never stored; and what they sign."""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from standardwebhooks import Webhook

from tranche.kernel.errors import Invalid

KEY_FILE: Final = "signing.key"

_LEAST: Final = 32
_MARK: Final = 8
_FOR_OTHERS: Final = 0o077


class SigningKey:
    """The one key of an installation, from which the secret of every endpoint follows."""

    def __init__(self, key: bytes) -> None:
        """`key` has 32 bytes or more."""
        self._key = key
        self.mark = hmac.digest(key, b"tranche signing key mark", hashlib.sha256)[:_MARK]

    def secret(self, *, organization_id: int, salt: bytes) -> str:
        """The secret of the endpoint that has this salt, in the form of Standard Webhooks."""
        text = b"tranche webhook %d " % organization_id + salt
        return "whsec_" + base64.b64encode(hmac.digest(self._key, text, hashlib.sha256)).decode()

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for another purpose, such as `kernel.secrets`; it tells nothing of this one."""
        return hmac.digest(self._key, f"tranche derived key: {purpose}".encode(), hashlib.sha256)


def sign(secret_list: Sequence[str], *, message_id: str, now: datetime, content: str) -> dict[str, str]:
    """The three headers of Standard Webhooks; several secrets while an old one may still be in use."""
    moment = now.astimezone(UTC).replace(microsecond=0)
    signatures = [Webhook(secret).sign(message_id, moment, content) for secret in secret_list]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def load_signing_key(home: Path, *, given: str | None) -> SigningKey:
    """The key of the setting, else the one kept in the home, which is made when it is first needed.

    Raises:
        Invalid: it is too short, or others can read its file.
    """
    if given is not None:
        return _key(given, place="TRANCHE_SIGNING_KEY")
    path = home / KEY_FILE
    if not path.exists():
        _make(path)
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & _FOR_OTHERS:
            raise Invalid(f"Others can read the signing key in {path}. Run: chmod 600 {path}", code="key_exposed")
        text = file.read().decode("ascii", errors="replace").strip()
    return _key(text, place=str(path))


def _key(text: str, *, place: str) -> SigningKey:
    if len(text) < _LEAST:
        raise Invalid(f"{place} must hold at least {_LEAST} characters that nobody can guess.", code="setting")
    return SigningKey(text.encode())


def _make(path: Path) -> None:
    """Whoever comes first makes it; processes that start at the same time agree on one key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(handle, f"{secrets.token_urlsafe(48)}\n".encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        os.link(scratch, path)
    except FileExistsError:
        return
    finally:
        scratch.unlink()
