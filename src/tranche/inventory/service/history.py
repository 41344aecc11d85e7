"""What was done to the stock, the newest first."""

from tranche.inventory.domain import Movement, MovementFilter, UnknownOperation
from tranche.inventory.queries import history
from tranche.kernel.db.pool import Connection


def get_movement(conn: Connection, *, movement_id: int) -> Movement:
    """Raises UnknownOperation."""
    movement = history.find_movement(conn, movement_id=movement_id)
    if movement is None:
        raise UnknownOperation.of(movement_id)
    return movement


def list_movements(conn: Connection, *, wanted: MovementFilter, limit: int, offset: int) -> tuple[list[Movement], int]:
    """One page, and how many match in all; what consumers took is in it where a lot or their kind is asked for."""
    return (
        history.list_movements(conn, wanted=wanted, limit=limit, offset=offset),
        history.count_movements(conn, wanted=wanted),
    )
