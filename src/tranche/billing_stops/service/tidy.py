"""Keeping less: parts of old snapshots are dropped, never the published one, never in the way of readers for long."""

from tranche.billing_stops.bill_stop import BILL_STOP
from tranche.billing_stops.domain import SourceSettings
from tranche.billing_stops.queries import parts, snapshots, sources
from tranche.kernel.db.pool import Connection


def drop_old(conn: Connection, *, data_set: str, most: int) -> int:
    """Drop up to `most` parts beyond what the settings keep; how many it were.

    One that somebody is reading stays until the next run or the next night.
    """
    source = sources.find_source(conn, data_set=data_set)
    settings = source.settings if source else SourceSettings()
    dropped = 0
    for part, keep in ((parts.DETAIL, settings.keep_details), (parts.SUMMARY, settings.keep_summaries)):
        for snapshot_id in snapshots.list_droppable(conn, data_set=data_set, part=part, keep=keep, most=most - dropped):
            if parts.drop_part(conn, snapshot_id=snapshot_id, part=part):
                snapshots.mark_dropped(conn, snapshot_id=snapshot_id, part=part)
                dropped += 1
    return dropped


def drop_left(conn: Connection, *, data_set: str, most: int) -> None:
    """Drop what runs that failed could not drop themselves."""
    for snapshot_id in snapshots.list_left(conn, data_set=data_set, most=most):
        for part in (parts.DETAIL, parts.SUMMARY):
            parts.drop_part(conn, snapshot_id=snapshot_id, part=part)


def prune(conn: Connection, *, organization_id: int, most: int) -> int:
    """For the nightly retention."""
    del organization_id
    drop_left(conn, data_set=BILL_STOP.name, most=most)
    return drop_old(conn, data_set=BILL_STOP.name, most=most)
