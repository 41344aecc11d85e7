"""What happened to an operation, one after another."""

from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.operations.queries import operations
from tranche.kernel.operations.service import get_operation

_MOST = 1_000


def list_events(conn: Connection, *, operation_id: int) -> list[Row]:
    """The timeline of an operation, oldest first, at most 1,000 entries.

    Raises:
        OperationNotFound
    """
    get_operation(conn, operation_id=operation_id)
    return operations.list_events(conn, operation_id=operation_id, limit=_MOST)
