"""The wire contract of the analysis: snake_case as document 4 prints it."""

from datetime import UTC, date, datetime
from decimal import Decimal

from tranche.billing_stops.domain import Snapshot
from tranche.billing_stops.queries.pages import DetailRow, SummaryRow
from tranche.kernel.web.json import Out


class SummaryRowOut(Out, frozen=True, rename=None):
    """`bill_stop_summary`, and the balances that it does not name."""

    crp_account_no: str
    total_cpc_count: int
    bill_stop_count: int
    active_billing_count: int
    bill_stop_percentage: Decimal
    batch_date: date
    bill_stop_balance: Decimal
    total_balance: Decimal


class DetailRowOut(Out, frozen=True, rename=None):
    """`bill_stop_details`."""

    crp_account_no: str
    cpc_customer_no: str
    customer_name: str | None
    address: str | None
    last_bill_date: date | None
    billing_status: str
    current_balance: Decimal | None
    batch_date: date


class SummaryOut(Out, frozen=True, rename=None):
    """A page of CRP accounts; `next_cursor` leads to the next one."""

    rows: list[SummaryRowOut]
    total: int
    next_cursor: str | None


class DetailsOut(Out, frozen=True, rename=None):
    """A page of CPC customers; `is_total_capped` says that there are more than `total`."""

    rows: list[DetailRowOut]
    total: int
    is_total_capped: bool
    next_cursor: str | None


class TotalsOut(Out, frozen=True, rename=None):
    """The figures of the whole snapshot."""

    crp_count: int
    total_cpc_count: int
    bill_stop_count: int
    active_billing_count: int
    bill_stop_percentage: Decimal
    bill_stop_balance: Decimal
    total_balance: Decimal


class AnalysisOut(Out, frozen=True, rename=None):
    """GET /api/crp-cpc/bill-stop-analysis. All parts are of the one snapshot that is named."""

    snapshot_id: int
    batch_date: date
    last_update: datetime
    is_published: bool
    is_old: bool
    totals: TotalsOut
    summary: SummaryOut
    details: DetailsOut


def summary_row_out(row: SummaryRow) -> SummaryRowOut:
    """A row of the summary."""
    return SummaryRowOut(**{name: getattr(row, name) for name in SummaryRowOut.__struct_fields__})


def detail_row_out(row: DetailRow) -> DetailRowOut:
    """A row of the details."""
    return DetailRowOut(**{name: getattr(row, name) for name in DetailRowOut.__struct_fields__})


def totals_out(snapshot: Snapshot) -> TotalsOut:
    """The four cards, and the money."""
    totals = snapshot.totals or {}
    return TotalsOut(
        crp_count=snapshot.summary_count or 0,
        total_cpc_count=int(totals["total_cpc_count"]),
        bill_stop_count=int(totals["bill_stop_count"]),
        active_billing_count=int(totals["active_billing_count"]),
        bill_stop_percentage=totals["bill_stop_percentage"],
        bill_stop_balance=totals["bill_stop_balance"],
        total_balance=totals["total_balance"],
    )


def moment_of(snapshot: Snapshot) -> datetime:
    """Of when the data are: the source's own moment where it has one."""
    return (snapshot.as_of or snapshot.started_at).astimezone(UTC)
