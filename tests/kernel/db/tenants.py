"""One row of every table that belongs to an organization, so that the walls have something to hide."""

from tests.factories import Organization
from tranche.kernel.db.pool import Connection

# In the order of the foreign keys. A new table needs a line here; a test says so.
_STATEMENTS = {
    "api_keys": "INSERT INTO api_keys (organization_id, id, user_id, name, prefix, key_hash, role) "
    "VALUES (%(id)s, %(id)s, %(user_id)s, 'Till', 'trn_ab', %(hash)s, 'viewer')",
    "audit_entries": "INSERT INTO audit_entries (organization_id, user_id, actor, action) "
    "VALUES (%(id)s, %(user_id)s, 'Ada', 'order.made')",
    "idempotency_keys": "INSERT INTO idempotency_keys (organization_id, caller, key, fingerprint, status) "
    "VALUES (%(id)s, 'user:1', 'k', 'f', 200)",
    "files": "INSERT INTO files (organization_id, sha256, size) VALUES (%(id)s, %(hash)s, 10)",
    "operations": "INSERT INTO operations (organization_id, id, uuid, kind, phase, total, created_by) "
    "VALUES (%(id)s, %(id)s, gen_random_uuid(), 'import', 'stage', 1, %(user_id)s)",
    "operation_items": "INSERT INTO operation_items (organization_id, operation_id, position, stage) "
    "VALUES (%(id)s, %(id)s, 1, 'only')",
    "operation_claims": "INSERT INTO operation_claims (organization_id, operation_id, phase, low, high) "
    "VALUES (%(id)s, %(id)s, 'stage', 1, 1)",
    "operation_events": "INSERT INTO operation_events (organization_id, operation_id, event) "
    "VALUES (%(id)s, %(id)s, 'made')",
    "customers": "INSERT INTO customers (organization_id, id, name, name_folded) VALUES (%(id)s, %(id)s, 'Bo', 'bo')",
    "items": "INSERT INTO items (organization_id, id, name, name_folded) VALUES (%(id)s, %(id)s, 'Nut', 'nut')",
    "imports": "INSERT INTO imports (organization_id, id, target, sha256, file_name, file_size) "
    "VALUES (%(id)s, %(id)s, 'orders', %(hash)s, 'a.csv', 10)",
    "import_errors": "INSERT INTO import_errors (organization_id, import_id, row_number, severity, code, message) "
    "VALUES (%(id)s, %(id)s, 2, 'error', 'x', 'Row 2 is bad.')",
    "import_rows": "INSERT INTO import_rows (organization_id, import_id, row_number, cells) "
    "VALUES (%(id)s, %(id)s, 2, '{}')",
    "import_edits": "INSERT INTO import_edits (organization_id, import_id, row_number, field, new_value) "
    "VALUES (%(id)s, %(id)s, 2, 'notes', 'x')",
    "order_batches": "INSERT INTO order_batches (organization_id, id, import_id, user_id, file_name) "
    "VALUES (%(id)s, %(id)s, %(id)s, %(user_id)s, 'a.csv')",
    "orders": "INSERT INTO orders (organization_id, id, batch_id, number, customer_id, currency, line_count, total) "
    "VALUES (%(id)s, %(id)s, %(id)s, 'A-1', %(id)s, 'EUR', 1, 5)",
    "order_takeovers": "INSERT INTO order_takeovers (organization_id, order_id, from_batch_id, to_batch_id) "
    "VALUES (%(id)s, %(id)s, %(id)s, %(id)s)",
    "import_mappings": "INSERT INTO import_mappings (organization_id, target, fingerprint, header, columns) "
    "VALUES (%(id)s, 'order', %(hash)s, '[]', '{}')",
    "item_import_effects": "INSERT INTO item_import_effects (organization_id, import_id, item_id, effect, row_number) "
    "VALUES (%(id)s, %(id)s, %(id)s, 'created', 2)",
    "order_lines": "INSERT INTO order_lines (organization_id, order_id, line_number, item_id, quantity, unit_price, "
    "amount) VALUES (%(id)s, %(id)s, 1, %(id)s, 1, 5, 5)",
    "schedules": "INSERT INTO schedules (organization_id, id, name, kind, cron, zone, next_at) "
    "VALUES (%(id)s, %(id)s, 'nightly', 'x', '0 2 * * *', 'UTC', now())",
    "schedule_runs": "INSERT INTO schedule_runs (organization_id, schedule_id, planned_at, status) "
    "VALUES (%(id)s, %(id)s, now(), 'waiting')",
    "webhook_endpoints": "INSERT INTO webhook_endpoints (organization_id, id, url, event_types, salt, key_mark) "
    "VALUES (%(id)s, %(id)s, 'https://x.test', '{operation.completed}', %(hash)s, substr(%(hash)s, 1, 8))",
    "notifications": "INSERT INTO notifications (organization_id, id, channel, event, endpoint_id, destination, body) "
    "VALUES (%(id)s, %(id)s, 'webhook', 'operation.completed', %(id)s, 'https://x.test', '{}')",
    "notification_attempts": "INSERT INTO notification_attempts (organization_id, notification_id, duration_ms) "
    "VALUES (%(id)s, %(id)s, 1)",
}


def fill_every_table(owner: Connection, organization: Organization) -> None:
    """Give the organization a row in every table that is not filled with it; ids equal the organization's id."""
    values = {"id": organization.id, "user_id": organization.user_id, "hash": bytes([organization.id]) * 32}
    for statement in _STATEMENTS.values():
        owner.execute(statement.encode(), values)


def list_tenant_tables(owner: Connection) -> list[str]:
    """Every table with an organization in it, asked of the catalogue.

    Unlogged ones are the stages of imports, which stand before the walls; an architecture test names them.
    """
    rows = owner.execute("""
        SELECT c.relname AS name
        FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relpersistence = 'p'
          AND NOT c.relispartition
        ORDER BY c.relname
    """)
    return [row["name"] for row in rows]
