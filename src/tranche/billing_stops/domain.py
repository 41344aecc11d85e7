"""Snapshots and their sources: what they are, when one is sound, and the refusals around them; pure."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from tranche.kernel.errors import Conflict, FieldError, Gone, Invalid, NotFound, TrancheError
from tranche.kernel.notify.domain import check_mail
from tranche.kernel.text import camel, plural


class SourceKind(StrEnum):
    """What a source is. `sample` is the installation's own sample database."""

    SAMPLE = "sample"
    POSTGRESQL = "postgresql"
    ORACLE = "oracle"
    CSV = "csv"


class Rule(StrEnum):
    """When billing counts as stopped: by the age of the last bill, or by the calendar month."""

    AGE = "age"
    MONTH = "month"


class Refresh(StrEnum):
    """Whether a run reads everything, or only what changed since the published snapshot."""

    FULL = "full"
    INCREMENTAL = "incremental"


class SourceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a source is reached and read, what is kept of it, and who is told; credentials are apart.

    `file` is of a CSV source, `host` to `database` of the others (for Oracle `database` is the service name).
    """

    host: str = ""
    port: int = 0
    database: str = ""
    file: str = ""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a data set of an organization is read from; `sealed` are its credentials."""

    data_set: str
    kind: SourceKind
    settings: SourceSettings
    sealed: bytes | None = field(repr=False)
    published_id: int | None
    updated_at: datetime


class SnapshotStatus(StrEnum):
    """Document 4's words."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What became of the customers between two snapshots. `balance_moved` is that of everybody in both."""

    base_id: int
    new_stops: int
    resolved: int
    gone: int
    balance_moved: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One run: an entry of document 4's batch log, and what it read while its parts are kept."""

    id: int
    data_set: str
    operation_id: int | None
    status: SnapshotStatus
    batch_date: date
    is_forced: bool
    is_full: bool
    base_id: int | None
    as_of: datetime | None
    recipe: str
    details_count: int | None
    summary_count: int | None
    read_count: int | None
    totals: dict[str, Decimal] | None
    changes: Changes | None
    has_details: bool
    has_summary: bool
    started_at: datetime
    finished_at: datetime | None
    error_code: str | None
    error: str | None


class NoSource(Conflict):
    """Nobody has said yet where the data are read from."""

    code = "no_source"

    def __init__(self) -> None:
        super().__init__(
            "No source is set up. An admin sets one in the settings, with tranche bill-stop source set or with PUT "
            "/api/crp-cpc/bill-stop-source; or try the sample: tranche bill-stop sample."
        )


class RunUnderWay(Conflict):
    """One run at a time."""

    code = "already_running"

    def __init__(self, run_id: int) -> None:
        super().__init__(
            f"Run {run_id} is under way; the data of the last one stay until it is done.",
            errors=[FieldError("run_id", str(run_id), "already_running")],
        )
        self.run_id = run_id


class NoData(NotFound):
    """No run has been completed yet."""

    code = "no_snapshot"

    def __init__(self) -> None:
        super().__init__(
            "There are no data yet. Start a run: tranche bill-stop run, or POST /api/crp-cpc/bill-stop-batch/trigger."
        )


class UnknownSnapshot(NotFound):
    """No such snapshot in this organization."""

    code = "unknown_snapshot"
    noun = "snapshot"


class SnapshotDropped(Gone):
    """Its rows are not kept any more."""

    code = "snapshot_dropped"

    def __init__(self, snapshot_id: int) -> None:
        super().__init__(f"Snapshot {snapshot_id} has been dropped; begin again without cursor to see the newest data.")


class SourceFault(TrancheError):
    """The source went away or does not answer; trying again may help."""

    code = "source_unavailable"


class SourceAway(SourceFault):
    """Nothing answers, or what did has gone; `why` is a word or a code of the driver, where there is one."""

    def __init__(self, why: str = "") -> None:
        self.what = f"The source went away or does not answer{f' ({why})' if why else ''}."
        super().__init__(f"{self.what} The data of the last run stay; the run may be started again.")


class SourceRefused(Invalid):
    """The source or its query cannot be used as it is set up; trying again does not help."""

    code = "source_refused"


