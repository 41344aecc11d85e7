"""Settings, the source of bill stops: where its data are read from, by which query, when, and a test."""

from collections.abc import Mapping
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from tranche.billing_stops import service
from tranche.billing_stops.bill_stop import BILL_STOP
from tranche.billing_stops.domain import NoSource, Refresh, Rule, Source, SourceKind, SourceSettings
from tranche.billing_stops.probing import Probe, probe
from tranche.billing_stops.sources.making import Readers
from tranche.billing_stops.sources.query_files import list_queries
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import FieldError, Invalid, TrancheError
from tranche.kernel.schedules.service import Schedules
from tranche.kernel.text import camel
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.render import Html, faults_of, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest, read_choice

PATH: Final = "/settings/bill-stop"

_KINDS: Final[Mapping[SourceKind, str]] = {
    SourceKind.POSTGRESQL: "PostgreSQL",
    SourceKind.ORACLE: "Oracle",
    SourceKind.CSV: "CSV file",
    SourceKind.SAMPLE: "Sample",
}
_PORTS: Final[Mapping[SourceKind, str]] = {SourceKind.POSTGRESQL: "5432", SourceKind.ORACLE: "1521"}
_NUMBERS: Final = ("port", "timeout_seconds", "rule_days", "keep_details", "keep_summaries", "max_age_hours")


class SourceForm(Body, frozen=True):
    """All fields of all kinds as they were typed; those of the chosen kind are sent."""

    kind: SourceKind = SourceKind.POSTGRESQL
    host: str = ""
    port: str = ""
    database: str = ""
    user: str = ""
    password: str = ""
    file: str = ""
    query: str = ""
    changes_query: str = ""
    timeout_seconds: str = "3600"
    rule: Rule = Rule.AGE
    rule_days: str = "35"
    refresh: Refresh = Refresh.FULL
    keep_details: str = "7"
    keep_summaries: str = "30"
    max_age_hours: str = "26"
    mails: str = ""


class WhenForm(Body, frozen=True):
    """When the run is due, or whether it is."""

    cron: str = ""
    zone: str = ""
    enabled: bool = False


@page(PATH, role=Role.ADMIN)
def source_page(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    schedules: NamedDependency[Schedules],
    readers: NamedDependency[Readers],
) -> Html:
    """The source as it is; `kind` in the address shows the fields of another kind."""
    wanted = read_choice(request, "kind", choices=list(SourceKind))
    with database.transaction(ctx.organization_id) as conn:
        shown = _Shown(conn, ctx, schedules, readers)
    kind = SourceKind(wanted) if wanted else shown.kind
    return shown.answer(request, shown.filled(kind))


@form(PATH, role=Role.ADMIN)
def save_source(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    schedules: NamedDependency[Schedules],
    readers: NamedDependency[Readers],
    data: URLEncodedBody[SourceForm],
) -> Html:
    """Keep it; user and password that are left empty stay as they are."""
    try:
        credentials = _credentials(data)
        with database.transaction(ctx.organization_id) as conn:
            service.put_source(
                conn,
                ctx,
                data_set=BILL_STOP,
                kind=data.kind,
                settings=_settings(data),
                credentials=credentials,
                box=readers.box(),
            )
    except Invalid as error:
        with database.transaction(ctx.organization_id) as conn:
            shown = _Shown(conn, ctx, schedules, readers)
        return shown.answer(request, data, faults=faults_of(error))
    return redirect(PATH, say=f"The source is kept: {_KINDS[data.kind]}. Test it before the night.")


@form(f"{PATH}/test", role=Role.ADMIN)
def test_source(
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    schedules: NamedDependency[Schedules],
    readers: NamedDependency[Readers],
) -> Html:
    """Connect as a run would, read the first rows, and show what came; nothing is kept."""
    with database.transaction(ctx.organization_id) as conn:
        shown = _Shown(conn, ctx, schedules, readers)
    try:
        if shown.source is None:
            raise NoSource
        found = probe(readers, shown.source, BILL_STOP, organization_id=ctx.organization_id)
    except TrancheError as error:
        return shown.answer(request, shown.filled(shown.kind), refusal=error.message)
    return shown.answer(request, shown.filled(shown.kind), found=found)


