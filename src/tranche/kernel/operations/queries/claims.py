"""Claims on ranges and the workers that hold them."""

from uuid import UUID

from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.operations.domain import Claim

_COLUMNS = "c.id, c.operation_id, c.phase, c.low, c.high, c.epoch, c.attempts"


def insert_claim(conn: Connection, *, operation_id: int, phase: str, low: int, high: int, worker_id: UUID) -> Claim:
    row = conn.execute(
        f"""
        INSERT INTO operation_claims AS c (organization_id, operation_id, phase, low, high, worker_id)
        VALUES (current_organization(), %(operation_id)s, %(phase)s, %(low)s, %(high)s, %(worker_id)s)
        RETURNING {_COLUMNS}
        """,
        {"operation_id": operation_id, "phase": phase, "low": low, "high": high, "worker_id": worker_id},
    ).fetchone()
    if row is None:
        raise LookupError("INSERT ... RETURNING returned nothing")
    return Claim(**row)


def insert_free_claim(
    conn: Connection, *, operation_id: int, phase: str, low: int, high: int, delay: float = 0.0
) -> None:
    """A claim that nobody holds, to be taken after `delay` seconds."""
    conn.execute(
        """
        INSERT INTO operation_claims (organization_id, operation_id, phase, low, high, not_before)
        VALUES (current_organization(), %(operation_id)s, %(phase)s, %(low)s, %(high)s,
            clock_timestamp() + make_interval(secs => %(delay)s))
        """,
        {"operation_id": operation_id, "phase": phase, "low": low, "high": high, "delay": delay},
    )


def lock_orphan(
    conn: Connection, *, operation_id: int, dead_after: float, in_order: bool, waits_for_leases: bool
) -> Row | None:
    """A claim that nobody alive holds and whose time has come, the lowest first; `in_order` no other than the lowest.

    With `waits_for_leases` none whose items are still leased: who seems dead may yet be at an effect.

    A zombie that still has a transaction open on its claim holds the row's lock: it is passed over
    until the server ends that session.
    """
    return conn.execute(
        f"""
        SELECT {_COLUMNS}, c.worker_id IS NOT NULL AS is_abandoned
        FROM operation_claims c
        WHERE c.organization_id = current_organization() AND c.operation_id = %(operation_id)s
          AND c.not_before <= clock_timestamp()
          AND NOT EXISTS (
            SELECT FROM workers w
            WHERE w.id = c.worker_id AND w.beat_at > now() - make_interval(secs => %(dead_after)s)
          )
          AND NOT (%(waits)s AND EXISTS (
            SELECT FROM operation_items i
            WHERE i.organization_id = c.organization_id AND i.operation_id = c.operation_id AND i.stage = c.phase
              AND i.position BETWEEN c.low AND c.high AND i.status = 'processing' AND i.lease_until > now()
          ))
          AND NOT (%(in_order)s AND EXISTS (
            SELECT FROM operation_claims b
            WHERE b.organization_id = c.organization_id AND b.operation_id = c.operation_id
              AND (b.low, b.id) < (c.low, c.id)
          ))
        ORDER BY c.low, c.id
        LIMIT 1
        FOR UPDATE OF c SKIP LOCKED
        """,
        {"operation_id": operation_id, "dead_after": dead_after, "in_order": in_order, "waits": waits_for_leases},
    ).fetchone()


def take_claim(conn: Connection, *, claim_id: int, worker_id: UUID, attempts: int) -> Claim:
    """Change hands: the epoch rises, so that the former holder cannot commit."""
    row = conn.execute(
        f"""
        UPDATE operation_claims c SET worker_id = %(worker_id)s, epoch = c.epoch + 1, attempts = %(attempts)s
        WHERE c.organization_id = current_organization() AND c.id = %(id)s
        RETURNING {_COLUMNS}
        """,
        {"id": claim_id, "worker_id": worker_id, "attempts": attempts},
    ).fetchone()
    if row is None:
        raise LookupError(f"claim {claim_id} is gone although it is locked")
    return Claim(**row)


def release_claim(conn: Connection, *, claim: Claim, attempts: int, delay: float, error: str) -> bool:
    """Give a failed claim back, to be taken again after `delay` seconds."""
    cursor = conn.execute(
        """
        UPDATE operation_claims SET worker_id = NULL, epoch = epoch + 1, attempts = %(attempts)s,
            last_error = %(error)s, not_before = clock_timestamp() + make_interval(secs => %(delay)s)
        WHERE organization_id = current_organization() AND id = %(id)s AND epoch = %(epoch)s
        """,
        {"id": claim.id, "epoch": claim.epoch, "attempts": attempts, "delay": delay, "error": error},
    )
    return cursor.rowcount == 1


def holds_claim(conn: Connection, *, claim: Claim) -> bool:
    """Lock the claim for this transaction if it is still ours."""
    row = conn.execute(
        """
        SELECT FROM operation_claims
        WHERE organization_id = current_organization() AND id = %(id)s AND epoch = %(epoch)s
        FOR UPDATE
        """,
        {"id": claim.id, "epoch": claim.epoch},
    ).fetchone()
    return row is not None


