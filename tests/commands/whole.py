"""A small but complete installation: one imported batch with everything that hangs on it, and its file."""

import hashlib
import io
from datetime import timedelta
from pathlib import Path

from tests.factories import Organization
from tranche.kernel.audit.anchors import write_anchor
from tranche.kernel.audit.queries.seals import find_stretch, insert_seal
from tranche.kernel.db.pool import Connection, set_tenant
from tranche.kernel.storage.local import LocalFiles

CONTENT = b"orderId,quantity\n1,2\n"
SHA256 = hashlib.sha256(CONTENT).digest()

_ROWS = """
WITH file AS (
    INSERT INTO files (organization_id, sha256, size) VALUES (%(org)s, %(sha256)s, %(size)s)
), key AS (
    INSERT INTO api_keys (organization_id, user_id, branch_id, name, prefix, key_hash, role)
    VALUES (%(org)s, %(user)s, %(branch)s, 'k', 'trn_', 'x', 'admin')
), entry AS (
    INSERT INTO audit_entries (organization_id, user_id, actor, action) VALUES (%(org)s, %(user)s, 'Ada', 'a.b')
), replay AS (
    INSERT INTO idempotency_keys (organization_id, caller, key, fingerprint, status)
    VALUES (%(org)s, 'key:1', 'k', 'x', 200)
), customer AS (
    INSERT INTO customers (organization_id, id, name, name_folded) VALUES (%(org)s, 1, 'Miller', 'miller')
), item AS (
    INSERT INTO items (organization_id, id, name, name_folded, stock_tracking) VALUES (%(org)s, 1, 'Mug', 'mug', 'lots')
), stocked AS (
    INSERT INTO items (organization_id, id, name, name_folded, stock_tracking)
    VALUES (%(org)s, 2, 'Paint', 'paint', 'lots')
), lot AS (
    INSERT INTO lots (organization_id, id, item_id, number, created_by, updated_by, held_at, hold_reason, held_by)
    VALUES (%(org)s, 1, 2, 'L-1', %(user)s, %(user)s, now(), 'smells', %(user)s),
        (%(org)s, 2, 2, 'L-2', %(user)s, %(user)s, NULL, NULL, NULL)
), counter AS (
    INSERT INTO lot_numbers (organization_id, last) VALUES (%(org)s, 1)
), import AS (
    INSERT INTO imports (organization_id, id, target, sha256, file_name, file_size, started_operation_id, kept_by,
        correction_id)
    VALUES (%(org)s, 1, 'order', %(sha256)s, 'a.csv', %(size)s, 1, 1, 1)
), fault AS (
    INSERT INTO import_errors (organization_id, import_id, row_number, severity, code, message)
    VALUES (%(org)s, 1, 3, 'error', 'bad', 'Bad.')
), operation AS (
    INSERT INTO operations (organization_id, id, uuid, kind, phase, status, total, succeeded, failed, created_by,
        started_at, finished_at, payload)
    VALUES (%(org)s, 1, gen_random_uuid(), 'order_import', 'commit', 'completed_with_errors', 2, 1, 1, %(user)s,
        now(), now(), '{"importId": 1, "batchId": 1}')
), items AS (
    INSERT INTO operation_items (organization_id, operation_id, position, stage, status, error)
    VALUES (%(org)s, 1, 1, 'commit', 'succeeded', NULL), (%(org)s, 1, 2, 'commit', 'failed', 'Bad.')
), event AS (
    INSERT INTO operation_events (organization_id, operation_id, event) VALUES (%(org)s, 1, 'created')
), held AS (
    INSERT INTO import_rows (organization_id, import_id, row_number, group_key, cells)
    VALUES (%(org)s, 1, 3, 'A-2', '{"orderId": "A-2"}')
), edit AS (
    INSERT INTO import_edits (organization_id, import_id, row_number, field, new_value, user_id, operation_id)
    VALUES (%(org)s, 1, 3, 'orderId', 'A-2', %(user)s, 1)
), batch AS (
    INSERT INTO order_batches (organization_id, id, import_id, operation_id, user_id, file_name, sha256, status,
        total_orders, successful_orders, failed_orders, completed_at)
    VALUES (%(org)s, 1, 1, 1, %(user)s, 'a.csv', %(sha256)s, 'completed', 2, 1, 1, now())
), schedule AS (
    INSERT INTO schedules (organization_id, id, name, kind, cron, zone, next_at)
    VALUES (%(org)s, 1, 'nightly', 'x', '0 2 * * *', 'UTC', now())
), run AS (
    INSERT INTO schedule_runs (organization_id, schedule_id, planned_at, status, finished_at)
    VALUES (%(org)s, 1, now(), 'skipped', now())
), memory AS (
    INSERT INTO import_mappings (organization_id, target, fingerprint, header, columns, created_by)
    VALUES (%(org)s, 'order', %(sha256)s, '[]', '{}', %(user)s)
), effect AS (
    INSERT INTO item_import_effects (organization_id, import_id, item_id, effect, row_number)
    VALUES (%(org)s, 1, 1, 'created', 2)
), adopted AS (
    INSERT INTO orders (organization_id, id, batch_id, number, customer_id, currency, line_count, total)
    VALUES (%(org)s, 1, 1, 'A-1', 1, 'USD', 1, 6)
)
INSERT INTO order_lines (organization_id, order_id, line_number, item_id, quantity, unit_price, amount)
VALUES (%(org)s, 1, 1, 1, 2, 3, 6)
"""

