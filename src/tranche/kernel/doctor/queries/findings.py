"""The way to ask one check."""

import psycopg
from psycopg import sql

from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.errors import Unavailable


class CheckFailed(Unavailable):
    """A check could not be asked."""

    code = "check_failed"


def list_findings(conn: Connection, *, statement: str, limit: int) -> list[Row]:
    """The rows of a check (organization_id, detail), in a stable order. The statement is ours, never a caller's.

    Raises:
        CheckFailed: the database did not answer it; the transaction is as before.
    """
    try:
        with conn.transaction():
            return conn.execute(
                sql.SQL(
                    "SELECT organization_id, detail FROM ({}) AS found ORDER BY organization_id, detail LIMIT {}"
                ).format(
                    sql.SQL(statement.strip()),
                    sql.Literal(limit),
                )
            ).fetchall()
    except psycopg.Error as error:
        raise CheckFailed(f"it could not be asked: {str(error).strip().splitlines()[0]}") from error
