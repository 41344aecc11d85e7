"""Who is told what: operators by alert, the people named in the settings by mail; numbers, never a customer."""

from datetime import UTC, datetime, timedelta

from tranche.billing_stops.datasets import DataSet
from tranche.billing_stops.domain import Snapshot, SnapshotStatus
from tranche.billing_stops.queries import snapshots, sources
from tranche.kernel.db.pool import Connection
from tranche.kernel.notify import service as notify
from tranche.kernel.text import plural

_PAGE = "/bill-stop"
_HOUR = 3_600


def tell_end(conn: Connection, data_set: DataSet, *, organization_id: int, snapshot_id: int) -> None:
    """A run has ended: mails either way, an alert when it completed. Of a failed operation the engine itself alerts."""
    snapshot = snapshots.find_snapshot(conn, data_set=data_set.name, snapshot_id=snapshot_id)
    if snapshot is None:
        return
    subject = f"{data_set.title} {snapshot.id} {snapshot.status}"
    _mail(conn, data_set, event=f"{data_set.name}.{snapshot.status}", subject=subject, text=sentence(snapshot))
    if snapshot.status is SnapshotStatus.COMPLETED:
        text = f"{data_set.title} {snapshot.id} of organization {organization_id}: {sentence(snapshot)}"
        notify.alert(conn, event=f"{data_set.name}.completed", text=text)


def tell_age(conn: Connection, data_set: DataSet, *, organization_id: int) -> bool:
    """Alert, once for each published snapshot, when it has become older than the settings allow; whether it did."""
    source = sources.find_source(conn, data_set=data_set.name)
    published = snapshots.find_published(conn, data_set=data_set.name)
    if source is None or published is None or not is_old(published, hours=source.settings.max_age_hours):
        return False
    if not sources.mark_old(conn, data_set=data_set.name):
        return False
    hours = plural(round(age(published).total_seconds() / _HOUR), "hour")
    text = f"The data of {published.batch_date:%Y-%m-%d} are {hours} old; no later run has completed."
    _mail(conn, data_set, event=f"{data_set.name}.old", subject=f"{data_set.title}: old data", text=text)
    about = f"{data_set.title} of organization {organization_id}: {text}"
    notify.alert(conn, event=f"{data_set.name}.old", text=about)
    return True


def age(snapshot: Snapshot) -> timedelta:
    """How long ago the data were read."""
    return datetime.now(UTC) - (snapshot.as_of or snapshot.started_at)


def is_old(snapshot: Snapshot, *, hours: int) -> bool:
    """Whether the data are older than that."""
    return age(snapshot) > timedelta(hours=hours)


def sentence(snapshot: Snapshot) -> str:
    """What became of a run."""
    if snapshot.status is SnapshotStatus.FAILED:
        return f"failed: {snapshot.error}"
    if snapshot.finished_at is None:
        return "runs"
    seconds = (snapshot.finished_at - snapshot.started_at).total_seconds()
    totals = snapshot.totals or {}
    return (
        f"completed in {seconds:,.0f} s: {snapshot.details_count:,} CPC customers under {snapshot.summary_count:,} CRP "
        f"accounts, {totals.get('bill_stop_count', 0):,} with bill stop."
    )


def _mail(conn: Connection, data_set: DataSet, *, event: str, subject: str, text: str) -> None:
    source = sources.find_source(conn, data_set=data_set.name)
    for address in source.settings.mails if source else ():
        notify.put_mail(conn, event=event, address=address, name="", subject=subject, text=text, link=_PAGE)
