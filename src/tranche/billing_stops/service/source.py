"""Setting a source up: its settings are shown, its credentials never."""

from tranche.billing_stops.datasets import DataSet
from tranche.billing_stops.domain import NoSource, Source, SourceKind, SourceSettings, check_settings
from tranche.billing_stops.queries import sources
from tranche.billing_stops.sources.making import PURPOSE
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import FieldError, Invalid
from tranche.kernel.secrets import SecretBox

_WITH_CREDENTIALS = frozenset({SourceKind.POSTGRESQL, SourceKind.ORACLE})


def get_source(conn: Connection, *, data_set: DataSet) -> Source:
    """How a data set is read.

    Raises:
        NoSource
    """
    source = sources.find_source(conn, data_set=data_set.name)
    if source is None:
        raise NoSource
    return source


def put_source(
    conn: Connection,
    ctx: Context,
    *,
    data_set: DataSet,
    kind: SourceKind,
    settings: SourceSettings,
    credentials: dict[str, str] | None,
    box: SecretBox,
) -> Source:
    """Set it up or replace it. Without `credentials` those that are there stay, as long as the place is the same.

    Raises:
        Invalid: names each field that cannot be taken.
    """
    check_settings(kind, settings)
    old = sources.find_source(conn, data_set=data_set.name)
    sealed = None
    if kind in _WITH_CREDENTIALS:
        sealed = _seal(ctx, old, kind=kind, settings=settings, credentials=credentials, box=box)
    elif credentials is not None:
        raise _refusal(f"must not be given for a source of the kind {kind}")
    source = sources.put_source(conn, data_set=data_set.name, kind=kind, settings=settings, sealed=sealed)
    audit.record(
        conn,
        ctx,
        action="snapshot.source",
        subject_id=None,
        detail={"dataSet": data_set.name, "kind": kind.value, "newCredentials": credentials is not None},
    )
    return source


def _seal(
    ctx: Context,
    old: Source | None,
    *,
    kind: SourceKind,
    settings: SourceSettings,
    credentials: dict[str, str] | None,
    box: SecretBox,
) -> bytes:
    if credentials is not None:
        return box.seal(credentials, organization_id=ctx.organization_id, purpose=PURPOSE)
    is_same = old is not None and (old.kind, old.settings.host, old.settings.port, old.settings.database) == (
        kind,
        settings.host,
        settings.port,
        settings.database,
    )
    if old is None or old.sealed is None or not is_same:
        # A stored password must not be sent to wherever somebody points the source now.
        raise _refusal("must be given with a new place")
    return old.sealed


def _refusal(detail: str) -> Invalid:
    return Invalid(f"user and password {detail}.", errors=[FieldError("/password", detail)])
