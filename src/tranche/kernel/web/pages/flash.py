"""A word that the next page says: carried by the browser over a redirect, shown once."""

import base64
import binascii
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec
from litestar.datastructures import Cookie

from tranche.kernel.web.requests import AnyRequest

_COOKIE: Final = "__Host-word"
_SECONDS: Final = 60
_LONGEST: Final = 500


class Tone(StrEnum):
    """How a word is meant."""

    GOOD = "good"
    BAD = "bad"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Word:
    """One sentence for the next page."""

    text: str
    tone: Tone = Tone.GOOD


def flash_cookie(word: Word) -> Cookie:
    """The cookie that carries a word."""
    text = word.text if len(word.text) <= _LONGEST else word.text[:_LONGEST] + "…"
    value = base64.urlsafe_b64encode(msgspec.json.encode([text, word.tone])).decode()
    return Cookie(key=_COOKIE, value=value, path="/", secure=True, httponly=True, samesite="lax", max_age=_SECONDS)


def forget_flash(request: AnyRequest) -> Cookie | None:
    """The cookie that takes a shown word away, if there is one."""
    if _COOKIE not in request.cookies:
        return None
    return Cookie(key=_COOKIE, value="", path="/", secure=True, httponly=True, samesite="lax", max_age=0)


def read_flash(request: AnyRequest) -> Word | None:
    """The word that the last answer left; the browser holds it, so it is treated as anybody's text."""
    value = request.cookies.get(_COOKIE)
    if not value:
        return None
    try:
        text, tone = msgspec.json.decode(base64.urlsafe_b64decode(value), type=tuple[str, Tone])
    except (msgspec.MsgspecError, binascii.Error, ValueError):
        return None
    return Word(text, tone)
