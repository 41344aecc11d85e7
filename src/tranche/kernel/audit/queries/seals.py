"""SQL of the seals: what a seal's hash is, said once for those who make it and for those who check it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from tranche.kernel.audit.domain import Seal
from tranche.kernel.db.listing import Key, Listing
from tranche.kernel.db.pool import Connection, Row

_MICROSECONDS: Final = "(extract(epoch FROM {}) * 1000000)::bigint"

# Of the entries `e` of one stretch: how many they are, and the SHA-256 of each one after the other.
STRETCH: Final = f"""
    count(*) AS entries,
    coalesce(string_agg(
        sha256(convert_to(jsonb_build_array(
            e.id, {_MICROSECONDS.format("e.at")}, e.user_id, e.actor, e.action, e.subject_id, e.detail, e.request_id
        )::text, 'UTF8')),
        ''::bytea ORDER BY e.at, e.id
    ), '') AS digests
"""


def chained(*, previous: str, organization: str, number: str, until: str, stretch: str) -> str:
    """The expression of a seal's hash, from expressions of what it is made of; `stretch` is the alias of a STRETCH."""
    return (
        f"sha256(coalesce({previous}, '') || int8send({organization}) || int8send({number}) "
        f"|| int8send({_MICROSECONDS.format(until)}) || int8send({stretch}.entries) || {stretch}.digests)"
    )


SEALS: Final = Listing(
    name="audit_seals",
    select="s.organization_id, s.number, s.until, s.entries, s.hash, s.sealed_at",
    source="audit_seals s",
    counted="audit_seals s",
    where="s.organization_id = current_organization()",
    filters={},
    sorts={"number": (Key("s.number"),)},
    default_sort="-number",
)

_AT_ONCE: Final = 1_000
_HASH: Final = chained(
    previous="%(previous)s::bytea",
    organization="current_organization()",
    number="%(number)s::bigint",
    until="%(until)s::timestamptz",
    stretch="t",
)


def find_stretch(conn: Connection, *, most: int, grace: timedelta) -> Row:
    """What the next seal of the organization would hold: number, previous (a hash), since, until.

    An entry bears the time at which its transaction began, so what is older than the oldest transaction is whole: all
    of it was committed or never will be. Only a snapshot that is taken after this question sees all of that, so the
    seal is made by another statement, and under READ COMMITTED. What is younger than `grace` is left too, for sessions
    of other roles, of which we see nothing. About `most` entries are taken at once; those of one moment stay together.
    """
    (row,) = conn.execute(
        """
        WITH head AS (
            SELECT number, until, hash FROM audit_seals WHERE organization_id = current_organization()
            ORDER BY number DESC LIMIT 1
        ), safe AS (
            SELECT least(now() - %(grace)s, min(xact_start)) AS until
            FROM pg_stat_activity WHERE datname = current_database()
        ), start AS (
            SELECT coalesce((SELECT until FROM head), '-infinity') AS since
        )
        SELECT coalesce((SELECT number FROM head), 0) + 1 AS number,
            (SELECT hash FROM head) AS previous,
            nullif(start.since, '-infinity') AS since,
            least(safe.until, (
                SELECT e.at + interval '1 microsecond' FROM audit_entries e
                WHERE e.organization_id = current_organization() AND e.at >= start.since
                ORDER BY e.at, e.id LIMIT 1 OFFSET %(most)s - 1
            )) AS until
        FROM safe, start
        """,
        {"grace": grace, "most": most},
    ).fetchall()
    return row


def insert_seal(conn: Connection, stretch: Row) -> Seal | None:
    """Seal a stretch; None where nothing is in it, or another worker was faster."""
    row = conn.execute(
        f"""
        INSERT INTO audit_seals (organization_id, number, until, entries, hash)
        SELECT current_organization(), %(number)s, %(until)s, t.entries, {_HASH}
        FROM (
            SELECT {STRETCH} FROM audit_entries e
            WHERE e.organization_id = current_organization()
              AND e.at >= coalesce(%(since)s::timestamptz, '-infinity') AND e.at < %(until)s::timestamptz
        ) AS t
        WHERE t.entries > 0
        ON CONFLICT (organization_id, number) DO NOTHING
        RETURNING organization_id, number, until, entries, hash
        """.encode(),
        stretch,
    ).fetchone()
    return seal_of(row) if row else None


def find_head(conn: Connection) -> Seal | None:
    """The organization's last seal."""
    row = conn.execute(
        """
        SELECT organization_id, number, until, entries, hash FROM audit_seals
        WHERE organization_id = current_organization() ORDER BY number DESC LIMIT 1
        """
    ).fetchone()
    return seal_of(row) if row else None


def find_seals(conn: Connection, *, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Seal]:
    """The seals of these pairs of organization and number; as the owner, or of the current organization alone."""
    rows = conn.execute(
        """
        SELECT s.organization_id, s.number, s.until, s.entries, s.hash
        FROM audit_seals s
        JOIN unnest(%(organizations)s::bigint[], %(numbers)s::bigint[]) AS w (organization_id, number)
          USING (organization_id, number)
        """,
        {"organizations": [pair[0] for pair in wanted], "numbers": [pair[1] for pair in wanted]},
    ).fetchall()
    found = [seal_of(row) for row in rows]
    return {(seal.organization_id, seal.number): seal for seal in found}


def count_seals(conn: Connection, *, organization_id: int | None) -> int:
    """How many seals there are, of one organization or of all; as the owner."""
    (row,) = conn.execute(
        """
        SELECT count(*) AS n FROM audit_seals
        WHERE %(organization_id)s::bigint IS NULL OR organization_id = %(organization_id)s
        """,
        {"organization_id": organization_id},
    ).fetchall()
    return int(row["n"])


def walk_heads(conn: Connection) -> Iterator[Seal]:
    """The last seal of every organization that has one, in order; as the owner."""
    after = 0
    while rows := _next_heads(conn, after=after):
        yield from (seal_of(row) for row in rows if row["number"])
        after = rows[-1]["organization_id"]


def _next_heads(conn: Connection, *, after: int) -> list[Row]:
    return conn.execute(
        """
        SELECT o.id AS organization_id, s.number, s.until, s.entries, s.hash
        FROM organizations o
        LEFT JOIN LATERAL (
            SELECT * FROM audit_seals a WHERE a.organization_id = o.id ORDER BY a.number DESC LIMIT 1
        ) AS s ON true
        WHERE o.id > %(after)s ORDER BY o.id LIMIT %(limit)s
        """,
        {"after": after, "limit": _AT_ONCE},
    ).fetchall()


def seal_of(row: Row) -> Seal:
    """The seal that a row is."""
    return Seal(
        organization_id=row["organization_id"],
        number=row["number"],
        until=row["until"],
        entries=row["entries"],
        hash=bytes(row["hash"]),
    )
