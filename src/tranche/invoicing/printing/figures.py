"""Numbers, money and days as each language writes them, and the fixed words of an invoice."""

import json
import re
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Final
from unicodedata import bidirectional

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision

from tranche.kernel.languages import name_language
from tranche.kernel.text import is_plain

DEFAULT_LANGUAGE: Final = "en"
_RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ur"})
_OF_THE_RIGHT: Final = frozenset({"R", "AL"})
_RUN: Final = re.compile("[!-~\u00a1-\u024f]{31,}")
_PIECE: Final = re.compile(".{1,10}")
_BREAK: Final = "\u200b"
_MARK: Final = "\u200e"
_ISOLATE, _END = "\u2066", "\u2069"
_TOUCHING: Final = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_GAP: Final = "\u00a0"
_MINUS: Final = "\u2212"
_HUNDRED: Final = Decimal(100)
_MOST_DIGITS: Final = 6


def loosen(text: str) -> str:
    """A text whose long runs without a gap, such as codes and addresses, may be broken over lines; no controls."""
    plain = "".join(char if is_plain(char) or char == "\n" else " " for char in text)
    return _RUN.sub(lambda found: _BREAK.join(_PIECE.findall(found[0])), plain)


@cache
def _all_words() -> dict[str, dict[str, str]]:
    text = files("tranche.invoicing.printing").joinpath("words.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = json.loads(text)
    return found


def list_languages() -> list[str]:
    """The languages that an invoice can be printed in."""
    return list(_all_words())


def name_languages() -> list[tuple[str, str]]:
    """The same with their English names, for a choice."""
    return [(code, name_language(code)) for code in list_languages()]


def find_language(wanted: str) -> str:
    """The language that a wish such as `de-AT` or `pt_BR` is printed in; English where we have no words."""
    base = wanted.replace("_", "-").partition("-")[0].lower()
    return base if base in _all_words() else DEFAULT_LANGUAGE


class Figures:
    """One language's way to write; digits are 0 to 9 in all of them, so that amounts can be typed off everywhere."""

    def __init__(self, language: str, *, currency: str, digits: int) -> None:
        """`digits` is how many the currency has behind the point."""
        self.language = find_language(language)
        self.words = _all_words()[self.language]
        self._locale = Locale.parse(self.language)
        self._currency = currency
        self._digits = digits

    @property
    def direction(self) -> str:
        """Which way the language reads: rtl or ltr."""
        return "rtl" if self.language in _RIGHT_TO_LEFT else "ltr"

    def money(self, amount: Decimal) -> str:
        """An amount with its currency; a code of letters does not touch the figures."""
        pattern = None
        if self._digits != get_currency_precision(self._currency):
            pattern = f"{self._grouped()}.{'0' * self._digits} ¤" if self._digits else f"{self._grouped()} ¤"
        money = format_currency(amount, self._currency, pattern, locale=self._locale, currency_digits=pattern is None)
        return _signed(_TOUCHING.sub(_GAP, money))

    def isolated(self, amount: Decimal) -> str:
        """An amount inside a sentence, in the order in which it stands in a column of amounts."""
        money = self.money(amount)
        return money if self.direction == "ltr" else f"{_ISOLATE}{money}{_END}"

    def amount(self, amount: Decimal) -> str:
        """An amount without its currency."""
        return self._decimal(amount, least=self._digits, most=self._digits)

    def price(self, price: Decimal) -> str:
        """A price keeps digits beyond the currency's where it has them."""
        return self._decimal(price, least=self._digits, most=_MOST_DIGITS)

    def quantity(self, quantity: Decimal) -> str:
        """A quantity without trailing zeros."""
        return self._decimal(quantity, least=0, most=_MOST_DIGITS)

    def percent(self, rate: Decimal) -> str:
        """A rate of so many per cent."""
        exponent = rate.normalize().as_tuple().exponent
        places = min(max(0, -exponent), _MOST_DIGITS) if isinstance(exponent, int) else 0
        sign = self._locale.percent_formats[None].pattern
        pattern = sign.replace("#,##0", f"#,##0.{'0' * places}") if places else sign
        return format_percent(rate / _HUNDRED, pattern, locale=self._locale)

    def day(self, day: date) -> str:
        """A day with its month's name."""
        return format_date(day, "long", locale=self._locale)

    def plain(self, text: str) -> str:
        """A text without letters of the page's direction keeps its own: a number before a town stays before it.

        Each line is a paragraph of its own for the direction.
        """
        if self.direction == "ltr":
            return text
        return "\n".join(_keep_direction(line) for line in text.split("\n"))

    def _decimal(self, number: Decimal, *, least: int, most: int) -> str:
        pattern = f"{self._grouped()}.{'0' * least}{'#' * (most - least)}".rstrip(".")
        return _signed(format_decimal(number, pattern, locale=self._locale))

    def _grouped(self) -> str:
        """The whole part of a pattern, grouped as the language groups: 1,00,000 in Hindi."""
        return str(self._locale.decimal_formats[None].pattern.partition(".")[0])


def _keep_direction(line: str) -> str:
    if not line or any(bidirectional(char) in _OF_THE_RIGHT for char in line):
        return line
    return f"{_MARK}{line}{_MARK}"


def _signed(figures: str) -> str:
    """With the sign that is as wide as a figure is, and no hyphen."""
    return figures.replace("-", _MINUS)
