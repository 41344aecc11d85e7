"""Where data sets are read from."""

import msgspec

from tranche.billing_stops.domain import Source, SourceKind, SourceSettings
from tranche.kernel.db.pool import Connection, Row

_COLUMNS = "data_set, kind, settings::text AS settings, sealed, published_id, updated_at"
_OWN = "organization_id = current_organization() AND data_set = %(data_set)s"


def find_source(conn: Connection, *, data_set: str) -> Source | None:
    row = conn.execute(f"SELECT {_COLUMNS} FROM snapshot_sources WHERE {_OWN}", {"data_set": data_set}).fetchone()
    return _source(row) if row else None


def list_sealed(conn: Connection) -> list[Row]:
    """The sealed credentials of all organizations; as the owner."""
    return conn.execute("""
        SELECT organization_id, data_set, sealed FROM snapshot_sources
        WHERE sealed IS NOT NULL ORDER BY organization_id, data_set LIMIT 100000
    """).fetchall()


def put_source(
    conn: Connection, *, data_set: str, kind: SourceKind, settings: SourceSettings, sealed: bytes | None
) -> Source:
    """Set the source up or replace how it is reached; what is published stays."""
    row = conn.execute(
        f"""
        INSERT INTO snapshot_sources (organization_id, data_set, kind, settings, sealed)
        VALUES (current_organization(), %(data_set)s, %(kind)s, %(settings)s::jsonb, %(sealed)s)
        ON CONFLICT (organization_id, data_set) DO UPDATE
        SET kind = excluded.kind, settings = excluded.settings, sealed = excluded.sealed, updated_at = now()
        RETURNING {_COLUMNS}
        """,
        {
            "data_set": data_set,
            "kind": kind.value,
            "settings": msgspec.json.encode(settings).decode(),
            "sealed": sealed,
        },
    ).fetchone()
    if row is None:
        raise LookupError("INSERT ... RETURNING returned nothing")
    return _source(row)


def mark_old(conn: Connection, *, data_set: str) -> bool:
    """Remember that the age of the published data was told; False when it had been."""
    return bool(
        conn.execute(
            f"UPDATE snapshot_sources SET age_alerted_at = now() WHERE {_OWN} AND age_alerted_at IS NULL",
            {"data_set": data_set},
        ).rowcount
    )


def _source(row: Row) -> Source:
    return Source(
        data_set=row["data_set"],
        kind=SourceKind(row["kind"]),
        settings=msgspec.json.decode(row["settings"], type=SourceSettings),
        sealed=None if row["sealed"] is None else bytes(row["sealed"]),
        published_id=row["published_id"],
        updated_at=row["updated_at"],
    )