class BadRow(Invalid):
    """The source gave a row that cannot be taken."""

    code = "bad_row"


MOST_IN_A_ROW: Final = 6  # incremental runs between two full ones
OVERLAP: Final = timedelta(hours=1)  # read again, for what was committed late

_LIMITS: Final = {
    "timeout_seconds": (10, 86_400),
    "rule_days": (1, 3_650),
    "keep_details": (1, 60),
    "keep_summaries": (1, 400),
    "max_age_hours": (1, 8_760),
}
_MOST_MAILS: Final = 10
_LONGEST: Final = 255


def cutoff(settings: SourceSettings, *, batch_date: date) -> date:
    """The first day whose bills count as billing that goes on."""
    if settings.rule is Rule.MONTH:
        return batch_date.replace(day=1)
    return batch_date - timedelta(days=settings.rule_days)


def judge(*, details: int, summed: int, groups: int, previous: int | None, is_forced: bool) -> None:
    """Whether what was loaded may be published.

    Raises:
        BadSnapshot: it is empty, does not add up, or is under half of the last one.
    """
    if not details or not groups:
        raise BadSnapshot("The source returned no rows. The data of the last run stay.", code="no_rows")
    read = plural(details, "row")
    if details != summed:
        raise BadSnapshot(
            f"The details have {read}, the summary counts {summed:,}. The data of the last run stay.",
            code="counts_differ",
        )
    if previous is not None and details * 2 < previous and not is_forced:
        raise BadSnapshot(
            f"The source returned {read}, less than half of the {previous:,} of the last run, whose data "
            "stay. If that is right, start a run with force.",
            code="too_few",
        )


class BadSnapshot(Invalid):
    """What was loaded is not published."""

    code = "bad_snapshot"


def check_settings(kind: SourceKind, settings: SourceSettings) -> None:
    """Refuse settings that cannot work.

    Raises:
        Invalid: names each field.
    """
    faults = [
        FieldError(f"/{camel(name)}", f"must be from {least:,} to {most:,}")
        for name, (least, most) in _LIMITS.items()
        if not least <= getattr(settings, name) <= most
    ]
    faults += _place_faults(kind, settings)
    if settings.keep_summaries < settings.keep_details:
        faults.append(FieldError("/keepSummaries", "must not be less than keepDetails"))
    if len(settings.mails) > _MOST_MAILS:
        faults.append(FieldError("/mails", f"must be at most {_MOST_MAILS} addresses"))
    if kind is SourceKind.CSV and settings.refresh is Refresh.INCREMENTAL:
        faults.append(FieldError("/refresh", "must be full: a file is read as a whole"))
    if faults:
        raise Invalid(" ".join(f"{fault.pointer[1:]} {fault.detail}." for fault in faults), errors=faults)
    for address in settings.mails:
        check_mail(address=address, name="", subject="")


def _place_faults(kind: SourceKind, settings: SourceSettings) -> list[FieldError]:
    has_host = kind in {SourceKind.POSTGRESQL, SourceKind.ORACLE}
    wanted = {
        "host": (has_host, settings.host),
        "database": (has_host, settings.database),
        "port": (has_host, settings.port),
        "file": (kind is SourceKind.CSV, settings.file),
    }
    faults = []
    for name, (is_wanted, value) in wanted.items():
        if is_wanted and not value:
            faults.append(FieldError(f"/{name}", f"must be given for a source of the kind {kind}"))
        elif value and not is_wanted:
            faults.append(FieldError(f"/{name}", f"must not be given for a source of the kind {kind}"))
    if has_host and not _is_host(settings.host):
        faults.append(FieldError("/host", "must be the name or the address of one host"))
    if not 0 <= settings.port <= 65_535:  # noqa: PLR2004  # what TCP has
        faults.append(FieldError("/port", "must be from 1 to 65535"))
    return faults


def _is_host(text: str) -> bool:
    """No socket folder, no list, nothing that a connection string would read as more than a host."""
    return 0 < len(text) <= _LONGEST and text.isascii() and all(c.isalnum() or c in ".-:_" for c in text)
