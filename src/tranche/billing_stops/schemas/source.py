"""The wire contract of the source, which no document names: camelCase."""

from datetime import datetime

from msgspec import UNSET, UnsetType

from tranche.billing_stops.domain import Refresh, Rule, Source, SourceKind, SourceSettings
from tranche.kernel.web.json import Body, Out


class SourceOut(Out, frozen=True):
    """How the data are read. Of credentials it says only whether there are any."""

    kind: str
    host: str
    port: int
    database: str
    file: str
    has_credentials: bool
    query: str
    changes_query: str
    timeout_seconds: int
    rule: str
    rule_days: int
    refresh: str
    keep_details: int
    keep_summaries: int
    max_age_hours: int
    mails: tuple[str, ...]
    updated_at: datetime


class SourceChange(Body, frozen=True):
    """What PUT takes. `user` and `password` are written and never read."""

    kind: SourceKind
    host: str = ""
    port: int = 0
    database: str = ""
    file: str = ""
    user: str | UnsetType = UNSET
    password: str | UnsetType = UNSET
    query: str = ""
    changes_query: str = ""
    timeout_seconds: int = 3_600
    rule: Rule = Rule.AGE
    rule_days: int = 35
    refresh: Refresh = Refresh.FULL
    keep_details: int = 7
    keep_summaries: int = 30
    max_age_hours: int = 26
    mails: tuple[str, ...] = ()

    def settings(self) -> SourceSettings:
        """Without kind and credentials."""
        names = SourceSettings.__struct_fields__
        return SourceSettings(**{name: getattr(self, name) for name in names})


class SourceBody(Body, frozen=True):
    """PUT /api/crp-cpc/bill-stop-source."""

    data: SourceChange


class ProbeOut(Out, frozen=True):
    """What a look at the source gave."""

    as_of: datetime | None
    rows: int
    seconds: float


def source_out(source: Source) -> SourceOut:
    """A source without its credentials."""
    settings = source.settings
    shown = {name: getattr(settings, name) for name in SourceSettings.__struct_fields__}
    return SourceOut(
        **{**shown, "rule": settings.rule.value, "refresh": settings.refresh.value},
        kind=source.kind.value,
        has_credentials=source.sealed is not None,
        updated_at=source.updated_at,
    )
