"""Accidents that a database can have, each by the check of `tranche doctor` that must notice it."""

from collections.abc import Mapping, Sequence
from typing import Final

_LOOSE: Final = (
    "ALTER TABLE notifications DROP CONSTRAINT sent_has_provider_id, DROP CONSTRAINT sent_at_a_time, "
    "DROP CONSTRAINT failed_says_why; "
)

_UNCHECKED: Final = (
    "ALTER TABLE lot_balances DROP CONSTRAINT never_below_nothing; "
    "ALTER TABLE lot_movements DROP CONSTRAINT ends_fit_the_kind, DROP CONSTRAINT a_lot_is_in_a_branch, "
    "DROP CONSTRAINT lot_movements_quantity_check; "
)


def _notification(status: str, *, channel: str = "mail", more: str = "", values: str = "") -> str:
    """One notification of the first organization, with more columns and their values."""
    return (
        f"INSERT INTO notifications (organization_id, channel, event, destination, body, status{more}) "
        f"SELECT min(id), '{channel}', 'a.b', 'x', 'x', {status}{values} FROM organizations"
    )


# A part as `open_snapshot_part` leaves it to be loaded.
_LOADING = (
    "CREATE TABLE snapshot_9_detail (LIKE bill_stop_detail_rows); GRANT INSERT ON snapshot_9_detail TO tranche_app; "
    "CREATE TRIGGER own_organization BEFORE INSERT ON snapshot_9_detail "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_other_organizations(1)"
)

