"""Dates as people write them to ISO, the order of day and month decided for a column as a whole; pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

DAY_FIRST: Final = "the day comes first"
MONTH_FIRST: Final = "the month comes first"

_FIRST: Final = date(1900, 3, 1)
_TIME: Final = (
    r"(?:[T,\s]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
)
_WEEKDAY: Final = r"(?:[^\W\d]{2,10}\.?,?\s+)?"
_YEAR_FIRST: Final = re.compile(
    rf"(?P<year>\d{{4}})(?P<sep>[-/. ])(?P<month>\d{{1,2}})(?P=sep)(?P<day>\d{{1,2}}){_TIME}"
)
_COMPACT: Final = re.compile(rf"(?P<year>(?:19|20)\d{{2}})(?P<month>\d{{2}})(?P<day>\d{{2}}){_TIME}")
_YEAR_LAST: Final = re.compile(
    rf"(?P<one>\d{{1,2}})(?P<sep>[-/. ])(?P<two>\d{{1,2}})(?P=sep)(?P<year>\d{{4}}|\d{{2}}){_TIME}"
)
_DAY_NAME: Final = re.compile(
    rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?[-/\s]*(?:de\s+)?(?P<name>[^\W\d]{{3,12}})\.?,?[-/\s]*(?:de\s+)?"
    rf"(?P<year>\d{{4}}|\d{{2}}){_TIME}"
)
_NAME_DAY: Final = re.compile(
    rf"{_WEEKDAY}(?P<name>[^\W\d]{{3,12}})\.?[-/\s]+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?[-/\s]+(?P<year>\d{{4}}){_TIME}"
)
_YEAR_NAME: Final = re.compile(rf"(?P<year>\d{{4}})\s+(?P<name>[^\W\d]{{3,12}})\.?\s+(?P<day>\d{{1,2}}){_TIME}")
_FAR: Final = re.compile(r"(?:\+\d{5,}|\d{5,6})-\d{2}-\d{2}.*")
_MONTHS: Final = (
    "jan ene january januar janvier enero janv jän jänner gennaio gen janeiro januari stycznia styczeń ocak يناير",
    "feb february februar février febrero févr fév febbraio fevereiro fev februari lutego luty şubat فبراير",
    "mar march märz mär mars marzo mrz março maart mrt marca marzec mart مارس",
    "apr abr april avril abril avr aprile kwietnia kwiecień nisan أبريل ابريل",
    "may mai mayo maggio mag maio mei maja maj mayıs مايو",
    "jun june juni juin junio giugno giu junho czerwca czerwiec haziran يونيو",
    "jul july juli juillet julio juil luglio lug julho lipca lipiec temmuz يوليو",
    "aug ago august août agosto aoû augustus sierpnia sierpień ağustos أغسطس",
    "sep sept set september septembre septiembre settembre setembro września wrzesień eylül سبتمبر",
    "oct okt october oktober octobre octubre ottobre ott outubro out października październik ekim أكتوبر",
    "nov november novembre noviembre novembro listopada listopad kasım نوفمبر",
    "dec dez dic december dezember décembre diciembre déc dicembre dezembro grudnia grudzień aralık ديسمبر",
)
_MONTH_OF: Final = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}:\d{2})?", re.ASCII)
_LAST_MONTH: Final = 12
_LONGEST: Final = 60
_PIVOT: Final = 30
_HALF_DAY: Final = 12
_WIDEST, _LAST_MINUTE = 15, 59  # hours and minutes from UTC that a database takes


class Doubt(StrEnum):
    """Why a text is not taken as a date."""

    NOT_A_DATE = "not_a_date"
    OUT_OF_RANGE = "date_out_of_range"
    AMBIGUOUS = "ambiguous_date"


@dataclass(frozen=True, slots=True)
class Order:
    """Which of two numbers is the day in this column. `day_first` is None where nothing says so.

    `settled_by` is the value that settled it, `against` one that says the opposite.
    """

    day_first: bool | None = None
    said: bool = False
    settled_by: str = ""
    against: str = ""


def settle(values: Iterable[str], *, said: bool | None, usual: bool | None = None) -> Order:
    """What the column's distinct values say together; what a person said goes before all.

    `usual` is what was said of an earlier file: it counts where this one's values say nothing.
    """
    if said is not None:
        return Order(said, said=True)
    first = second = ""
    for text in values:
        found = _YEAR_LAST.fullmatch(text) if len(text) <= _LONGEST else None
        if found is None or _may_begin_with_year(found):
            continue
        if int(found["one"]) > _LAST_MONTH >= int(found["two"]):
            first = first or text
        elif int(found["two"]) > _LAST_MONTH >= int(found["one"]):
            second = second or text
    if first and second:
        return Order(None, settled_by=first, against=second)
    return Order(bool(first), settled_by=first or second) if first or second else Order(usual)


def iso(text: str, *, order: Order) -> str | Doubt:
    """`YYYY-MM-DD`, with ` HH:MM:SS` unless it is midnight, and the zone if the text names one; or the doubt."""
    if _ISO.fullmatch(text):
        try:
            return _checked(datetime.fromisoformat(text), "")
        except ValueError:
            return Doubt.NOT_A_DATE
    return _other(text, order) if len(text) <= _LONGEST else Doubt.NOT_A_DATE


def _other(text: str, order: Order) -> str | Doubt:
    found = _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text)
    if found:
        return _built(found, month=int(found["month"]), day=int(found["day"]))
    found = _YEAR_LAST.fullmatch(text)
    if found:
        return _by_order(found, order)
    found = _DAY_NAME.fullmatch(text) or _NAME_DAY.fullmatch(text) or _YEAR_NAME.fullmatch(text)
    month = _MONTH_OF.get(found["name"].lower()) if found else None
    if found and month:
        return _built(found, month=month, day=int(found["day"]))
    return Doubt.OUT_OF_RANGE if _FAR.fullmatch(text) else Doubt.NOT_A_DATE


def _by_order(found: re.Match[str], order: Order) -> str | Doubt:
    one, two = int(found["one"]), int(found["two"])
    if _may_begin_with_year(found) and not order.said:
        return Doubt.AMBIGUOUS
    if order.day_first is None and one != two:
        return Doubt.AMBIGUOUS if min(one, two) <= _LAST_MONTH else Doubt.NOT_A_DATE
    return _built(found, month=two, day=one) if order.day_first else _built(found, month=one, day=two)


def _may_begin_with_year(found: re.Match[str]) -> bool:
    """Whether it may be 24-01-15, which nothing in a column can tell from a day first."""
    return found["sep"] == "-" and len(found["year"]) == 2  # noqa: PLR2004  # a year of two digits


def _built(found: re.Match[str], *, month: int, day: int) -> str | Doubt:
    year = int(found["year"])
    if len(found["year"]) == 2:  # noqa: PLR2004  # as Excel reads them: 29 is 2029, 30 is 1930
        year += 2000 if year < _PIVOT else 1900
    try:
        moment = datetime(year, month, day, _hour(found), int(found["minute"] or 0), int(found["second"] or 0))  # noqa: DTZ001  # a cell has no zone
    except ValueError:
        return Doubt.NOT_A_DATE
    return _checked(moment, found["zone"] or "")


def _hour(found: re.Match[str]) -> int:
    hour = int(found["hour"] or 0)
    if not found["half"]:
        return hour
    if not 1 <= hour <= _HALF_DAY:
        raise ValueError(hour)
    return hour % _HALF_DAY + (_HALF_DAY if found["half"][0] in "Pp" else 0)


def _checked(moment: datetime, zone: str) -> str | Doubt:
    is_midnight = moment.time() == datetime.min.time()
    # A later hour of the last day may lie beyond the calendar elsewhere.
    if moment.date() < _FIRST or (moment.date() == date.max and not is_midnight):
        return Doubt.OUT_OF_RANGE
    if zone[:1] in {"+", "-"} and (int(zone[1:3]) > _WIDEST or int(zone[-2:]) > _LAST_MINUTE):
        return Doubt.NOT_A_DATE
    if zone:
        return f"{moment:%Y-%m-%d %H:%M:%S}{'+00:00' if zone in ('Z', 'UTC', 'GMT') else zone}"
    return str(moment.date()) if is_midnight else f"{moment:%Y-%m-%d %H:%M:%S}"