def delete_claim(conn: Connection, *, claim_id: int) -> None:
    conn.execute(
        "DELETE FROM operation_claims WHERE organization_id = current_organization() AND id = %(id)s",
        {"id": claim_id},
    )


def clear_claims(conn: Connection, *, operation_id: int) -> bool:
    """Remove the claims of an operation; False when a transaction that is still open holds one of them."""
    row = conn.execute(
        """
        WITH free AS (
            SELECT organization_id, id FROM operation_claims
            WHERE organization_id = current_organization() AND operation_id = %(operation_id)s
            ORDER BY id FOR UPDATE SKIP LOCKED
        ), gone AS (
            DELETE FROM operation_claims c USING free f
            WHERE c.organization_id = f.organization_id AND c.id = f.id
            RETURNING c.id
        )
        SELECT count(*) - (SELECT count(*) FROM gone) AS left_over FROM operation_claims
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s
        """,
        {"operation_id": operation_id},
    ).fetchone()
    return row is not None and not row["left_over"]


def has_claims(conn: Connection, *, operation_id: int) -> bool:
    row = conn.execute(
        """
        SELECT FROM operation_claims
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s LIMIT 1
        """,
        {"operation_id": operation_id},
    ).fetchone()
    return row is not None


def survey_claims(conn: Connection, *, operation_id: int, phase: str, dead_after: float) -> Row:
    """How many claims there are, and of these: `held` by living workers, `elsewhere` in another phase.

    `due_in` is in how many seconds the first one that has to wait is due; None: none has to.
    """
    row = conn.execute(
        """
        SELECT count(*) AS claims, count(w.id) AS held, count(*) FILTER (WHERE c.phase <> %(phase)s) AS elsewhere,
            extract(epoch FROM
                min(c.not_before) FILTER (WHERE c.not_before > clock_timestamp()) - clock_timestamp()
            )::float AS due_in
        FROM operation_claims c
        LEFT JOIN workers w ON w.id = c.worker_id AND w.beat_at > now() - make_interval(secs => %(dead_after)s)
        WHERE c.organization_id = current_organization() AND c.operation_id = %(operation_id)s
        """,
        {"operation_id": operation_id, "phase": phase, "dead_after": dead_after},
    ).fetchone()
    return row or {"claims": 0, "held": 0, "elsewhere": 0, "due_in": None}


def release_lost(conn: Connection, *, operation_id: int, worker_id: UUID, working_on: list[int]) -> bool:
    """Give back what this living worker holds without working on it; False when some of it is still locked."""
    row = conn.execute(
        """
        WITH lost AS (
            SELECT organization_id, id FROM operation_claims
            WHERE organization_id = current_organization() AND operation_id = %(operation_id)s
              AND worker_id = %(worker_id)s AND NOT id = ANY(%(working_on)s)
            ORDER BY id FOR UPDATE SKIP LOCKED
        ), freed AS (
            UPDATE operation_claims c SET worker_id = NULL, epoch = c.epoch + 1, last_error = 'unavailable'
            FROM lost l WHERE c.organization_id = l.organization_id AND c.id = l.id
            RETURNING c.id
        )
        SELECT count(*) - (SELECT count(*) FROM freed) AS left_over FROM operation_claims
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s
          AND worker_id = %(worker_id)s AND NOT id = ANY(%(working_on)s)
        """,
        {"operation_id": operation_id, "worker_id": worker_id, "working_on": working_on},
    ).fetchone()
    return row is not None and not row["left_over"]


def beat(conn: Connection, *, worker_id: UUID, host: str, pid: int, slots: int, version: str) -> None:
    """Say that this worker lives, by the database's clock."""
    conn.execute(
        """
        INSERT INTO workers (id, host, pid, slots, version)
        VALUES (%(id)s, %(host)s, %(pid)s, %(slots)s, %(version)s)
        ON CONFLICT (id) DO UPDATE SET beat_at = clock_timestamp()
        """,
        {"id": worker_id, "host": host, "pid": pid, "slots": slots, "version": version},
    )


def delete_worker(conn: Connection, *, worker_id: UUID) -> None:
    conn.execute("DELETE FROM workers WHERE id = %(id)s", {"id": worker_id})


def prune_workers(conn: Connection, *, older_than: float) -> None:
    """Forget workers that have been silent for long; a claim that names one counts as abandoned."""
    conn.execute(
        "DELETE FROM workers WHERE beat_at < now() - make_interval(secs => %(older_than)s)",
        {"older_than": older_than},
    )


def has_living_worker(conn: Connection, *, seconds: float) -> bool:
    """Whether any worker has said within so many seconds that it lives."""
    row = conn.execute(
        "SELECT EXISTS (SELECT FROM workers WHERE beat_at > now() - make_interval(secs => %(seconds)s)) AS lives",
        {"seconds": seconds},
    ).fetchone()
    return bool(row and row["lives"])


def count_slots(conn: Connection, *, dead_after: float) -> int:
    row = conn.execute(
        """
        SELECT coalesce(sum(slots), 0) AS slots FROM workers
        WHERE beat_at > now() - make_interval(secs => %(dead_after)s)
        """,
        {"dead_after": dead_after},
    ).fetchone()
    return int(row["slots"]) if row else 0
