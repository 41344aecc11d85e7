"""One row of every table that belongs to an organization, so that the walls have something to hide."""

from tests.factories import Organization
from tranche.kernel.db.pool import Connection

_SUM = "SELECT count(*) AS n, sum(hashtext(t::text)) AS marks FROM {table} t WHERE organization_id = %(id)s"

# In the order of the foreign keys. A new table needs a line here; a test says so.
_STATEMENTS = {
    "api_keys": "INSERT INTO api_keys (organization_id, id, user_id, name, prefix, key_hash, role) "
    "VALUES (%(id)s, %(id)s, %(user_id)s, 'Till', 'trn_ab', %(hash)s, 'viewer')",
    "sessions": "INSERT INTO sessions (organization_id, user_id, token_hash, expires_at) "
    "VALUES (%(id)s, %(user_id)s, %(hash)s, now())",
    "entry_links": "INSERT INTO entry_links (organization_id, user_id, purpose, token_hash, expires_at) "
    "VALUES (%(id)s, %(user_id)s, 'reset', %(hash)s, now())",
    "audit_entries": "INSERT INTO audit_entries (organization_id, user_id, actor, action) "
    "VALUES (%(id)s, %(user_id)s, 'Ada', 'order.made')",
    "audit_seals": "INSERT INTO audit_seals (organization_id, number, until, entries, hash) "
    "VALUES (%(id)s, 1, now(), 1, %(hash)s)",
    "idempotency_keys": "INSERT INTO idempotency_keys (organization_id, caller, key, fingerprint, status) "
    "VALUES (%(id)s, 'user:1', 'k', 'f', 200)",
    "files": "INSERT INTO files (organization_id, sha256, size) VALUES (%(id)s, %(hash)s, 10)",
    "operations": "INSERT INTO operations (organization_id, id, uuid, kind, phase, total, created_by) "
    "VALUES (%(id)s, %(id)s, gen_random_uuid(), 'import', 'stage', 1, %(user_id)s)",
    "operation_items": "INSERT INTO operation_items (organization_id, operation_id, position, stage) "
    "VALUES (%(id)s, %(id)s, 1, 'only')",
    "operation_blocks": "INSERT INTO operation_blocks (organization_id, operation_id, stage, first, refs, labels) "
    "VALUES (%(id)s, %(id)s, 'only', 2, '{7}', '{A-7}')",
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
    "lots": "INSERT INTO lots (organization_id, id, item_id, number) VALUES (%(id)s, %(id)s, %(id)s, 'L-1')",
    "lot_numbers": "INSERT INTO lot_numbers (organization_id, last) VALUES (%(id)s, 1)",
    "lot_movements, and by them lot_balances": "INSERT INTO lot_movements (organization_id, operation_group_id, kind, "
    "item_id, to_lot_id, to_branch_id, quantity) "
    "VALUES (%(id)s, gen_random_uuid(), 'receive', %(id)s, %(id)s, %(branch_id)s, 5)",
    "stock_import_effects": "INSERT INTO stock_import_effects (organization_id, import_id, row_number, lot_id) "
    "VALUES (%(id)s, %(id)s, 2, %(id)s)",
    "invoice_settings": "INSERT INTO invoice_settings (organization_id) VALUES (%(id)s)",
    "invoice_designs": "INSERT INTO invoice_designs (organization_id, accent) VALUES (%(id)s, '#112233')",
    "invoice_imprints": "INSERT INTO invoice_imprints (organization_id, id, digest, content) "
    "VALUES (%(id)s, %(id)s, %(hash)s, '{}')",
    "invoice_counters": "INSERT INTO invoice_counters (organization_id, series, year, last_number) "
    "VALUES (%(id)s, 'INV', 2026, 1)",
    "invoices": "INSERT INTO invoices (organization_id, id, series, year, sequence, number, invoice_date, due_date, "
    "currency, customer_id, buyer_name, imprint_id, line_count, net, tax, total, total_minor) VALUES (%(id)s, %(id)s, "
    "'INV', 2026, 1, 'INV-2026-1', '2026-11-28', '2026-12-28', 'EUR', %(id)s, 'Bo', %(id)s, 1, 5, 0, 5, 500)",
    "invoice_lines": "INSERT INTO invoice_lines (organization_id, invoice_id, line_number, quantity, unit_price, "
    "tax_rate, net, tax) VALUES (%(id)s, %(id)s, 1, 1, 5, 0, 5, 0)",
    "invoice_files": "INSERT INTO invoice_files (organization_id, invoice_id, data_hash, template_id, "
    "template_version, sha256, size, pages) VALUES (%(id)s, %(id)s, %(hash)s, 'plain', 1, %(hash)s, 10, 1)",
    "order_selections": "INSERT INTO order_selections (organization_id, id, filter, order_ids) "
    "VALUES (%(id)s, %(id)s, '{}', '{1}')",
    "operation_invoices": "INSERT INTO operation_invoices (organization_id, operation_id, position, invoice_id, "
    "data_hash) VALUES (%(id)s, %(id)s, 1, %(id)s, %(hash)s)",
    "operation_files": "INSERT INTO operation_files (organization_id, operation_id, name, kind, media_type, sha256, "
    "size) VALUES (%(id)s, %(id)s, 'all.pdf', 'combined', 'application/pdf', %(hash)s, 10)",
    "snapshot_sources": "INSERT INTO snapshot_sources (organization_id, data_set, kind) "
    "VALUES (%(id)s, 'bill_stop', 'sample')",
    "snapshots": "INSERT INTO snapshots (organization_id, id, data_set, batch_date) "
    "VALUES (%(id)s, %(id)s, 'bill_stop', '2026-11-28')",
    "the partitions of the next two": "SELECT set_config('app.organization_id', %(id)s::text, true), "
    "open_snapshot_part(%(id)s, part), attach_snapshot_part(%(id)s, part) "
    "FROM unnest('{detail,summary}'::text[]) AS part",
    "bill_stop_detail_rows": "INSERT INTO bill_stop_detail_rows (organization_id, snapshot_id, crp_account_no, "
    "cpc_customer_no, billing_status) VALUES (%(id)s, %(id)s, 'CRP1', 'CPC1', 'Active Billing')",
    "bill_stop_summary_rows": "INSERT INTO bill_stop_summary_rows VALUES (%(id)s, %(id)s, 'CRP1', 1, 0, 1, 0, 0, 0)",
    "message_channels": "INSERT INTO message_channels (organization_id, channel, provider) "
    "VALUES (%(id)s, 'sms', 'folder')",
    "message_templates": "INSERT INTO message_templates (organization_id, id, name, channel, language, body) "
    "VALUES (%(id)s, %(id)s, 'hello', 'sms', 'en', 'Hello.')",
    "message_suppressions": "INSERT INTO message_suppressions (organization_id, channel, address, reason) "
    "VALUES (%(id)s, 'sms', '+15550100', 'STOP')",
    "messages": "INSERT INTO messages (organization_id, id, key, channel, address, body, mail_id) "
    "VALUES (%(id)s, %(id)s, 'k', 'sms', '+15550101', 'Hello.', 'm')",
    "message_early_events": "INSERT INTO message_early_events (organization_id, channel, provider_id, "
    "event_key, status) VALUES (%(id)s, 'sms', 'SM1', 'e', 'delivered')",
    "message_events": "INSERT INTO message_events (organization_id, message_id, status) "
    "VALUES (%(id)s, %(id)s, 'queued')",
}


def fill_every_table(owner: Connection, organization: Organization) -> None:
    """Give the organization a row in every table that is not filled with it; ids equal the organization's id."""
    values = {
        "id": organization.id,
        "branch_id": organization.branch_id,
        "user_id": organization.user_id,
        "hash": bytes([organization.id]) * 32,
    }
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


def sum_up(owner: Connection, organization_id: int) -> dict[str, object]:
    """How much an organization has, and a sum over all of it, but for when its keys and sessions were used last."""
    return {
        table: owner.execute(_SUM.format(table=table).encode(), {"id": organization_id}).fetchone()
        for table in list_tenant_tables(owner)
        if table not in {"sessions", "api_keys"}
    }
