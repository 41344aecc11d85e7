"""How pages write numbers, moments and words; the functions that templates use."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from tranche.kernel.languages import name_language
from tranche.kernel.text import one_of, plural

_STEPS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_NO_DECIMALS: Final = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}
)
_THREE_DECIMALS: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_SHORTENED: Final = re.compile(r"\b(api|csv|pdf|sms|xlsx)(s?)\b")
_RECENT: Final = timedelta(days=7)


def number(value: Decimal | float | None) -> str:
    """1234567 as 1,234,567; nothing known is a dash."""
    return "–" if value is None else f"{value:,}"


def amount(value: Decimal | None) -> str:
    """A quantity without zeros at its end: 10.500 as 10.5."""
    return "–" if value is None else f"{value.normalize() + 0:,f}"


def money(value: Decimal | None, currency: str = "") -> str:
    """An amount with the digits of its currency."""
    if value is None:
        return "–"
    digits = 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2
    return f"{value:,.{digits}f}" + (f" {currency}" if currency else "")


def price(value: Decimal | None, currency: str) -> str:
    """A price has the digits of its currency, and keeps those beyond: 99 as 99.00, 1.2345 as it is."""
    return "–" if value is None else max(money(value, currency).removesuffix(f" {currency}"), amount(value), key=len)


def percent(value: Decimal | float | None) -> str:
    """99.2 as 99.2 %."""
    return "–" if value is None else f"{round(float(value), 2):g} %"


def day(value: date | None, zone: str = "") -> str:
    """A date as 28 Nov 2026; a moment as the day that it has in the zone.

    Raises:
        ValueError: a moment, and no zone: its day would be that of another place.
    """
    if value is None:
        return "–"
    if isinstance(value, datetime):
        value = value.astimezone(ZoneInfo(zone))
    return f"{value.day} {value:%b %Y}"


def moment(value: datetime | None, zone: str) -> Markup:
    """A time in the organization's zone, with the whole of it for who asks by pointing at it."""
    if value is None:
        return Markup("–")
    local = value.astimezone(ZoneInfo(zone))
    return _time(value, f"{local.day} {local:%b %Y %H:%M}", title=f"{local:%Y-%m-%d %H:%M:%S} {zone}")


def clock(value: datetime, zone: str) -> Markup:
    """What the clocks of the zone show to the second, for what comes within minutes."""
    local = value.astimezone(ZoneInfo(zone))
    return _time(value, f"{local:%H:%M:%S}", title=f"{local:%Y-%m-%d %H:%M:%S} {zone}")


def ago(value: datetime | None, zone: str, *, now: datetime | None = None) -> Markup:
    """How long ago, such as "5 min ago"; after a week the day itself."""
    if value is None:
        return Markup("–")
    passed = (now or datetime.now(UTC)) - value
    local = value.astimezone(ZoneInfo(zone))
    text = f"{local.day} {local:%b %Y}" if passed > _RECENT else _passed(passed)
    return _time(value, text, title=f"{local:%Y-%m-%d %H:%M:%S} {zone}")


def duration(seconds: float | None) -> str:
    """Seconds as "1 h 5 min", in at most two steps."""
    if seconds is None:
        return "–"
    left, parts = max(0, round(seconds)), []
    for size, unit in _STEPS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def words(value: object) -> str:
    """A code for people: order_import as "Order import", invoice_pdfs as "Invoice PDFs"."""
    text = str(value).replace("_", " ").replace(".", ": ").strip()
    text = _SHORTENED.sub(lambda found: found[1].upper() + found[2], text)
    return text[:1].upper() + text[1:]


def browser(user_agent: str) -> str:
    """A browser and its system in a few words, as far as they can be recognised."""
    name = next((shown for mark, shown in _BROWSERS if mark in user_agent), "A browser")
    system = next((shown for mark, shown in _SYSTEMS if mark in user_agent), "")
    return f"{name} on {system}" if system else name


def _passed(passed: timedelta) -> str:
    seconds = passed.total_seconds()
    if seconds < 0:
        return f"in {duration(-seconds)}"
    for size, unit in _STEPS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "just now"


def _time(value: datetime, text: str, *, title: str) -> Markup:
    iso = value.astimezone(UTC).isoformat(timespec="seconds")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(escape(iso), title, text)


FILTERS: Final = {
    "number": number,
    "amount": amount,
    "money": money,
    "price": price,
    "percent": percent,
    "day": day,
    "moment": moment,
    "clock": clock,
    "ago": ago,
    "duration": duration,
    "words": words,
    "plural": plural,
    "one_of": one_of,
    "browser": browser,
    "language": name_language,
}
