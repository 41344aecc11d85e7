"""SQL of what the installation as a whole is told by; see the migration that makes the two functions."""

from tranche.kernel.db.pool import Connection, Row


def measure_now(conn: Connection) -> list[Row]:
    """Small and quick: (name, one, two, value)."""
    return conn.execute(
        "SELECT name, one, two, value FROM measure_now() ORDER BY name, one, two LIMIT 10000"
    ).fetchall()


def measure_history(conn: Connection) -> list[Row]:
    """Reads all that is kept: (name, one, two, value)."""
    return conn.execute(
        "SELECT name, one, two, value FROM measure_history() ORDER BY name, one, two LIMIT 10000"
    ).fetchall()
