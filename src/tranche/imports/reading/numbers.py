"""Numbers as people write them to plain decimals, decided for a column as a whole; pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

PLAIN: Final = r"^-?[0-9]+(\.[0-9]+)?$"
DECIMAL_COMMA: Final = "the comma is read as the decimal sign."
THOUSANDS_COMMA: Final = "the comma is read as the thousands separator."
SETTLE_IT: Final = (
    "If it is a decimal, write another digit behind it, as in 1.2340 for 1.234; "
    "if it has a thousands separator, leave that out, as in 1234."
)

_ISO: Final = r"[A-Za-z]{3}"
_SIGNS: Final = rf"(?:[A-Z]{{0,3}}[$€£¥₹₽₩₺₴₫₪₦₱฿৳₨]|{_ISO}|kr\.?|Kč|zł|Rs\.?|Fr\.?|R)"
_GAP: Final = "[ \u00a0\u2007\u2009\u202f]*"
_SHAPE: Final = re.compile(
    rf"(?P<open>\()?{_GAP}(?P<minus>[-+−])?{_GAP}(?P<before>{_SIGNS})?{_GAP}(?P<late>[-+−])?{_GAP}"
    rf"(?P<body>[0-9][0-9.,'’\u00a0\u2007\u2009\u202f ]*|[.,][0-9]+){_GAP}(?P<percent>%)?{_GAP}"
    rf"(?P<after>{_SIGNS})?{_GAP}(?P<trail>[-−])?{_GAP}(?P<close>\))?"
)
_SPACED: Final = re.compile(r"[0-9]{1,3}(?:(['’\u00a0\u2007\u2009\u202f ])[0-9]{3})(?:\1[0-9]{3})*(?:[.,][0-9]+)?")
_GROUPED: Final = {
    ",": re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,2}(?:,[0-9]{2})*,[0-9]{3}"),
    ".": re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+"),
}
_ONE_GROUP: Final = re.compile(r"[1-9][0-9]{0,2}([.,])[0-9]{3}")
_THOUSAND: Final = 3
_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class Number:
    """A value taken apart: sign, digits with their points and commas, currency sign, per cent sign."""

    minus: bool
    body: str
    currency: str
    percent: bool


@dataclass(frozen=True, slots=True)
class Style:
    """How one column writes its numbers. `decimal` is None where nothing settles it.

    `mixed`: both signs are surely used as the decimal sign, so that neither can be trusted.
    """

    decimal: str | None = None
    mixed: bool = False
    currency: str = ""
    currencies_differ: bool = False
    percent: bool = False


def take_apart(text: str) -> Number | None:
    """The parts of a number, or None for anything else."""
    found = _SHAPE.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    signs = [sign for sign in (found["minus"], found["late"], found["trail"]) if sign]
    if len(signs) + bool(found["open"]) > 1 or (found["before"] and found["after"]):
        return None
    body = found["body"].strip()
    if re.search(r"[^0-9.,]", body):
        if not _SPACED.fullmatch(body):
            return None
        body = re.sub(r"[^0-9.,]", "", body)
    minus = bool(found["open"]) or (bool(signs) and signs[0] != "+")
    return Number(minus, body, found["before"] or found["after"] or "", bool(found["percent"]))


def settle(values: Iterable[str], *, typed: bool) -> Style:
    """What the column's distinct values say together.

    In a workbook (`typed`) numbers come with a point whatever the country, so a point proves nothing there.
    """
    decimals: set[str] = set()
    currencies: set[str] = set()
    percents: set[bool] = set()
    for text in values:
        number = take_apart(text)
        if number is None:
            continue
        decimals |= _evidence(number.body, typed=typed)
        currencies |= {number.currency} - {""}
        if number.body.strip("0.,"):
            percents.add(number.percent)
    return Style(
        decimal=next(iter(decimals)) if len(decimals) == 1 else None,
        mixed=len(decimals) > 1,
        currency=next(iter(currencies), ""),
        currencies_differ=len(currencies) > 1,
        percent=percents == {True},
    )


def plain(text: str, *, style: Style) -> str | None:
    """The value as a plain decimal, or None where it must stay as it is."""
    number = take_apart(text)
    if number is None or (number.currency and style.currencies_differ) or (number.percent and not style.percent):
        return None
    digits = _digits(number.body, decimal=style.decimal)
    if digits is None:
        return None
    return f"-{digits}" if number.minus else digits


def is_doubtful(text: str, *, style: Style, typed: bool) -> bool:
    """Whether a value may be a decimal or have a thousands separator: 1.234 among 12,50, or 1,234 alone."""
    sign = sign_of_group(text)
    if sign == ".":
        return style.mixed or (typed and style.decimal == ",")
    number = take_apart(text)
    if sign is None or number is None or style.decimal is not None:
        return False
    return not (number.currency and style.currencies_differ) and not (number.percent and not style.percent)


def sign_of_group(text: str) -> str | None:
    """The sign in front of the three digits of a number such as 1.234 or 1,234 €, which alone settles nothing."""
    number = take_apart(text)
    found = _ONE_GROUP.fullmatch(number.body) if number else None
    return found[1] if found else None


def _evidence(body: str, *, typed: bool) -> set[str]:
    """The decimal sign that this value proves; empty where it could be read in two ways."""
    points, commas = body.count("."), body.count(",")
    if points and commas:
        decimal = max(".", ",", key=body.rfind)
        return {decimal} if _digits(body, decimal=decimal) is not None else set()
    if points + commas == 0:
        return set()
    sign, other = (".", ",") if points else (",", ".")
    if points + commas > 1:
        return {other} if _GROUPED[sign].fullmatch(body) else set()
    whole, _, fraction = body.partition(sign)
    if not fraction or (len(fraction) == _THOUSAND and 0 < len(whole) <= _THOUSAND and not whole.startswith("0")):
        return set()
    return set() if typed and sign == "." else {sign}


def _digits(body: str, *, decimal: str | None) -> str | None:
    """The body with a point as decimal sign and without groups, if it is well formed in that way."""
    if body.isdecimal():
        return body
    if decimal is None:
        decimal = "."
        if not re.fullmatch(r"[0-9]*\.[0-9]+", body):
            return None
    group = "," if decimal == "." else "."
    whole, _, fraction = body.partition(decimal)
    if (fraction and not fraction.isdecimal()) or (body.endswith(decimal)):
        return None
    if group in whole:
        if not _GROUPED[group].fullmatch(whole):
            return None
        whole = whole.replace(group, "")
    return f"{whole or '0'}.{fraction}" if fraction else whole