@form(f"{PATH}/time", role=Role.ADMIN)
def change_time(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    schedules: NamedDependency[Schedules],
    data: URLEncodedBody[WhenForm],
) -> Html:
    """Let the run be due at other times."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            schedules.update(conn, ctx, name=BILL_STOP.schedule, cron=data.cron, zone=data.zone)
    except TrancheError as error:
        return redirect(PATH, say=error.message, tone=Tone.BAD)
    return redirect(PATH, say="The time of the run is changed.")


@form(f"{PATH}/switch", role=Role.ADMIN)
def switch_run(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    schedules: NamedDependency[Schedules],
    data: URLEncodedBody[WhenForm],
) -> Html:
    """Switch the run by the clock on or off; by hand it can be started in any case."""
    with database.transaction(ctx.organization_id) as conn:
        schedules.update(conn, ctx, name=BILL_STOP.schedule, enabled=data.enabled)
    return redirect(PATH, say=f"The run by the clock is switched {'on' if data.enabled else 'off'}.")


class _Shown:
    """What the page shows around the form."""

    def __init__(self, conn: Connection, ctx: Context, schedules: Schedules, readers: Readers) -> None:
        self.source = _find(conn)
        self.schedule = schedules.get_schedule(conn, name=BILL_STOP.schedule)
        self._queries = list_queries(readers.home)
        self._files = readers.list_files(ctx.organization_id)

    @property
    def kind(self) -> SourceKind:
        """The kind of the source that there is, else what most will want."""
        return self.source.kind if self.source else SourceKind.POSTGRESQL

    def filled(self, kind: SourceKind) -> SourceForm:
        """The form of a kind: as it is kept, or anew with what all kinds share."""
        if self.source is None:
            return SourceForm(kind=kind, port=_PORTS.get(kind, ""))
        settings = self.source.settings
        words = {name: getattr(settings, name) for name in SourceSettings.__struct_fields__}
        if kind is not self.source.kind:
            words |= {"host": "", "port": _PORTS.get(kind, ""), "database": "", "file": "", "query": ""}
            words |= {"changes_query": "", "refresh": Refresh.FULL if kind is SourceKind.CSV else settings.refresh}
        words |= {name: str(words[name] or "") for name in _NUMBERS}
        return SourceForm(kind=kind, **{**words, "mails": "\n".join(settings.mails)})

    def answer(
        self,
        request: AnyRequest,
        data: SourceForm,
        *,
        faults: Mapping[str, str] | None = None,
        found: Probe | None = None,
        refusal: str = "",
    ) -> Html:
        """The page; 400 when the form or the test was refused."""
        is_kept = self.source is not None and self.source.kind is data.kind and self.source.sealed is not None
        shown = {
            "source": self.source,
            "schedule": self.schedule,
            "data": data,
            "kinds": [(kind.value, label) for kind, label in _KINDS.items()],
            "kind_name": _KINDS[data.kind],
            "kept_name": _KINDS[self.source.kind] if self.source else "",
            "has_server": data.kind in _PORTS,
            "has_credentials": is_kept,
            "queries": self._queries,
            "files": self._files,
            "data_set": BILL_STOP,
            "faults": faults or {},
            "found": found,
            "refusal": refusal,
        }
        return render(request, "billing_stops/source.html", shown, status=400 if faults or refusal else 200)


def _find(conn: Connection) -> Source | None:
    try:
        return service.get_source(conn, data_set=BILL_STOP)
    except NoSource:
        return None


def _credentials(data: SourceForm) -> dict[str, str] | None:
    """What was typed; None leaves those that are kept.

    Raises:
        Invalid: a password without a user.
    """
    if data.kind not in _PORTS or not (data.user or data.password):
        return None
    if not data.user:
        raise Invalid("The user is missing.", errors=[FieldError("/user", "must be given with a password")])
    return {"user": data.user, "password": data.password}


def _settings(data: SourceForm) -> SourceSettings:
    """Of the fields those that the kind has.

    Raises:
        Invalid: what must be a whole number is none.
    """
    words: dict[str, Any] = {name: getattr(data, name) for name in SourceSettings.__struct_fields__}
    if data.kind not in _PORTS:
        words |= {"host": "", "port": "0", "database": ""}
    if data.kind is SourceKind.CSV:
        words |= {"query": "", "changes_query": "", "refresh": Refresh.FULL}
    else:
        words |= {"file": ""}
    numbers = {name: _whole(name, words[name]) for name in _NUMBERS}
    texts = {name: words[name].strip() for name in ("host", "database", "file", "query", "changes_query")}
    return SourceSettings(**{**words, **texts, **numbers, "mails": tuple(data.mails.replace(",", " ").split())})


def _whole(name: str, text: str) -> int:
    if not text.strip():
        return 0
    try:
        return int(text)
    except ValueError:
        fault = FieldError(f"/{camel(name)}", "must be a whole number")
        raise Invalid("That is no whole number.", errors=[fault]) from None


SOURCE_PAGES: Final[tuple[Any, ...]] = (source_page, save_source, test_source, change_time, switch_run)
