"""What readers ask of one snapshot: pages of its summary and of its details, by keyset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from tranche.kernel.db.pool import Connection
from tranche.kernel.text import after_prefix


@dataclass(frozen=True, slots=True)
class DetailRow:
    """One CPC customer under its CRP."""

    crp_account_no: str
    cpc_customer_no: str
    customer_name: str | None
    address: str | None
    last_bill_date: date | None
    billing_status: str
    current_balance: Decimal | None
    batch_date: date
    balance_minor: int
    bill_day: str


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One CRP account."""

    crp_account_no: str
    total_cpc_count: int
    bill_stop_count: int
    active_billing_count: int
    bill_stop_percentage: Decimal
    bill_stop_balance: Decimal
    total_balance: Decimal
    batch_date: date


@dataclass(frozen=True, slots=True)
class Order:
    """A sort that an index serves: its ORDER BY, the columns of its cursor, and what stands behind a cursor."""

    by: str
    columns: tuple[str, ...]
    behind: str


DETAIL_ORDERS: Final[Mapping[str, Order]] = {
    "crp_account_no": Order(
        "d.crp_account_no, d.cpc_customer_no",
        ("crp_account_no", "cpc_customer_no"),
        "(d.crp_account_no, d.cpc_customer_no) > (%(a0)s::varchar, %(a1)s::varchar)",
    ),
    "cpc_customer_no": Order(
        "d.cpc_customer_no, d.crp_account_no",
        ("cpc_customer_no", "crp_account_no"),
        "(d.cpc_customer_no, d.crp_account_no) > (%(a0)s::varchar, %(a1)s::varchar)",
    ),
    "current_balance": Order(
        "d.balance_minor DESC, d.crp_account_no, d.cpc_customer_no",
        ("balance_minor", "crp_account_no", "cpc_customer_no"),
        "d.balance_minor <= %(a0)s::bigint AND (d.balance_minor < %(a0)s::bigint "
        "OR (d.crp_account_no, d.cpc_customer_no) > (%(a1)s::varchar, %(a2)s::varchar))",
    ),
    "last_bill_date": Order(
        "d.bill_day, d.crp_account_no, d.cpc_customer_no",
        ("bill_day", "crp_account_no", "cpc_customer_no"),
        "(d.bill_day, d.crp_account_no, d.cpc_customer_no) > (%(a0)s::date, %(a1)s::varchar, %(a2)s::varchar)",
    ),
}
SUMMARY_ORDERS: Final[Mapping[str, Order]] = {
    "bill_stop_count": Order(
        "s.bill_stop_count DESC, s.crp_account_no",
        ("bill_stop_count", "crp_account_no"),
        "s.bill_stop_count <= %(a0)s::integer AND (s.bill_stop_count < %(a0)s::integer "
        "OR s.crp_account_no > %(a1)s::varchar)",
    ),
    "crp_account_no": Order("s.crp_account_no", ("crp_account_no",), "s.crp_account_no > %(a0)s::varchar"),
}
_EVERYTHING: Final = "true"
_MOST_COUNTED: Final = 10_000

_DETAIL_FILTERS: Final = """
    d.organization_id = current_organization() AND d.snapshot_id = %(id)s
    AND (%(crp)s::varchar IS NULL OR d.crp_account_no = %(crp)s::varchar)
    AND (%(low)s::varchar IS NULL OR d.cpc_customer_no >= %(low)s::varchar AND d.cpc_customer_no < %(high)s::varchar)
"""


def list_details(
    conn: Connection,
    *,
    snapshot_id: int,
    batch_date: date,
    statuses: Sequence[str],
    crp: str | None,
    search: str | None,
    order: Order,
    after: Sequence[Any] | None,
    limit: int,
) -> list[DetailRow]:
    """Rows behind `after`. Each status is read through an index of its own order, and the two are merged."""
    rows = conn.execute(
        f"""
        SELECT d.crp_account_no, d.cpc_customer_no, d.customer_name, d.address, d.last_bill_date, d.billing_status,
            d.current_balance, %(batch_date)s::date AS batch_date, d.balance_minor, d.bill_day::text AS bill_day
        FROM unnest(%(statuses)s::varchar[]) AS t (status)
        CROSS JOIN LATERAL (
            SELECT d.* FROM bill_stop_detail_rows d
            WHERE d.billing_status = t.status AND {_DETAIL_FILTERS}
              AND {order.behind if after else _EVERYTHING}
            ORDER BY {order.by} LIMIT %(limit)s
        ) AS d
        ORDER BY {order.by} LIMIT %(limit)s
        """,
        {
            "id": snapshot_id,
            "batch_date": batch_date,
            "statuses": list(statuses),
            "limit": limit,
            **_filters(crp, search),
            **_after(after),
        },
    ).fetchall()
    return [DetailRow(**row) for row in rows]


def count_found(
    conn: Connection, *, snapshot_id: int, statuses: Sequence[str], crp: str | None, search: str | None
) -> tuple[int, bool]:
    """How many details a search finds, at most 10,000, and whether there are more."""
    (row,) = conn.execute(
        f"""
        SELECT count(*) AS n FROM (
            SELECT FROM bill_stop_detail_rows d
            WHERE d.billing_status = ANY (%(statuses)s::varchar[]) AND {_DETAIL_FILTERS} LIMIT %(most)s
        ) AS found
        """,
        {"id": snapshot_id, "statuses": list(statuses), "most": _MOST_COUNTED + 1, **_filters(crp, search)},
    ).fetchall()
    return min(row["n"], _MOST_COUNTED), row["n"] > _MOST_COUNTED


def list_summary(
    conn: Connection, *, snapshot_id: int, batch_date: date, order: Order, after: Sequence[Any] | None, limit: int
) -> list[SummaryRow]:
    """CRP accounts behind `after`."""
    rows = conn.execute(
        f"""
        SELECT s.crp_account_no, s.total_cpc_count, s.bill_stop_count, s.active_billing_count,
            s.bill_stop_percentage, s.bill_stop_balance, s.total_balance, %(batch_date)s::date AS batch_date
        FROM bill_stop_summary_rows s
        WHERE s.organization_id = current_organization() AND s.snapshot_id = %(id)s
          AND {order.behind if after else _EVERYTHING}
        ORDER BY {order.by} LIMIT %(limit)s
        """,
        {"id": snapshot_id, "batch_date": batch_date, "limit": limit, **_after(after)},
    ).fetchall()
    return [SummaryRow(**row) for row in rows]


def find_group(conn: Connection, *, snapshot_id: int, batch_date: date, crp: str) -> SummaryRow | None:
    """One CRP account."""
    row = conn.execute(
        """
        SELECT s.crp_account_no, s.total_cpc_count, s.bill_stop_count, s.active_billing_count,
            s.bill_stop_percentage, s.bill_stop_balance, s.total_balance, %(batch_date)s::date AS batch_date
        FROM bill_stop_summary_rows s
        WHERE s.organization_id = current_organization() AND s.snapshot_id = %(id)s
          AND s.crp_account_no = %(crp)s::varchar
        """,
        {"id": snapshot_id, "batch_date": batch_date, "crp": crp},
    ).fetchone()
    return SummaryRow(**row) if row else None


def _filters(crp: str | None, search: str | None) -> dict[str, Any]:
    return {"crp": crp, "low": search, "high": after_prefix(search) if search else None}


def _after(after: Sequence[Any] | None) -> dict[str, Any]:
    return {f"a{number}": value for number, value in enumerate(after or ())}
