"""The data set of document 4: every CPC customer under its CRP account, and whether billing has stopped."""

from typing import Final

from tranche.billing_stops.datasets import Column, DataSet, Kind, Measure, Threshold

ISSUE: Final = "Bill Stop Issue"
ACTIVE: Final = "Active Billing"

BILL_STOP: Final = DataSet(
    name="bill_stop",
    title="Bill Stop Batch",
    query="crp_cpc_bill_stop_full.sql",
    changes_query="crp_cpc_bill_stop_changes.sql",
    columns=(
        Column(name="crp_account_no", is_required=True),
        Column(name="cpc_customer_no", is_required=True),
        Column(name="customer_name"),
        Column(name="address"),
        Column(name="last_bill_date", kind=Kind.DATE),
        Column(name="billing_status", is_required=True),
        Column(name="current_balance", kind=Kind.MONEY),
    ),
    key=("crp_account_no", "cpc_customer_no"),
    group_by="crp_account_no",
    rule=Threshold(column="billing_status", of="last_bill_date", met=ACTIVE, missed=ISSUE),
    measures=(
        Measure(name="total_cpc_count", sql="count(*)", total="sum(s.total_cpc_count)"),
        Measure(
            name="bill_stop_count",
            sql=f"count(*) FILTER (WHERE d.billing_status = '{ISSUE}')",
            total="sum(s.bill_stop_count)",
        ),
        Measure(
            name="active_billing_count",
            sql=f"count(*) FILTER (WHERE d.billing_status = '{ACTIVE}')",
            total="sum(s.active_billing_count)",
        ),
        Measure(
            name="bill_stop_percentage",
            sql=f"round(100.0 * count(*) FILTER (WHERE d.billing_status = '{ISSUE}') / count(*), 2)",
            total="round(100.0 * sum(s.bill_stop_count) / sum(s.total_cpc_count), 2)",
        ),
        Measure(
            name="bill_stop_balance",
            sql=f"coalesce(sum(d.current_balance) FILTER (WHERE d.billing_status = '{ISSUE}'), 0)",
            total="sum(s.bill_stop_balance)",
        ),
        Measure(name="total_balance", sql="coalesce(sum(d.current_balance), 0)", total="sum(s.total_balance)"),
    ),
    schedule="bill-stop-batch",
)
