"""SQL of the idempotency keys."""

from tranche.kernel.db.pool import Connection, Row

_TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(%(name)s, 0)) AS taken"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))"

_FIND_ANSWER = """
SELECT fingerprint, status, headers, body
FROM idempotency_keys
WHERE organization_id = %(organization_id)s AND caller = %(caller)s AND key = %(key)s
  AND created_at > now() - interval '24 hours'
"""

_STORE_ANSWER = """
INSERT INTO idempotency_keys AS stored (organization_id, caller, key, fingerprint, status, headers, body)
VALUES (%(organization_id)s, %(caller)s, %(key)s, %(fingerprint)s, %(status)s, %(headers)s::jsonb, %(body)s)
ON CONFLICT (organization_id, caller, key) DO UPDATE
SET fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,
    body = excluded.body, created_at = now()
"""

# Every new key takes a few old ones with it, so that the table needs no sweeper.
# Materialized, because a plan that repeats the subquery would lock, and delete, beyond the limit.
_FORGET_ANSWERS = """
WITH old AS MATERIALIZED (
    SELECT organization_id, caller, key
    FROM idempotency_keys
    WHERE organization_id = %(organization_id)s AND created_at < now() - interval '24 hours'
    ORDER BY created_at, caller, key
    LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
)
DELETE FROM idempotency_keys k
USING old o
WHERE k.organization_id = o.organization_id AND k.caller = o.caller AND k.key = o.key
"""


def lock_key(conn: Connection, *, organization_id: int, caller: str, key: str) -> bool:
    """Take the key for this transaction; False when another transaction holds it."""
    row = conn.execute(_TRY_LOCK, {"name": _lock_name(organization_id, caller, key)}).fetchone()
    return row is not None and bool(row["taken"])


def await_key(conn: Connection, *, organization_id: int, caller: str, key: str) -> None:
    """Take the key for this transaction, once no other holds it."""
    conn.execute(_LOCK, {"name": _lock_name(organization_id, caller, key)})


def find_answer(conn: Connection, *, organization_id: int, caller: str, key: str) -> Row | None:
    """The answer stored under a key in the last 24 hours."""
    return conn.execute(_FIND_ANSWER, {"organization_id": organization_id, "caller": caller, "key": key}).fetchone()


def store_answer(
    conn: Connection,
    *,
    organization_id: int,
    caller: str,
    key: str,
    fingerprint: bytes,
    status: int,
    headers: str,
    body: bytes | None,
) -> None:
    """Keep an answer; `headers` is JSON text, `body` None when it holds a secret."""
    conn.execute(
        _STORE_ANSWER,
        {
            "organization_id": organization_id,
            "caller": caller,
            "key": key,
            "fingerprint": fingerprint,
            "status": status,
            "headers": headers,
            "body": body,
        },
    )


def forget_answers(conn: Connection, *, organization_id: int, most: int) -> int:
    """Delete up to `most` answers that are older than 24 hours; how many it were."""
    return conn.execute(_FORGET_ANSWERS, {"organization_id": organization_id, "most": most}).rowcount


def _lock_name(organization_id: int, caller: str, key: str) -> str:
    return f"idempotency {organization_id} {caller} {key}"