# By the check that must catch it.
TAMPERING: Final[Mapping[str, Sequence[str]]] = {
    "whoever serves is held by the walls": [
        "ALTER ROLE tranche_app BYPASSRLS",
        "ALTER ROLE tranche_app SUPERUSER",
        "GRANT tranche_owner TO tranche_app",
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM tranche_app",
    ],
    "every table of organizations has its wall, for reading and for writing": [
        "ALTER TABLE orders DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON orders",
        "ALTER POLICY tenant ON orders USING (true)",
        "ALTER POLICY tenant ON orders WITH CHECK (true)",
        "ALTER POLICY tenant ON organizations USING (true)",
        "CREATE POLICY more ON orders FOR SELECT USING (true)",
        "CREATE TABLE papers (organization_id bigint NOT NULL, id bigint, PRIMARY KEY (organization_id, id))",
        "CREATE TABLE snapshot_9_detail (LIKE bill_stop_detail_rows)",
        f"{_LOADING}; ALTER TABLE snapshot_9_detail DISABLE TRIGGER own_organization",
        f"{_LOADING}; GRANT SELECT ON snapshot_9_detail TO tranche_app",
    ],
    "every table belongs to organizations, or is known not to": [
        "CREATE TABLE notes (id bigint PRIMARY KEY)",
        "CREATE TABLE notes (organization_id bigint, id bigint, PRIMARY KEY (id))",
    ],
    "no unique key reaches across organizations": [
        "CREATE UNIQUE INDEX ON orders (number)",
        "CREATE UNIQUE INDEX ON orders (number) INCLUDE (organization_id)",
    ],
    "every foreign key includes the organization": [
        "ALTER TABLE items ADD UNIQUE (id); ALTER TABLE orders ADD item bigint REFERENCES items (id)",
        "ALTER TABLE orders ADD worker uuid REFERENCES workers",
    ],
    "every view sees what its caller may see (security_invoker)": [
        "CREATE VIEW all_orders AS SELECT * FROM orders",
        "CREATE VIEW all_orders WITH (security_invoker = false) AS SELECT * FROM orders",
        "CREATE MATERIALIZED VIEW all_orders AS SELECT * FROM orders",
    ],
    "only the known functions run with the owner's rights, each with a fixed search_path": [
        (
            "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public "
            "AS 'SELECT count(*) FROM public.orders'; REVOKE ALL ON FUNCTION peek() FROM PUBLIC"
        ),
        "ALTER FUNCTION find_api_key(bytea) RESET search_path",
        "ALTER FUNCTION find_api_key(bytea) SET search_path = public",
        "GRANT EXECUTE ON FUNCTION find_api_key(bytea) TO PUBLIC",
        "ALTER FUNCTION count_organizations() SECURITY INVOKER",
    ],
    "nobody but the owner may TRUNCATE, and nothing is open to everybody": [
        "GRANT TRUNCATE ON orders TO tranche_app",
        "GRANT SELECT ON orders TO PUBLIC",
    ],
    "the schema is that of this release": [
        "DELETE FROM schema_migrations WHERE name LIKE '0004%'",
        "INSERT INTO schema_migrations (name, checksum) VALUES ('9999_later', 'x')",
        "UPDATE schema_migrations SET checksum = 'x' WHERE name LIKE '0001%'",
    ],
    "the stock of every lot and branch is the sum of its movements": [
        "UPDATE lot_balances SET quantity = quantity + 1 WHERE lot_id = 1",
        "DELETE FROM lot_balances WHERE lot_id = 1",
        "INSERT INTO lot_balances SELECT organization_id, lot_id, branch_id + 1, 0 FROM lot_balances WHERE lot_id = 1",
        "UPDATE lot_movements SET quantity = 3 WHERE kind = 'transfer'",
        "DELETE FROM lot_movements WHERE kind = 'receive'",
        "UPDATE lot_movements SET to_lot_id = 2 WHERE kind = 'receive'",
    ],
    "no stock is below nothing, and every quantity is a number": [
        f"{_UNCHECKED} UPDATE lot_balances SET quantity = -1 WHERE lot_id = 1",
        f"{_UNCHECKED} UPDATE lot_balances SET quantity = 'NaN' WHERE lot_id = 1",
        f"{_UNCHECKED} UPDATE lot_movements SET quantity = 'NaN' WHERE kind = 'receive'",
        f"{_UNCHECKED} UPDATE lot_movements SET quantity = 0 WHERE kind = 'receive'",
    ],
    "a transfer, consolidation or split moves within one item and one branch, and loses nothing": [
        f"{_UNCHECKED} UPDATE lot_movements SET to_branch_id = to_branch_id + 1 WHERE kind = 'transfer'",
        f"{_UNCHECKED} UPDATE lot_movements SET to_lot_id = NULL WHERE kind = 'transfer'",
        (
            f"{_UNCHECKED} UPDATE lot_movements SET kind = 'transfer', item_id = 1, "
            "operation_group_id = '00000000-0000-4000-8000-000000000002' WHERE kind = 'receive'"
        ),
    ],
    "the lots of a movement are of its item": [
        "UPDATE lots SET item_id = 1 WHERE id = 1",
        "UPDATE lot_movements SET item_id = 1 WHERE kind = 'transfer'",
    ],
    "what takes a movement back is its opposite": [
        "UPDATE lot_movements SET quantity = 2 WHERE kind = 'return'",
        "UPDATE lot_movements SET to_lot_id = 1 WHERE kind = 'return'",
        "UPDATE lot_movements SET consumer_id = 8 WHERE kind = 'return'",
        "UPDATE lot_movements SET reverses_id = reverses_id - 1 WHERE kind = 'return'",
    ],
    "an item with lots is tracked in lots, one with plain stock is tracked": [
        "UPDATE items SET stock_tracking = 'none' WHERE id = 2",
        "UPDATE items SET stock_tracking = 'plain' WHERE id = 2",
        "UPDATE lots SET number = NULL WHERE id = 2",
    ],
    "order batch counters equal their orders": [
        "UPDATE order_batches SET successful_orders = 2, failed_orders = 0",
        "UPDATE order_batches SET undo_operation_id = 1, undone_orders = 1",
    ],
    "an ended order batch has an outcome for every order": [
        "UPDATE order_batches SET total_orders = 5",
    ],
    "an ended order batch says what its operation says": [
        "UPDATE operations SET failed = 0",
        "UPDATE order_batches SET failed_orders = 0, skipped_orders = 1",
    ],
    "an order batch is processed only while its operation runs": [
        "UPDATE order_batches SET status = 'processing', completed_at = NULL",
    ],
    "an undone order batch says what its undo says": [
        "UPDATE order_batches SET undo_operation_id = 1, undone_at = now()",
        (
            "INSERT INTO operations (organization_id, id, uuid, kind, phase, status, payload, finished_at) "
            "SELECT organization_id, 2, gen_random_uuid(), 'order_undo', 'undo', 'completed', "
            """'{"batchId": 1}', now() FROM order_batches; """
            "UPDATE order_batches SET undo_operation_id = 2, undone_at = now(), kept_orders = 1"
        ),
        (
            "INSERT INTO operations (organization_id, id, uuid, kind, phase, status, total, succeeded, payload, "
            "finished_at) SELECT organization_id, 2, gen_random_uuid(), 'order_undo', 'undo', 'completed', 1, 1, "
            """'{"batchId": 1}', now() FROM order_batches; """
            "UPDATE order_batches SET undo_operation_id = 2, undone_at = now()"
        ),
    ],
    "order totals equal their lines": [
        "UPDATE orders SET total = total + 0.01",
        "UPDATE orders SET line_count = 2",
        "DELETE FROM order_lines",
    ],
    "orders of a deleted batch are being removed": [
        "UPDATE order_batches SET deleted_at = now()",
    ],
    "a refused row has an error": [
        "DELETE FROM import_errors",
        "UPDATE import_errors SET severity = 'warning'",
        "UPDATE import_errors SET row_number = 4",
    ],
    "a row with an error is kept to be corrected": [
        "DELETE FROM import_rows",
        "UPDATE import_errors SET row_number = 4",
    ],
    "the failed of an import are the groups of its refused rows": [
        "UPDATE operations SET failed = 2, total = 3 WHERE id = 1",
        "DELETE FROM import_rows",
        (
            "INSERT INTO import_rows (organization_id, import_id, row_number, cells) "
            "SELECT organization_id, import_id, 4, '{}' FROM import_rows"
        ),
    ],
    "a row waits for a correction only while one runs or was stopped": [
        "UPDATE import_rows SET is_dirty = true",
        "UPDATE import_rows SET position = 1",
        "UPDATE import_rows SET is_dirty = true; UPDATE imports SET correction_id = NULL",
    ],
    "a deleted batch keeps no refused rows": [
        "UPDATE order_batches SET deleted_at = now()",
    ],
    "at most one snapshot of a source is published, and its parts are there": [
        "UPDATE snapshots SET has_summary = false",
        "UPDATE snapshots SET status = 'failed', error = 'x', has_details = false, has_summary = false",
        "UPDATE snapshot_sources SET published_id = NULL",
        (
            "INSERT INTO snapshots (organization_id, id, data_set, status, batch_date, details_count, summary_count, "
            "totals, finished_at) SELECT organization_id, 2, data_set, 'completed', batch_date, 1, 1, '{}', now() "
            "FROM snapshots"
        ),
    ],
    "the summary of a published snapshot is that of its details": [
        "UPDATE bill_stop_summary_rows SET bill_stop_count = 0, active_billing_count = 2",
        "UPDATE bill_stop_summary_rows SET total_balance = 6",
        "UPDATE bill_stop_detail_rows SET billing_status = 'Active Billing'",
        "DELETE FROM bill_stop_detail_rows WHERE cpc_customer_no = 'CPC2'",
        "DELETE FROM bill_stop_summary_rows",
        "UPDATE snapshots SET details_count = 3",
    ],
    "a snapshot runs only while its operation does": [
        (
            "UPDATE snapshot_sources SET published_id = NULL; UPDATE snapshots SET status = 'running', "
            "finished_at = NULL, has_details = false, has_summary = false"
        ),
    ],
    "every part belongs to a snapshot that runs or is kept": [
        "DROP TABLE snapshot_1_detail",
        "UPDATE snapshots SET has_summary = false",
        "CREATE TABLE snapshot_9_detail (LIKE bill_stop_detail_rows)",
        "ALTER TABLE bill_stop_summary_rows DETACH PARTITION snapshot_1_summary",
    ],
    "invoice numbers have no gap, and the counter equals the last one": [
        "UPDATE invoices SET sequence = 9 WHERE id = 3",
        "UPDATE invoices SET sequence = 2 WHERE id = 3",
        "UPDATE invoice_counters SET last_number = 5",
        "DELETE FROM invoice_counters",
        "DELETE FROM invoices WHERE id = 2",
    ],
    "one live invoice per order": [
        (
            "ALTER TABLE invoices DROP CONSTRAINT one_live_invoice_per_order; "
            "UPDATE invoices SET order_id = 2, status = 'issued', closed = 0, closed_at = NULL WHERE id = 2"
        ),
    ],
    "an order is invoiced exactly while it has a live invoice": [
        "UPDATE orders SET status = 'open' WHERE id = 2",
        "UPDATE orders SET status = 'invoiced' WHERE id = 1",
        (
            "ALTER TABLE invoices DROP CONSTRAINT live_keeps_its_order; "
            "UPDATE invoices SET order_id = NULL WHERE id = 1; UPDATE orders SET status = 'open'"
        ),
    ],
    "invoice totals equal their lines": [
        "UPDATE invoice_lines SET net = 7 WHERE invoice_id = 1",
        "UPDATE invoice_lines SET tax = 1 WHERE invoice_id = 1",
        "DELETE FROM invoice_lines WHERE invoice_id = 1",
        "UPDATE invoices SET total_minor = 601 WHERE id = 1",
        "UPDATE invoices SET line_count = 2 WHERE id = 1",
    ],
    "a credit note takes back one credited invoice, whole": [
        "DELETE FROM invoices WHERE id = 3",
        "DELETE FROM invoices WHERE id = 2",
        "UPDATE invoices SET status = 'void' WHERE id = 2",
        "UPDATE invoices SET net = 5, total = 5 WHERE id = 3",
    ],
    "an invoice that is closed gave its stock back, and only that one": [
        "UPDATE invoices SET status = 'void', closed = id, closed_at = now() WHERE id = 1",
        "DELETE FROM invoices WHERE id = 1",
        (
            "INSERT INTO lot_movements (organization_id, operation_group_id, kind, item_id, to_lot_id, to_branch_id, "
            "quantity, reverses_id, consumer_kind, consumer_id, consumer_label) "
            "SELECT organization_id, gen_random_uuid(), 'return', item_id, from_lot_id, from_branch_id, quantity, id, "
            "consumer_kind, consumer_id, consumer_label FROM lot_movements "
            "WHERE consumer_kind = 'invoice' AND consumer_id = 1"
        ),
        "DELETE FROM lot_movements WHERE kind = 'return'",
    ],
    "an invoice takes no more stock than it has on its lines": [
        "UPDATE invoice_lines SET quantity = 1 WHERE invoice_id = 1",
        "DELETE FROM invoice_lines WHERE invoice_id = 1",
    ],
    "what a run of invoices says it issued is there": [
        "UPDATE operation_items SET status = 'failed', error = 'Bad.' WHERE operation_id = 7 AND position = 1",
        "DELETE FROM operation_items WHERE operation_id = 7",
        "UPDATE operation_items SET status = 'succeeded' WHERE operation_id = 7",
        "UPDATE invoices SET operation_id = NULL",
        "UPDATE invoices SET operation_id = 7",
    ],
    "a combined file has the pages of the invoices in it": [
        "UPDATE operation_files SET pages = 2 WHERE kind = 'combined'",
        "UPDATE operation_files SET pages = NULL WHERE kind = 'combined'",
        "UPDATE invoice_files SET pages = 3 WHERE pages = 2",
        "UPDATE operation_invoices SET data_hash = NULL WHERE operation_id = 8 AND position = 2",
        "DELETE FROM operation_invoices WHERE operation_id = 8 AND position = 2",
        "DELETE FROM operation_invoices WHERE operation_id = 8",
    ],
    "every entry of the audit log says who did what": [
        "ALTER TABLE audit_entries DROP CONSTRAINT audit_entries_actor_check; UPDATE audit_entries SET actor = ''",
        "ALTER TABLE audit_entries ALTER actor DROP NOT NULL; UPDATE audit_entries SET actor = NULL",
        "ALTER TABLE audit_entries DROP CONSTRAINT audit_entries_action_check; UPDATE audit_entries SET action = ''",
    ],
    "the seals of the audit log follow each other without a gap": [
        "DELETE FROM audit_seals WHERE number = 1",
        "UPDATE audit_seals SET number = number + 2",
        "UPDATE audit_seals SET until = until - interval '1 day' WHERE number = 2",
    ],
    "every sealed entry of the audit log is as it was sealed": [
        "UPDATE audit_entries SET actor = 'Bob' WHERE subject_id = 9",
        "UPDATE audit_entries SET action = 'order.take' WHERE subject_id = 8",
        "UPDATE audit_entries SET detail = '{}' WHERE subject_id = 3",
        "UPDATE audit_entries SET subject_id = NULL WHERE subject_id = 9",
        "UPDATE audit_entries SET user_id = NULL WHERE subject_id = 9",
        "UPDATE audit_entries SET request_id = 'x' WHERE subject_id = 9",
        "UPDATE audit_entries SET at = at + interval '1 microsecond' WHERE subject_id = 9",
        "UPDATE audit_entries SET at = at - interval '2 hours' WHERE action = 'a.b'",
        "DELETE FROM audit_entries WHERE subject_id = 3",
        (
            "INSERT INTO audit_entries (organization_id, at, actor, action) "
            "SELECT organization_id, at, 'Bob', 'order.take' FROM audit_entries WHERE subject_id = 8"
        ),
        "UPDATE audit_seals SET hash = sha256('x') WHERE number = 1",
        "UPDATE audit_seals SET entries = entries + 1 WHERE number = 2",
        "UPDATE audit_seals SET until = until + interval '1 microsecond' WHERE number = 1",
        "UPDATE audit_seals SET organization_id = organization_id + 1",
        "DELETE FROM audit_seals WHERE number = 1",
    ],
    "the chain of the audit log goes on from its anchor": [
        "DELETE FROM audit_seals WHERE number = 2",
        "DELETE FROM audit_seals",
        "UPDATE audit_seals SET hash = sha256('x') WHERE number = 2",
    ],
    "the audit log is sealed up to a day ago": [
        "DELETE FROM audit_seals; UPDATE audit_entries SET at = at - interval '1 day' WHERE subject_id = 9",
        (
            "UPDATE audit_entries SET at = at - interval '25 hours'; "
            "UPDATE audit_seals SET until = until - interval '9 days'"
        ),
    ],
    "a message is kept once for its key": [
        "ALTER TABLE messages DROP CONSTRAINT messages_organization_id_key_key; UPDATE messages SET key = 'a'",
    ],
    "a message that was sent has its provider's id": [
        "ALTER TABLE messages DROP CONSTRAINT sent_has_provider_id; UPDATE messages SET provider_id = NULL",
        "UPDATE messages SET sent_at = NULL WHERE id = 1",
        "UPDATE messages SET sent_at = NULL, status = 'read' WHERE id = 1",
    ],
    "nothing was sent to a suppressed address": [
        "UPDATE message_suppressions SET created_at = created_at - interval '2 hours' WHERE channel = 'sms'",
        "UPDATE message_suppressions SET channel = 'email', address = 'a@example.com' WHERE channel = 'whatsapp'",
    ],
    "no message waits or stands as being sent after its operation has ended": [
        "UPDATE messages SET status = 'sending', sent_at = NULL, provider_id = NULL WHERE id = 1",
        "UPDATE messages SET status = 'queued', sent_at = NULL, provider_id = NULL WHERE id = 1",
    ],
    "operation counters equal their items": [
        "UPDATE operations SET succeeded = 0, failed = 2",
        "UPDATE operations SET succeeded = 0 WHERE id = 7",
        "DELETE FROM operation_items WHERE position = 2",
    ],
    "an ended operation has nothing open": [
        "UPDATE operation_items SET status = 'pending', error = NULL WHERE position = 2",
        (
            "INSERT INTO operation_claims (organization_id, operation_id, phase, low, high) "
            "SELECT organization_id, id, 'commit', 1, 1 FROM operations"
        ),
    ],
    "no item of a running operation is left behind": [
        (
            "UPDATE operations SET status = 'processing', finished_at = NULL, failed = 0, next_position = 3, "
            "phase_started_at = now(); "
            "UPDATE operation_items SET status = 'pending', error = NULL WHERE position = 2"
        ),
    ],
    "what was sent has its provider's id and its time": [
        _LOOSE + _notification("'sent'", more=", sent_at", values=", now()"),
        _LOOSE + _notification("'sent'", more=", provider_id", values=", 'x'"),
    ],
    "what was not sent says why": [
        _LOOSE + _notification("'unknown'"),
        _notification("'failed'", more=", error", values=", ''"),
    ],
    "every webhook and every mail that was tried has its id": [
        _notification("'pending'", channel="webhook"),
        _notification("'pending'", more=", attempts", values=", 1"),
    ],
    "nothing is left half sent": [
        _notification("'sending'", more=", lease_until", values=", now() - interval '61 seconds'"),
    ],
    "nothing waits ten minutes to be sent": [
        _notification("'pending'", more=", next_attempt_at", values=", now() - interval '11 minutes'"),
    ],
    "no job waits longer than 60 s": [
        (
            "INSERT INTO procrastinate_jobs (id, task_name, queue_name) VALUES (1, 'operations.slice', 'default'); "
            "INSERT INTO procrastinate_events (job_id, type, at) VALUES (1, 'deferred', now() - interval '61 seconds')"
        ),
    ],
    "a worker lives while there is work": [
        "UPDATE operations SET status = 'processing', finished_at = NULL, updated_at = now() - interval '31 seconds'",
        (
            "UPDATE operations SET status = 'pending', finished_at = NULL, updated_at = now() - interval '31 seconds'; "
            "INSERT INTO workers (id, host, pid, slots, version, beat_at) "
            "VALUES (gen_random_uuid(), 'h', 1, 2, '0', now() - interval '31 seconds')"
        ),
    ],
    "no operation stands still": [
        "UPDATE operations SET status = 'processing', finished_at = NULL, updated_at = now() - interval '61 seconds'",
    ],
}