_TOTALS = (
    '{"total_cpc_count": 2, "bill_stop_count": 1, "active_billing_count": 1, "bill_stop_percentage": 50, '
    '"bill_stop_balance": 5, "total_balance": 5}'
)
_SNAPSHOT = """
INSERT INTO snapshot_sources (organization_id, data_set, kind) VALUES ({org}, 'bill_stop', 'sample');
INSERT INTO snapshots (organization_id, id, data_set, operation_id, status, batch_date, details_count, summary_count,
    totals, has_details, has_summary, finished_at)
VALUES ({org}, 1, 'bill_stop', 1, 'completed', '2026-11-28', 2, 1, '{totals}', true, true, now());
UPDATE snapshot_sources SET published_id = 1;
CREATE TABLE snapshot_1_detail PARTITION OF bill_stop_detail_rows FOR VALUES IN (1);
CREATE TABLE snapshot_1_summary PARTITION OF bill_stop_summary_rows FOR VALUES IN (1);
INSERT INTO bill_stop_detail_rows (organization_id, snapshot_id, crp_account_no, cpc_customer_no, billing_status,
    current_balance)
VALUES ({org}, 1, 'CRP1', 'CPC1', 'Bill Stop Issue', 5), ({org}, 1, 'CRP1', 'CPC2', 'Active Billing', NULL);
INSERT INTO bill_stop_summary_rows VALUES ({org}, 1, 'CRP1', 2, 1, 1, 50, 5, 5);
"""

