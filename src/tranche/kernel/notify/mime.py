"""The lines of a mail: what is plain is written directly, the rest by the standard library, which takes much longer."""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from functools import lru_cache
from typing import Any, Final, TypeAlias

Policy: TypeAlias = "EmailPolicy[EmailMessage[Any, Any]]"
_LONGEST_LINE: Final = 76
_PLAIN_HEADER: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)*")
_PLAIN_ADDRESS: Final = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_PLAIN_FILE: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,40}")
_PLAIN_TEXT: Final = re.compile(r"(?:[\t -~]{0,76}\n)*[\t -~]{0,76}")
_BREAK: Final = re.compile(r"\r\n|\r|\n")
_CRLF: Final = b"\r\n"


def write_header(name: str, value: str) -> bytes:
    """A header of words without line breaks, folded and encoded where it must be."""
    if len(name) + len(value) < _LONGEST_LINE and _PLAIN_HEADER.fullmatch(value) and "=?" not in value:
        return f"{name}: {value}\r\n".encode()
    return f"{name}: {_encode(name, value)}\r\n".encode()


def write_mailbox(policy: Policy, name: str, *, display: str, address: str) -> bytes:
    """A header with one mailbox, such as `To`.

    Raises:
        ValueError, MessageError, IndexError: the address has no form in a mail's head.
    """
    if not (display and _PLAIN_ADDRESS.fullmatch(address)):
        return _fold(policy, name, str(Address(display_name=display, addr_spec=address)))
    if not _PLAIN_NAME.fullmatch(display) or len(name) + len(display) >= _LONGEST_LINE:
        display = _encode(name, display)
    gap = " " if len(name) + len(display) + len(address) < _LONGEST_LINE else "\r\n "
    return f"{name}: {display}{gap}<{address}>\r\n".encode()


def write_text(text: str) -> bytes:
    """A text with the headers that say how it is written: as it is, or by whichever of the two ways is shorter."""
    lines = _BREAK.sub("\r\n", text).encode()
    lines = lines if lines.endswith(_CRLF) else lines + _CRLF
    if _PLAIN_TEXT.fullmatch(text):
        way, content = "7bit", lines
    else:
        quoted, coded = binascii.b2a_qp(lines, istext=True), base64.encodebytes(lines).replace(b"\n", _CRLF)
        way, content = ("quoted-printable", quoted) if len(quoted) <= len(coded) else ("base64", coded)
    head = f'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: {way}\r\n\r\n'
    return head.encode() + content


def write_file(policy: Policy, *, name: str, media_type: str, content: bytes) -> bytes:
    """An attachment with its headers."""
    lines = base64.encodebytes(content).replace(b"\n", _CRLF)
    return _file_head(policy, name, media_type) + lines


def write_parts(parts: Sequence[bytes], *, seed: bytes) -> bytes:
    """Several parts as one body, its header first; `seed` is something that no other mail has."""
    mark = hashlib.sha256(seed + parts[0]).hexdigest()[:32].encode()
    joint = b"--=_" + mark
    body = b"".join(joint + _CRLF + part + _CRLF for part in parts)
    return b'Content-Type: multipart/mixed; boundary="=_' + mark + b'"\r\n\r\n' + body + joint + b"--\r\n"


def _encode(name: str, words: str) -> str:
    return Header(words, "utf-8", header_name=name, maxlinelen=_LONGEST_LINE).encode(linesep="\r\n")


@lru_cache(maxsize=256)
def _fold(policy: Policy, name: str, value: str) -> bytes:
    return policy.fold_binary(*policy.header_store_parse(name, value))


def _file_head(policy: Policy, name: str, media_type: str) -> bytes:
    kind = f"Content-Type: {media_type}\r\nContent-Transfer-Encoding: base64\r\n"
    if _PLAIN_FILE.fullmatch(name):
        return f'{kind}Content-Disposition: attachment; filename="{name}"\r\n\r\n'.encode()
    part = EmailMessage(policy=policy)
    part.add_header("Content-Disposition", "attachment", filename=name)
    return kind.encode() + part.as_bytes()
