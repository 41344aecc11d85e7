"""What of the stock expires soon, or has expired."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tranche.inventory.queries import stock
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """What one branch has of a lot with an end; `days_left` is 0 on the last day and below 0 afterwards."""

    lot_id: int
    number: str
    name: str | None
    item_id: int
    item_name: str
    item_code: str | None
    branch_id: int
    branch_name: str
    quantity: Decimal
    expires_at: datetime
    expires_on: date
    days_left: int
    is_active: bool
    hold_reason: str | None


@dataclass(frozen=True, slots=True)
class ExpiryCount:
    """How many lots and branches in all, and how many of them have expired."""

    total: int
    expired: int


def list_expiring(
    conn: Connection, ctx: Context, *, days: int, limit: int, offset: int
) -> tuple[list[Expiring], ExpiryCount]:
    """One page of what is in stock with at most `days` left, in the caller's branch or, without one, in all."""
    rows = stock.list_expiring(conn, days=days, branch_id=ctx.branch_id, limit=limit, offset=offset)
    return [Expiring(**row) for row in rows], count_expiring(conn, ctx, days=days)


def count_expiring(conn: Connection, ctx: Context, *, days: int) -> ExpiryCount:
    """How many of them there are."""
    return ExpiryCount(**stock.count_expiring(conn, days=days, branch_id=ctx.branch_id))
