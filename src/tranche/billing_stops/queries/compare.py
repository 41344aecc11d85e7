"""Two snapshots side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import psycopg

from tranche.billing_stops.bill_stop import ACTIVE, ISSUE
from tranche.billing_stops.domain import Changes
from tranche.kernel.db.pool import Connection

_KEY: Final = "crp_account_no, cpc_customer_no"


@dataclass(frozen=True, slots=True)
class Movement:
    """What became of one customer; the earlier or the later side is empty where it was not there."""

    crp_account_no: str
    cpc_customer_no: str
    customer_name: str | None
    billing_status_before: str | None
    billing_status_after: str | None
    balance_before: Decimal | None
    balance_after: Decimal | None


# Each reads one side in the order of the key, through an index, and looks the other side up by its primary key.
_SIDES: Final[Mapping[str, str]] = {
    "new": f"b.billing_status = '{ISSUE}' AND coalesce(a.billing_status, '') <> '{ISSUE}'",
    "moved": "a.snapshot_id IS NOT NULL AND a.current_balance IS DISTINCT FROM b.current_balance",
    "resolved": f"a.billing_status = '{ISSUE}' AND b.billing_status = '{ACTIVE}'",
    "gone": "b.snapshot_id IS NULL",
}
MOVEMENTS: Final = tuple(_SIDES)
_FROM_LATER: Final = frozenset({"new", "moved"})


def count_changes(conn: Connection, *, base_id: int, snapshot_id: int) -> Changes:
    """Everybody of both snapshots, in one pass over each."""
    (row,) = conn.execute(
        f"""
        SELECT
            count(*) FILTER (WHERE b.billing_status = '{ISSUE}' AND coalesce(a.billing_status, '') <> '{ISSUE}')
                AS new_stops,
            count(*) FILTER (WHERE a.billing_status = '{ISSUE}' AND b.billing_status = '{ACTIVE}') AS resolved,
            count(*) FILTER (WHERE b.billing_status IS NULL) AS gone,
            coalesce(sum(coalesce(b.current_balance, 0) - coalesce(a.current_balance, 0))
                FILTER (WHERE a.billing_status IS NOT NULL AND b.billing_status IS NOT NULL), 0) AS balance_moved
        FROM (
            SELECT {_KEY}, billing_status, current_balance FROM bill_stop_detail_rows
            WHERE organization_id = current_organization() AND snapshot_id = %(base_id)s
        ) AS a
        FULL JOIN (
            SELECT {_KEY}, billing_status, current_balance FROM bill_stop_detail_rows
            WHERE organization_id = current_organization() AND snapshot_id = %(id)s
        ) AS b USING ({_KEY})
        """,
        {"base_id": base_id, "id": snapshot_id},
    ).fetchall()
    return Changes(base_id=base_id, **row)


def try_count_changes(conn: Connection, *, base_id: int, snapshot_id: int) -> Changes | None:
    """The same; None where it takes longer than the transaction's statements may."""
    try:
        with conn.transaction():
            return count_changes(conn, base_id=base_id, snapshot_id=snapshot_id)
    except psycopg.errors.QueryCanceled:
        return None


def list_movements(
    conn: Connection, *, base_id: int, snapshot_id: int, movement: str, after: Sequence[str] | None, limit: int
) -> list[Movement]:
    """Customers of one movement in the order of their key, behind `after`."""
    lead, other = ("b", "a") if movement in _FROM_LATER else ("a", "b")
    ids = {"a": "%(base_id)s", "b": "%(id)s"}
    status = "" if movement in {"moved", "gone"} else f"AND {lead}.billing_status = '{ISSUE}'"
    rows = conn.execute(
        f"""
        SELECT {lead}.crp_account_no, {lead}.cpc_customer_no, {lead}.customer_name,
            a.billing_status AS billing_status_before, b.billing_status AS billing_status_after,
            a.current_balance AS balance_before, b.current_balance AS balance_after
        FROM bill_stop_detail_rows {lead}
        LEFT JOIN bill_stop_detail_rows {other}
          ON {other}.organization_id = {lead}.organization_id AND {other}.snapshot_id = {ids[other]}
         AND {other}.crp_account_no = {lead}.crp_account_no AND {other}.cpc_customer_no = {lead}.cpc_customer_no
        WHERE {lead}.organization_id = current_organization() AND {lead}.snapshot_id = {ids[lead]} {status}
          AND {_SIDES[movement]}
          AND (%(crp)s::varchar IS NULL
            OR ({lead}.crp_account_no, {lead}.cpc_customer_no) > (%(crp)s::varchar, %(cpc)s::varchar))
        ORDER BY {lead}.crp_account_no, {lead}.cpc_customer_no
        LIMIT %(limit)s
        """,
        {
            "base_id": base_id,
            "id": snapshot_id,
            "crp": after[0] if after else None,
            "cpc": after[1] if after else None,
            "limit": limit,
        },
    ).fetchall()
    return [Movement(**row) for row in rows]