# One live invoice that drew stock, one that is credited, its credit note, and a void one whose stock came back.
_INVOICES = (
    """
    INSERT INTO orders (organization_id, id, number, customer_id, status, currency, line_count, total)
    VALUES (%(org)s, 2, 'B-2', 1, 'invoiced', 'USD', 1, 6), (%(org)s, 3, 'B-3', 1, 'open', 'USD', 1, 6)
    """,
    """
    INSERT INTO order_lines (organization_id, order_id, line_number, item_id, quantity, unit_price, amount)
    VALUES (%(org)s, 2, 2, 1, 2, 3, 6), (%(org)s, 3, 3, 1, 2, 3, 6)
    """,
    """
    INSERT INTO operations (organization_id, id, uuid, kind, phase, status, total, succeeded, failed, created_by,
        started_at, finished_at)
    VALUES (%(org)s, 7, gen_random_uuid(), 'order_invoices', 'invoice', 'completed_with_errors', 2, 1, 1, %(user)s,
        now(), now())
    """,
    """
    INSERT INTO operation_items (organization_id, operation_id, position, stage, reference, status, error)
    VALUES (%(org)s, 7, 1, 'invoice', 2, 'succeeded', NULL), (%(org)s, 7, 2, 'invoice', 9, 'failed', 'Bad.')
    """,
    """
    INSERT INTO invoice_imprints (organization_id, id, digest, content) VALUES (%(org)s, 1, %(sha256)s, '{}')
    """,
    """
    INSERT INTO invoice_counters (organization_id, series, year, last_number) VALUES (%(org)s, 'INV', 2026, 4)
    """,
    """
    INSERT INTO invoices (organization_id, id, kind, status, series, year, sequence, number, invoice_date, due_date,
        currency, customer_id, buyer_name, order_id, order_number, closed, credits_id, imprint_id, branch_id,
        line_count, net, tax, total, total_minor, operation_id, created_by, closed_at, closed_by)
    SELECT %(org)s, n, kind, status, 'INV', 2026, n, 'INV-2026-00000' || n, '2026-11-28', '2026-12-28', 'USD', 1,
        'Miller', "order", 'B-' || "order", closed, credits, 1, %(branch)s, 1, 6, 0, 6, 600,
        CASE n WHEN 1 THEN 7 END, %(user)s, CASE WHEN status <> 'issued' THEN now() END,
        CASE WHEN status <> 'issued' THEN %(user)s END
    FROM (VALUES
        (1, 'invoice', 'issued', 2, 0, NULL::bigint), (2, 'invoice', 'credited', 3, 2, NULL),
        (3, 'credit_note', 'issued', 3, 3, 2), (4, 'invoice', 'void', NULL, 4, NULL)
    ) AS i (n, kind, status, "order", closed, credits)
    """,
    """
    INSERT INTO invoice_lines (organization_id, invoice_id, line_number, item_id, quantity, unit_price, tax_rate, net,
        tax)
    SELECT %(org)s, n, n, item, quantity, price, 0, 6, 0
    FROM (VALUES (1, 1, 2, 3), (2, 1, 2, 3), (3, 1, 2, 3), (4, 2, 1, 6)) AS l (n, item, quantity, price)
    """,
    """
    INSERT INTO order_selections (organization_id, filter, order_ids, created_by)
    VALUES (%(org)s, '{}', '{2}', %(user)s)
    """,
    """
    INSERT INTO lots (organization_id, id, item_id, number) VALUES (%(org)s, 71, 1, 'L-71')
    """,
    """
    INSERT INTO lot_movements (organization_id, operation_group_id, kind, item_id, to_lot_id, to_branch_id, quantity)
    VALUES (%(org)s, gen_random_uuid(), 'opening', 1, 71, %(branch)s, 5)
    """,
    """
    INSERT INTO lot_movements (organization_id, operation_group_id, kind, item_id, from_lot_id, from_branch_id,
        quantity, consumer_kind, consumer_id, consumer_label, customer_id)
    VALUES (%(org)s, gen_random_uuid(), 'issue', 1, 71, %(branch)s, 2, 'invoice', 1, 'INV-2026-000001', 1)
    """,
)

# A run that printed two invoices into one file, though one of them was printed differently before; and a run that
# sent both, of which one message bounced, so that its address is suppressed.
_OUTWARD = (
    """
    INSERT INTO operations (organization_id, id, uuid, kind, phase, status, total, succeeded, payload, created_by,
        started_at, finished_at)
    VALUES (%(org)s, 8, gen_random_uuid(), 'invoice_pdfs', 'bundle', 'completed', 2, 2,
            '{"bundle": true, "combined": true}', %(user)s, now(), now()),
        (%(org)s, 9, gen_random_uuid(), 'invoice_messages', 'send', 'completed', 2, 2, '{}', %(user)s, now(), now())
    """,
    """
    INSERT INTO operation_items (organization_id, operation_id, position, stage, reference, status)
    SELECT %(org)s, o, position, stage, CASE position WHEN 1 THEN 1 ELSE 4 END, 'succeeded'
    FROM (VALUES (8, 'pdf'), (9, 'pdf'), (9, 'send')) AS s (o, stage), generate_series(1, 2) AS position
    """,
    """
    INSERT INTO invoice_files (organization_id, invoice_id, data_hash, template_id, template_version, sha256, size,
        pages)
    VALUES (%(org)s, 1, %(sha256)s, 'invoice', 1, %(sha256)s, %(size)s, 1),
        (%(org)s, 4, %(sha256)s, 'invoice', 1, %(sha256)s, %(size)s, 2),
        (%(org)s, 4, sha256(%(sha256)s), 'invoice', 1, %(sha256)s, %(size)s, 5)
    """,
    """
    INSERT INTO operation_invoices (organization_id, operation_id, position, invoice_id, data_hash)
    SELECT %(org)s, o, position, CASE position WHEN 1 THEN 1 ELSE 4 END, %(sha256)s
    FROM generate_series(8, 9) AS o, generate_series(1, 2) AS position
    """,
    """
    INSERT INTO operation_files (organization_id, operation_id, name, kind, media_type, sha256, size, pages)
    VALUES (%(org)s, 8, 'part-00001.pdf', 'part', 'application/pdf', %(sha256)s, %(size)s, 3),
        (%(org)s, 8, 'invoices.pdf', 'combined', 'application/pdf', %(sha256)s, %(size)s, 3),
        (%(org)s, 8, 'invoices.zip', 'zip', 'application/zip', %(sha256)s, %(size)s, NULL)
    """,
    """
    INSERT INTO messages (organization_id, id, key, operation_id, position, channel, provider, customer_id, address,
        body, status, attempts, mail_id, provider_id, error, created_by, sent_at, handed_at)
    VALUES (%(org)s, 1, 'a', 9, 1, 'email', 'smtp', 1, 'a@example.com', 'x', 'sent', 1, '<a@example.com>', 'p-1', NULL,
            %(user)s, now() - interval '1 hour', now() - interval '1 hour'),
        (%(org)s, 2, 'b', 9, 2, 'sms', 'http', 1, '+49301234567', 'x', 'bounced', 1, '<b@example.com>', 'p-2',
            'There is no such number.', %(user)s, now() - interval '1 hour', now() - interval '1 hour')
    """,
    """
    INSERT INTO message_events (organization_id, message_id, status)
    VALUES (%(org)s, 1, 'sent'), (%(org)s, 2, 'sent'), (%(org)s, 2, 'bounced')
    """,
    """
    INSERT INTO message_suppressions (organization_id, channel, address, reason, message_id, created_by, created_at)
    VALUES (%(org)s, 'sms', '+49301234567', 'There is no such number.', 2, NULL, now()),
        (%(org)s, 'whatsapp', '+49301234567', 'asked for', NULL, %(user)s, now() - interval '1 day')
    """,
)


