"""The lists of orders and of order batches. Orders of a deleted batch are hidden at once."""

from typing import Final

from tranche.kernel.db.listing import ZONE, Column, Key, Kind, Listing

ORDERS: Final = Listing(
    name="orders",
    select=f"""
        o.id, o.batch_id, o.number, o.customer_id, c.code AS customer_code, c.name AS customer_name, o.kind, o.status,
        o.order_date, (o.order_date AT TIME ZONE {ZONE})::date AS order_day, o.currency, o.line_count, o.total,
        o.notes, o.created_at, o.updated_at
    """,
    source="orders o JOIN customers c ON c.organization_id = o.organization_id AND c.id = o.customer_id",
    counted="orders o",
    where="""
        o.organization_id = current_organization()
        AND NOT EXISTS (
            SELECT FROM order_batches b
            WHERE b.organization_id = o.organization_id AND b.id = o.batch_id AND b.deleted_at IS NOT NULL
        )
    """,
    filters={
        "batch_id": "o.batch_id = %(batch_id)s",
        "customer_id": "o.customer_id = %(customer_id)s",
        "status": "o.status = %(status)s",
        "kind": "o.kind = %(kind)s",
        "currency": "o.currency = %(currency)s",
        "search": "o.number >= %(search_low)s AND o.number < %(search_high)s",
        "since": "o.date_sort >= %(since)s",
        "until": "o.date_sort < %(until)s",
        "least": "o.total_sort >= %(least)s",
        "most": "o.total_sort <= %(most)s",
    },
    sorts={
        "id": (Key("o.id"),),
        "orderId": (Key("o.number", "text"),),
        "orderDate": (Key("o.date_sort", "timestamptz"), Key("o.id")),
        "total": (Key("o.total_sort"), Key("o.id")),
    },
    default_sort="id",
    export=(
        Column("id", "o.id", Kind.NUMBER),
        Column("orderId", "o.number"),
        Column("batchId", "o.batch_id", Kind.NUMBER),
        Column("customerCode", "c.code"),
        Column("customerName", "c.name"),
        Column("kind", "o.kind"),
        Column("status", "o.status"),
        Column("orderDate", "o.order_date", Kind.MOMENT),
        Column("currency", "o.currency"),
        Column("lineCount", "o.line_count", Kind.NUMBER),
        Column("total", "o.total", Kind.NUMBER),
        Column("notes", "o.notes"),
        Column("createdAt", "o.created_at", Kind.MOMENT),
    ),
)

BATCHES: Final = Listing(
    name="order_batches",
    select="""
        b.id, b.import_id, b.operation_id, b.user_id, u.name AS user_name, u.email AS user_email, b.file_name,
        b.file_size, b.status, c.total_orders, c.successful_orders, c.failed_orders, c.skipped_orders,
        b.error_count, b.warning_count, b.failure, b.imported_at, b.completed_at,
        b.undo_operation_id, b.undone_orders, b.kept_orders, b.undone_at
    """,
    source="""
        order_batches b
        JOIN order_batch_counts c ON c.organization_id = b.organization_id AND c.id = b.id
        JOIN users u ON u.organization_id = b.organization_id AND u.id = b.user_id
    """,
    counted="order_batches b",
    where="b.organization_id = current_organization() AND b.deleted_at IS NULL",
    filters={
        "status": "b.status = %(status)s",
        "since": "b.imported_at >= %(since)s",
        "until": "b.imported_at < %(until)s",
    },
    sorts={"id": (Key("b.id"),), "importedAt": (Key("b.imported_at", "timestamptz"), Key("b.id"))},
    default_sort="-id",
    export=(
        Column("id", "b.id", Kind.NUMBER),
        Column("fileName", "b.file_name"),
        Column("status", "b.status"),
        Column("totalOrders", "c.total_orders", Kind.NUMBER),
        Column("successfulOrders", "c.successful_orders", Kind.NUMBER),
        Column("failedOrders", "c.failed_orders", Kind.NUMBER),
        Column("skippedOrders", "c.skipped_orders", Kind.NUMBER),
        Column("errorCount", "b.error_count", Kind.NUMBER),
        Column("warningCount", "b.warning_count", Kind.NUMBER),
        Column("undoneOrders", "b.undone_orders", Kind.NUMBER),
        Column("failure", "b.failure"),
        Column("user", "u.name"),
        Column("importedAt", "b.imported_at", Kind.MOMENT),
        Column("completedAt", "b.completed_at", Kind.MOMENT),
    ),
)
