"""The details of a snapshot as a file: what `kernel.db.listing` needs to know of them."""

from typing import Final

from tranche.kernel.db.listing import Column, Key, Kind, Listing

# One snapshot has one date, so that it is looked up once and not for each row.
_BATCH_DATE: Final = (
    "SELECT s.batch_date FROM snapshots s WHERE s.organization_id = current_organization() AND s.id = %(snapshot_id)s"
)

EXPORT: Final = Listing(
    name="bill_stop_details",
    select="d.crp_account_no, d.cpc_customer_no",
    source="bill_stop_detail_rows d",
    counted="bill_stop_detail_rows d",
    where="d.organization_id = current_organization()",
    filters={
        "snapshot_id": "d.snapshot_id = %(snapshot_id)s",
        "statuses": "d.billing_status = ANY (%(statuses)s::varchar[])",
        "crp": "d.crp_account_no = %(crp)s::varchar",
        "search": "d.cpc_customer_no >= %(search_low)s::varchar AND d.cpc_customer_no < %(search_high)s::varchar",
    },
    sorts={"key": (Key("d.crp_account_no", "text"), Key("d.cpc_customer_no", "text"))},
    default_sort="key",
    export=(
        Column("crp_account_no", "d.crp_account_no"),
        Column("cpc_customer_no", "d.cpc_customer_no"),
        Column("customer_name", "d.customer_name"),
        Column("address", "d.address"),
        Column("last_bill_date", "d.last_bill_date", Kind.PLAIN),
        Column("billing_status", "d.billing_status", Kind.PLAIN),
        Column("current_balance", "d.current_balance", Kind.NUMBER),
        Column("batch_date", f"({_BATCH_DATE})", Kind.PLAIN),
    ),
)