_MOVEMENTS = """
INSERT INTO lot_movements (organization_id, operation_group_id, kind, item_id, from_lot_id, from_branch_id, to_lot_id,
    to_branch_id, quantity, consumer_kind, consumer_id, consumer_label, customer_id, created_by)
VALUES (%(org)s, '00000000-0000-4000-8000-000000000001', 'receive', 2, NULL, NULL, 1, %(branch)s, 9,
        NULL, NULL, NULL, NULL, %(user)s),
    (%(org)s, '00000000-0000-4000-8000-000000000002', 'transfer', 2, 1, %(branch)s, 2, %(branch)s, 4,
        NULL, NULL, NULL, NULL, %(user)s),
    (%(org)s, '00000000-0000-4000-8000-000000000003', 'issue', 2, 2, %(branch)s, NULL, NULL, 1,
        'invoice', 4, 'INV-2026-000004', 1, %(user)s)
"""
_RETURN = """
INSERT INTO lot_movements (organization_id, operation_group_id, kind, item_id, to_lot_id, to_branch_id, quantity,
    reverses_id, consumer_kind, consumer_id, consumer_label, customer_id, created_by)
SELECT organization_id, '00000000-0000-4000-8000-000000000004', 'return', item_id, from_lot_id, from_branch_id,
    quantity, id, consumer_kind, consumer_id, consumer_label, customer_id, created_by
FROM lot_movements WHERE organization_id = %(org)s AND kind = 'issue'
"""


_OLD_ENTRIES = """
INSERT INTO audit_entries (organization_id, at, user_id, actor, action, subject_id, detail)
SELECT %(org)s, now() - age * interval '1 hour', %(user)s, 'Ada', 'order.make', age, '{"lines": 2}'
FROM (VALUES (9), (8), (3)) AS old (age)
"""


def fill(conn: Connection, organization: Organization, home: Path) -> None:
    """Make the rows and the file."""
    LocalFiles(home / "files").put(organization.id, io.BytesIO(CONTENT), limit=1_000)
    values = {
        "org": organization.id,
        "user": organization.user_id,
        "branch": organization.branch_id,
        "sha256": SHA256,
        "size": len(CONTENT),
    }
    for statement in (_ROWS, _MOVEMENTS, _RETURN, *_INVOICES, *_OUTWARD):
        conn.execute(statement.encode(), values)
    conn.execute(_SNAPSHOT.format(org=organization.id, totals=_TOTALS).encode())
    seal(conn, organization, LocalFiles(home / "files"))


def seal(conn: Connection, organization: Organization, notes: LocalFiles) -> None:
    """Two seals over three old entries, and the anchor of the second."""
    conn.execute(_OLD_ENTRIES, {"org": organization.id, "user": organization.user_id})
    for _ in range(2):
        with conn.transaction():
            set_tenant(conn, organization.id)
            head = insert_seal(conn, find_stretch(conn, most=2, grace=timedelta(hours=1)))
    assert head is not None
    assert (head.number, head.entries) == (2, 1)
    write_anchor(notes, head)
