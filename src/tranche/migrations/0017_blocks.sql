-- Large work is frozen in blocks, whose positions become items shortly before they are worked: a hundred thousand items
-- cost a second to write, which nobody should wait for before the first of them is done.
SET lock_timeout = '5s';

CREATE TABLE operation_blocks (
    organization_id bigint NOT NULL,
    operation_id bigint NOT NULL,
    stage text NOT NULL,
    first bigint NOT NULL CHECK (first > 0),
    refs bigint[] NOT NULL,
    labels text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, operation_id, stage, first),
    FOREIGN KEY (organization_id, operation_id) REFERENCES operations ON DELETE CASCADE,
    CHECK (cardinality(refs) > 0 AND cardinality(refs) = cardinality(labels))
);
ALTER TABLE operation_blocks ALTER refs SET STORAGE EXTERNAL, ALTER labels SET STORAGE EXTERNAL;

CALL raise_tenant_wall('operation_blocks');

-- Every position of every operation, whether it is an item already or still stands in a block.
CREATE VIEW operation_positions WITH (security_invoker = true) AS
SELECT organization_id, operation_id, position, stage, reference, label, status, attempts, error_code, error, result,
    updated_at
FROM operation_items
UNION ALL
SELECT b.organization_id, b.operation_id, b.first + p.place - 1, b.stage, p.reference, p.label, 'pending'::text,
    0::smallint, NULL::text, NULL::text, NULL::jsonb, b.created_at
FROM operation_blocks b
CROSS JOIN LATERAL unnest(b.refs, b.labels) WITH ORDINALITY AS p (reference, label, place);
