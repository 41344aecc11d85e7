"""The list of addresses that nothing is sent to."""

from collections.abc import Sequence

from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.text import after_prefix
from tranche.messaging.domain import Channel, Suppression, SuppressionNotFound, clean_address
from tranche.messaging.queries import suppressions as queries


def list_suppressions(
    conn: Connection, *, channel: Channel | None, search: str | None, limit: int, offset: int
) -> tuple[list[Suppression], int]:
    """A page of suppressed addresses, by the beginning of the address, and how many match."""
    high = after_prefix(search) if search else None
    rows = queries.list_suppressions(
        conn, channel=channel, search=search or None, high=high, limit=limit, offset=offset
    )
    found = [Suppression(**{**row, "channel": Channel(row["channel"])}) for row in rows]
    return found, queries.count_suppressions(conn, channel=channel, search=search or None, high=high)


def list_suppressed(conn: Connection, *, channel: Channel, addresses: Sequence[str]) -> dict[str, str]:
    """Those of the addresses, as `clean_address` gives them, that nothing may be sent to, with the reasons."""
    return queries.list_suppressed(conn, channel=channel, addresses=addresses)


def find_suppression(conn: Connection, *, channel: Channel, address: str) -> Suppression | None:
    """Why nothing is sent to an address, None where it may be."""
    row = queries.find_suppression(conn, channel=channel, address=address)
    return Suppression(**{**row, "channel": Channel(row["channel"])}) if row else None


def suppress(conn: Connection, ctx: Context, *, channel: Channel, address: str, reason: str) -> Suppression:
    """Send nothing more to an address; one that is on the list keeps its reason.

    Raises:
        Invalid: it is no address of this channel.
    """
    clean = clean_address(channel, address)
    queries.insert_suppression(
        conn, channel=channel, address=clean, reason=reason, message_id=None, user_id=ctx.user_id
    )
    audit.record(conn, ctx, action="message_suppression.create", subject_id=None, detail={"channel": channel.value})
    found = find_suppression(conn, channel=channel, address=clean)
    if found is None:
        raise SuppressionNotFound("The address was taken off the list at the same moment.")
    return found


def unsuppress(conn: Connection, ctx: Context, *, channel: Channel, address: str) -> None:
    """Take an address off the list.

    Raises:
        SuppressionNotFound
    """
    if not queries.delete_suppression(conn, channel=channel, address=address):
        raise SuppressionNotFound("This address is not on the list.")
    audit.record(conn, ctx, action="message_suppression.delete", subject_id=None, detail={"channel": channel.value})
