"""The lists of operations and of their items."""

from typing import Final

from tranche.kernel.db.listing import Column, Key, Kind, Listing
from tranche.kernel.operations.queries.items import COLUMNS as ITEM_COLUMNS
from tranche.kernel.operations.queries.operations import COLUMNS, STARTER

OPERATIONS: Final = Listing(
    name="operations",
    select=COLUMNS,
    source="operations o",
    counted="operations o",
    where="o.organization_id = current_organization()",
    filters={
        "kind": "o.kind = %(kind)s",
        "status": "o.status = %(status)s",
        "statuses": "o.status = ANY(%(statuses)s)",
        "running": "o.status IN ('pending', 'processing', 'cancelling', 'paused') = %(running)s",
        "created_by": "o.created_by = %(created_by)s",
        "since": "o.created_at >= %(since)s",
        "until": "o.created_at < %(until)s",
    },
    sorts={"id": (Key("o.id"),), "createdAt": (Key("o.created_at", "timestamptz"), Key("o.id"))},
    default_sort="-id",
    export=(
        Column("id", "o.id", Kind.NUMBER),
        Column("uuid", "o.uuid::text"),
        Column("kind", "o.kind"),
        Column("label", "o.label"),
        Column("dryRun", "coalesce(o.payload ->> 'dryRun', 'false')"),
        Column("status", "o.status"),
        Column("total", "o.total", Kind.NUMBER),
        Column("succeeded", "o.succeeded", Kind.NUMBER),
        Column("failed", "o.failed", Kind.NUMBER),
        Column("skipped", "o.skipped", Kind.NUMBER),
        Column("cancelled", "o.cancelled", Kind.NUMBER),
        Column("unknown", "o.unknown", Kind.NUMBER),
        Column("error", "o.error"),
        Column("createdBy", STARTER),
        Column("createdAt", "o.created_at", Kind.MOMENT),
        Column("startedAt", "o.started_at", Kind.MOMENT),
        Column("finishedAt", "o.finished_at", Kind.MOMENT),
    ),
)

ITEMS: Final = Listing(
    name="operation_items",
    select=ITEM_COLUMNS,
    source="operation_positions i",
    counted="operation_positions i",
    where="i.organization_id = current_organization()",
    filters={
        "operation_id": "i.operation_id = %(operation_id)s",
        "status": "i.status = %(status)s",
        "code": "i.error_code = %(code)s",
        "failures": "(i.status IN ('failed', 'unknown')) = %(failures)s",
    },
    sorts={"position": (Key("i.position"), Key("i.stage", "text"))},
    default_sort="position",
    export=(
        Column("position", "i.position", Kind.NUMBER),
        Column("stage", "i.stage"),
        Column("reference", "i.reference", Kind.NUMBER),
        Column("label", "i.label"),
        Column("status", "i.status"),
        Column("attempts", "i.attempts", Kind.NUMBER),
        Column("code", "i.error_code"),
        Column("message", "i.error"),
        Column("updatedAt", "i.updated_at", Kind.MOMENT),
    ),
)
