"""SQL of organizations and their branches."""

from tranche.kernel.db.pool import Connection
from tranche.kernel.identity.domain import Branch, Organization

_ORGANIZATION = "id, name, zone, currency, language, created_at"
_BRANCH = "id, name, is_default, created_at"
_BOOTSTRAP_LOCK = 5_001


def lock_bootstrap(conn: Connection) -> None:
    """One bootstrap at a time, so that two cannot both find an empty house."""
    conn.execute("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": _BOOTSTRAP_LOCK})


def count_organizations(conn: Connection) -> int:
    """Over all tenants."""
    (row,) = conn.execute("SELECT count_organizations() AS n").fetchall()
    return int(row["n"])


def first_organization_id(conn: Connection) -> int | None:
    """Over all tenants: the oldest."""
    row = conn.execute("SELECT organization_id AS id FROM list_organization_ids(0, 1)").fetchone()
    return int(row["id"]) if row else None


def next_organization_id(conn: Connection) -> int:
    """Taken beforehand, because the tenant wall lets a row in only when the tenant is already set to it."""
    (row,) = conn.execute("SELECT nextval(pg_get_serial_sequence('organizations', 'id')) AS id").fetchall()
    return int(row["id"])


def insert_organization(
    conn: Connection, *, organization_id: int, name: str, zone: str, currency: str, language: str
) -> Organization:
    (row,) = conn.execute(
        f"""
        INSERT INTO organizations (id, name, zone, currency, language)
        VALUES (%(id)s, %(name)s, %(zone)s, %(currency)s, %(language)s)
        RETURNING {_ORGANIZATION}
        """,
        {"id": organization_id, "name": name, "zone": zone, "currency": currency, "language": language},
    ).fetchall()
    return Organization(**row)


def get_organization(conn: Connection) -> Organization:
    (row,) = conn.execute(f"SELECT {_ORGANIZATION} FROM organizations WHERE id = current_organization()").fetchall()
    return Organization(**row)


def lock_organization(conn: Connection) -> Organization:
    (row,) = conn.execute(
        f"SELECT {_ORGANIZATION} FROM organizations WHERE id = current_organization() FOR NO KEY UPDATE"
    ).fetchall()
    return Organization(**row)


def update_organization(conn: Connection, *, name: str, zone: str, currency: str, language: str) -> Organization:
    (row,) = conn.execute(
        f"""
        UPDATE organizations
        SET name = %(name)s, zone = %(zone)s, currency = %(currency)s, language = %(language)s
        WHERE id = current_organization()
        RETURNING {_ORGANIZATION}
        """,
        {"name": name, "zone": zone, "currency": currency, "language": language},
    ).fetchall()
    return Organization(**row)


def is_zone_known(conn: Connection, *, zone: str) -> bool:
    """Whether PostgreSQL knows the zone too: views compute local times with it."""
    (row,) = conn.execute(
        "SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = %(zone)s) AS known", {"zone": zone}
    ).fetchall()
    return bool(row["known"])


def insert_branch(conn: Connection, *, name: str, is_default: bool) -> Branch | None:
    """None when another branch has this name."""
    row = conn.execute(
        f"""
        INSERT INTO branches (organization_id, name, is_default)
        VALUES (current_organization(), %(name)s, %(is_default)s)
        ON CONFLICT (organization_id, name) DO NOTHING
        RETURNING {_BRANCH}
        """,
        {"name": name, "is_default": is_default},
    ).fetchone()
    return Branch(**row) if row else None


def find_branch(conn: Connection, *, branch_id: int) -> Branch | None:
    row = conn.execute(
        f"SELECT {_BRANCH} FROM branches WHERE organization_id = current_organization() AND id = %(branch_id)s",
        {"branch_id": branch_id},
    ).fetchone()
    return Branch(**row) if row else None


def list_branches(conn: Connection, *, limit: int, offset: int) -> list[Branch]:
    rows = conn.execute(
        f"""
        SELECT {_BRANCH} FROM branches
        WHERE organization_id = current_organization()
        ORDER BY id
        LIMIT %(limit)s OFFSET %(offset)s
        """,
        {"limit": limit, "offset": offset},
    ).fetchall()
    return [Branch(**row) for row in rows]


def count_branches(conn: Connection) -> int:
    (row,) = conn.execute(
        "SELECT count(*) AS n FROM branches WHERE organization_id = current_organization()"
    ).fetchall()
    return int(row["n"])
