"""When a schedule is due: a cron expression on the clock of a zone; pure.

Where the hour field names hours, the expression means times of the wall clock, each once: a time that the clocks skip
comes right after the gap, one that they show twice comes the first time. Where the hour is every hour, it means real
time, so that a run every quarter of an hour stays one, whatever the clocks do.

cronsim alone decides by the first characters of minute and hour, so that `*/15 2 * * *` and `0 */2 * * *` would skip
and repeat; here it is asked about a clock without a zone, and the zone is applied behind it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from tranche.kernel.errors import FieldError, Invalid
from tranche.kernel.zones import zones

_FIELDS = 5
_HOURS = 24
_LONGEST = 100
_SPANS = {"minute": 59, "hour": 23, "day of month": 30, "month": 11, "day of week": 6}
_MINUTE = timedelta(minutes=1)
_SOME_DAY = datetime(2000, 1, 1)  # noqa: DTZ001  # only the fields of an expression are asked
_EXAMPLE = '"30 2 * * *", which is 02:30 each day (minute, hour, day of month, month, day of week)'


@dataclass(frozen=True, slots=True)
class Rule:
    """A checked expression with its zone; made by `read_rule`."""

    cron: str
    zone: str

    @property
    def in_words(self) -> str:
        """The expression as a person says it, such as "At 02:00 every day", on the clocks of the zone."""
        return CronSim(self.cron, _SOME_DAY).explain()

    def next_after(self, moment: datetime) -> datetime:
        """The first time that is due after `moment` (with a zone), in UTC.

        Raises:
            LookupError: there is none in the next fifty years.
        """
        found = self.find_next(moment)
        if found is None:
            raise LookupError(self.cron)
        return found

    def find_next(self, moment: datetime) -> datetime | None:
        """As `next_after`; None where there is none."""
        local = moment.astimezone(ZoneInfo(self.zone))
        return next(_real_times(self.cron, local) if _is_every_hour(self.cron) else _wall_times(self.cron, local), None)


def read_rule(*, cron: str, zone: str, now: datetime) -> Rule:
    """Check an expression and a zone.

    Raises:
        Invalid: says which of the two cannot be taken, why, and what would do.
    """
    text = " ".join(cron.split())
    shown = f'"{text[:_LONGEST]}"'
    if len(text) > _LONGEST or len(text.split()) != _FIELDS:
        raise _fault("cron", f"must have five fields in at most {_LONGEST} characters, not {shown}; such as {_EXAMPLE}")
    try:
        CronSim(text, _SOME_DAY)
    except CronSimError as error:
        what = str(error).removeprefix("Bad ").replace("-", " ")
        detail = f"has a {what} in {shown} that cannot be read or never comes; write one such as {_EXAMPLE}"
        raise _fault("cron", detail) from error
    if (wide := _step_beyond(text)) is not None:
        raise _fault("cron", f"has a step in {shown} that no {wide} reaches; write one such as {_EXAMPLE}")
    if zone not in zones():
        raise _fault("zone", f'must be the name of a time zone, not "{zone[:_LONGEST]}"; such as "Europe/Berlin"')
    rule = Rule(text, zone)
    if rule.find_next(now) is None:
        raise _fault("cron", f"fits no day in {shown}; write one such as {_EXAMPLE}")
    return rule


def _step_beyond(cron: str) -> str | None:
    """The field whose step leaves nothing but its beginning: `*/90` is no hour and a half, but once an hour."""
    for (name, span), field in zip(_SPANS.items(), cron.split(), strict=True):
        steps = [part.partition("/")[2] for part in field.split(",")]
        if any(step.isdecimal() and int(step) > span for step in steps):
            return name
    return None


def _fault(field: str, detail: str) -> Invalid:
    return Invalid(f"{field} {detail}.", errors=[FieldError(f"/{field}", detail)])


@lru_cache(maxsize=256)
def _is_every_hour(cron: str) -> bool:
    return len(CronSim(cron, _SOME_DAY).hours) == _HOURS


def _wall_times(cron: str, local: datetime) -> Iterator[datetime]:
    """Times of the wall clock after `local`, each once."""
    after = local.astimezone(UTC)
    for shown in CronSim(cron, local.replace(tzinfo=None, fold=0)):
        moment = _moment_of(shown, local)
        if moment > after:
            yield moment


def _moment_of(shown: datetime, like: datetime) -> datetime:
    """When the clocks show this: the first of two times, and the end of the gap where they skip it."""
    moment = shown.replace(tzinfo=like.tzinfo, fold=0)
    while _is_skipped(moment):
        moment += _MINUTE
    return moment.astimezone(UTC)


def _is_skipped(moment: datetime) -> bool:
    back = moment.astimezone(UTC).astimezone(moment.tzinfo)
    return back.replace(tzinfo=None, fold=0) != moment.replace(tzinfo=None, fold=0)


def _real_times(cron: str, local: datetime) -> Iterator[datetime]:
    """Times at which the clocks show what the expression says, twice where they show it twice.

    The hour is written as `*`, so that cronsim steps in real time whatever the minute is.
    """
    minute, _, *days = cron.split()
    for moment in CronSim(" ".join([minute, "*", *days]), local):
        yield moment.astimezone(UTC)
