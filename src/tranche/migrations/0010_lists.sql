-- What lists are sorted and narrowed by. Behind a tenant wall only leakproof operators reach an index, and those of
-- numeric and lower() are not: what such a list needs is kept as bigint or folded text, made by the database itself.
SET lock_timeout = '5s';

-- Ten-thousandths for every currency, so that 100 JPY and 100.00 USD stand side by side; ISO 4217 has at most four
-- digits. A total beyond bigint stands at the end. An order without a date stands before all others; coalesce()
-- itself is no leakproof expression, so it needs a column too.
ALTER TABLE orders
    ADD COLUMN total_sort bigint NOT NULL GENERATED ALWAYS AS (
        least(greatest(round(total * 10000), -9223372036854775807), 9223372036854775807)::bigint
    ) STORED,
    ADD COLUMN date_sort timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(order_date, '-infinity')) STORED;
CREATE INDEX orders_by_total ON orders (organization_id, total_sort, id);
CREATE INDEX orders_by_date ON orders (organization_id, date_sort, id);
CREATE INDEX orders_by_status ON orders (organization_id, status, id);

CREATE INDEX order_batches_by_time ON order_batches (organization_id, imported_at, id) WHERE deleted_at IS NULL;
CREATE INDEX order_batches_by_status ON order_batches (organization_id, status, id) WHERE deleted_at IS NULL;
-- The orders of a batch that is being removed are out of sight; whoever lists orders asks which batches these are.
CREATE INDEX order_batches_deleted ON order_batches (organization_id, id) WHERE deleted_at IS NOT NULL;

-- The rule of kernel/text.py.
ALTER TABLE customers ADD COLUMN code_folded text GENERATED ALWAYS AS (
    replace(translate(lower(translate(btrim(regexp_replace(normalize(code, NFKC),
        '[\u0001-\u0020\u0085\u1680\u2028\u2029]+', ' ', 'g'), ' '), 'İΣ', 'iσ')), 'ςı', 'σi'), 'ß', 'ss')
) STORED;
CREATE INDEX customers_by_code ON customers (organization_id, code_folded text_pattern_ops, id);

ALTER TABLE items ADD COLUMN code_folded text GENERATED ALWAYS AS (
    replace(translate(lower(translate(btrim(regexp_replace(normalize(code, NFKC),
        '[\u0001-\u0020\u0085\u1680\u2028\u2029]+', ' ', 'g'), ' '), 'İΣ', 'iσ')), 'ςı', 'σi'), 'ß', 'ss')
) STORED;
CREATE INDEX items_by_code ON items (organization_id, code_folded text_pattern_ops, id);
CREATE INDEX items_by_tracking ON items (organization_id, stock_tracking, name_folded text_pattern_ops, id);

CREATE INDEX operations_by_status ON operations (organization_id, status, id);
CREATE INDEX operations_by_starter ON operations (organization_id, created_by, id);
CREATE INDEX operations_by_time ON operations (organization_id, created_at, id);

CREATE INDEX audit_entries_by_time ON audit_entries (organization_id, at, id);
CREATE INDEX audit_entries_by_action ON audit_entries (organization_id, action, id);
CREATE INDEX audit_entries_by_user ON audit_entries (organization_id, user_id, id);

CREATE INDEX import_errors_by_code ON import_errors (organization_id, import_id, code, row_number, id);
CREATE INDEX import_errors_by_severity ON import_errors (organization_id, import_id, severity, row_number, id);
